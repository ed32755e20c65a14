//! Brute-force protection and request quotas.

pub mod account_attempts;
pub mod attempts;
pub mod by_network;
mod ending;
pub mod requests;
pub mod unauthenticated;
mod window;
