//! What every page is made of. It knows no feature.

mod copy;
mod field;
mod filled;
mod text;

#[cfg(feature = "ssr")]
mod layout;
#[cfg(feature = "ssr")]
pub mod page;

pub use self::{
    copy::CopyButton,
    field::{Field, TextField, describedby},
    filled::Filled,
    text::{Notice, Time},
};
#[cfg(feature = "ssr")]
pub use page::Visit;
