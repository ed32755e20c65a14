//! A forgotten password: a link to the address of the account, and a new password by that link.

pub mod page;
mod service;
mod view;
