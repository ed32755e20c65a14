//! Signed-in browsers: a row each, listed to their owner, revocable.

pub mod page;
pub mod service;
mod view;

pub use view::BrowserSessionList;
