//! The sample resource, whole: replace it with your own.
//!
//! `make resource NAME=invoices` copies it under another name; `docs/add-a-resource.md` says how to go on.

mod island;
mod model;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
mod examples;
#[cfg(feature = "ssr")]
mod export;
#[cfg(feature = "ssr")]
mod feature;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod scopes;
#[cfg(feature = "ssr")]
mod search;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod view;

pub use self::{
    island::{CreateNote, ListNotes, SaveNote},
    model::{Draft, Note, NotesPage},
};
#[cfg(feature = "ssr")]
pub use feature::FEATURE;
