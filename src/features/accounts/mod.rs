//! Accounts: signing up and in, passwords, email verification, password reset, and account settings.

pub mod password_strength;

#[cfg(feature = "ssr")]
pub mod admin;
#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod corrections;
#[cfg(feature = "ssr")]
pub mod email_verification;
#[cfg(feature = "ssr")]
pub(crate) mod emails;
#[cfg(feature = "ssr")]
pub mod factor_reset;
#[cfg(feature = "ssr")]
mod feature;
#[cfg(feature = "ssr")]
pub(crate) mod new_browser;
#[cfg(feature = "ssr")]
pub mod one_time_links;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod password_reset;
#[cfg(feature = "ssr")]
pub mod reauthentication;
#[cfg(feature = "ssr")]
pub(crate) mod scopes;
#[cfg(feature = "ssr")]
pub(crate) mod security;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub(crate) mod sign_in;
#[cfg(feature = "ssr")]
mod sign_in_form;
#[cfg(feature = "ssr")]
pub(crate) mod sign_up;
#[cfg(feature = "ssr")]
pub mod unsent;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub use feature::FEATURE;
