//! Brute-force protection and request quotas.

pub mod account_attempts;
pub mod attempts;
pub mod requests;
pub mod unauthenticated;
