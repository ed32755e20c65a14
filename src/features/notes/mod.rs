//! Notes: pages, islands and a JSON API. `docs/add-a-resource.md` says how to make another resource from this folder.
//!
//! | file | what it holds |
//! |---|---|
//! | `feature.rs`, `scopes.rs` | what the app has to know of the feature: links, pages, scopes |
//! | `model.rs` | the types that the server, the browser and API clients share |
//! | `service.rs`, `search.rs` | the rules: limits, validation, paging, conflicts, search |
//! | `store.rs` | the SQL |
//! | `api.rs` | the JSON handlers and their OpenAPI descriptions |
//! | `page.rs`, `view.rs` | the page handlers, and the HTML they answer with |
//! | `island/` | the parts of the pages that run in the browser |
//! | `server_fns.rs` | the server functions that the islands call |
//! | `export.rs`, `examples.rs` | its part of the data export, and its examples in the OpenAPI document |
//!
//! (S54) in a comment is a row of `docs/security.md`, (T1) one of `docs/lessons.md`.

mod island;
mod model;
mod server_fns;

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
    model::{Draft, Note, NoteSummariesPage, NoteSummary, NotesPage},
    server_fns::{CreateNote, ListNotes, SaveNote},
};
#[cfg(feature = "ssr")]
pub use feature::FEATURE;
