//! Resetting a forgotten password by a link sent to the account's email address.

pub mod page;
mod service;
mod view;
