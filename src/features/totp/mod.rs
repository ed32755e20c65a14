//! Authenticator apps as a second factor (TOTP, RFC 6238).

mod api;
mod code;
mod feature;
mod page;
mod qr;
mod service;
mod store;
mod view;

pub use code::newest_step;
pub use feature::FEATURE;

/// Where it is set up and removed.
const PATH: &str = "/account/security/totp";
