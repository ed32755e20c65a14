//! The front page: the two doors, and a button on each that tries it.

#[cfg(feature = "ssr")]
mod feature;
mod island;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub use feature::FEATURE;
