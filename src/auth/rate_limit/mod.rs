//! Brute-force protection and request quotas.

pub mod account_attempts;
pub mod attempts;
mod ending;
pub mod requests;
pub mod unauthenticated;
mod window;
