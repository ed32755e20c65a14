//! The front page: the two doors, and a button on each that tries it.

mod feature;
pub mod page;
mod view;

pub use feature::FEATURE;
