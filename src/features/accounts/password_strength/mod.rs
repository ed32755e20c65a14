//! The strength meter under the field of a new password.

pub mod island;

#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod view;

pub use island::Strength;
#[cfg(feature = "ssr")]
pub use view::NewPassword;
