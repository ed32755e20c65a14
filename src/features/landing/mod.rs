//! The front page: two doors, and a knocker on each.

#[cfg(feature = "ssr")]
mod feature;
mod island;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub use feature::FEATURE;
