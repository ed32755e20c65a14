//! The parts of the pages that run in the browser.
//!
//! The server renders each island as forms and links that work without JavaScript. Once hydrated, they answer in place.

pub mod board;
pub mod editor;
mod fields;
mod new_note;
