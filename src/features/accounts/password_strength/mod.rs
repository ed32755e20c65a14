//! The strength meter under the field of a new password.

pub mod island;

#[cfg(feature = "ssr")]
mod page;

pub use island::Strength;
