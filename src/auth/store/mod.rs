//! The tables of accounts, browser sessions and tokens: the one place that knows them.

pub mod accounts;
pub mod browser_sessions;
pub mod device_grants;
pub mod grants;
pub mod token_renewal;
pub mod token_row;
pub mod tokens;
