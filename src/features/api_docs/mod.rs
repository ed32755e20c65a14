//! The explorer: the description of the token door as a page, on which every call can be tried.
//!
//! It is made of the very document that `/api/v1/openapi.json` answers with. Trying is `public/api_docs.js`; a wasm island
//! for it would be part of what every page downloads.

pub mod page;
mod reference;
mod view;

pub use reference::Reference;
