//! What a product is made of: a folder each, which describes itself to the list in `app.rs` and can be deleted.

pub mod accounts;
pub mod notes;

#[cfg(feature = "ssr")]
pub mod activity;
#[cfg(feature = "ssr")]
pub mod api_docs;
#[cfg(feature = "ssr")]
pub mod browser_reports;
#[cfg(feature = "ssr")]
pub mod browser_sessions;
#[cfg(feature = "ssr")]
pub mod dev;
#[cfg(feature = "ssr")]
pub mod email_codes;
#[cfg(feature = "ssr")]
pub mod events;
#[cfg(all(feature = "ssr", feature = "lab"))]
pub mod lab;
#[cfg(feature = "ssr")]
pub mod landing;
#[cfg(feature = "ssr")]
pub mod oauth;
#[cfg(feature = "ssr")]
pub mod passkeys;
#[cfg(feature = "ssr")]
pub mod recovery_codes;
#[cfg(feature = "ssr")]
pub mod tokens;
#[cfg(feature = "ssr")]
pub mod totp;
