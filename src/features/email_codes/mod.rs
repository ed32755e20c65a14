//! Codes by mail: a way to sign in without a password, and a step after the password where the settings ask for it.
//!
//! A code works once, for ten minutes, for five tries, and only with the handle of the browser or client that asked for
//! it (S77). The answer to whoever asks is the same whether or not there is an account (S25).

mod api;
mod code;
mod emails;
mod feature;
mod page;
mod service;
mod store;
mod takeover;
mod view;

pub use feature::FEATURE;
pub use service::delete_expired;

/// Where somebody asks for a code.
const ASK: &str = "/email-codes/sign-in";
/// Where they enter it.
const ENTER: &str = "/email-codes/enter";
