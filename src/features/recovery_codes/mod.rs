//! Recovery codes: ten codes to print or save, of which each signs in once in place of another second factor.

mod api;
mod code;
mod emails;
mod feature;
mod page;
mod service;
mod store;
mod view;

pub use feature::FEATURE;

/// Where they are shown once, and made.
const PATH: &str = "/account/security/recovery-codes";
/// The kind of [`crate::http::forms::ShownOnce`] that holds new codes, each in a line.
const KIND: &str = "recovery-codes";
