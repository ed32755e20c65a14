//! The components that pages are made of. They know no feature. `/dev/components` shows them all.
//!
//! This is a kit: [`Menu`], [`Tabs`] with [`Panel`], and [`Pagination`] are here for your pages; ours do not need them.

mod avatar;
mod badge;
mod card;
mod copy;
mod dialog;
mod empty;
mod field;
mod field_error;
mod form_errors;
mod form_state;
mod guard;
mod menu;
mod notice;
mod pagination;
mod params;
mod reveal;
mod skeleton;
mod table;
mod tabs;
mod time;
mod toast;

#[cfg(feature = "ssr")]
mod last_used;
#[cfg(feature = "ssr")]
pub mod layout;
#[cfg(feature = "ssr")]
mod links;
#[cfg(feature = "ssr")]
pub mod shape;

pub use self::{
    avatar::Avatar,
    badge::Badge,
    card::Card,
    copy::CodeBlock,
    dialog::Confirm,
    empty::Empty,
    field::{CodeField, Field, TextField, Username, describedby, in_textarea},
    field_error::{FieldCode, FieldError},
    form_errors::{FormErrors, FormNotice, SubmitError},
    form_state::FormState,
    guard::{FOR_ACCOUNT, FORM_KEY, FormGuard, FormOrigin},
    menu::Menu,
    notice::Notice,
    pagination::Pagination,
    params::Params,
    reveal::Reveal,
    skeleton::Skeleton,
    table::Table,
    tabs::{Panel, Tabs},
    time::{Now, Time},
    toast::{Toasts, toast},
};
#[cfg(feature = "ssr")]
pub use last_used::{LastUsed, LastWay};
#[cfg(feature = "ssr")]
pub use links::{AccountLink, NavLink, SiteLinks, WayIn};
