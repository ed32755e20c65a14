//! Verifying email addresses by a link: the address of a new account, and the new address of an existing one.

pub mod page;
mod proof;
pub(super) mod service;
mod view;

pub(super) use view::Unconfirmed;
