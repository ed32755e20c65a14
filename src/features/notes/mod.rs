//! The sample resource, whole: replace it with your own.
//!
//! Copy this folder, add a migration, and add one line to each of the two route tables (`server/api.rs`, `app.rs`).

mod island;
mod model;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
mod examples;
#[cfg(feature = "ssr")]
pub mod page;
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
