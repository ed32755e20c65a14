//! The front page: two doors, and a knocker on each.

mod island;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod view;
