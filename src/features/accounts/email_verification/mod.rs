//! Whose address it is: a link to the address, and a click. For the address of a new account, and for the one an account
//! is to have instead.

pub mod page;
pub(super) mod service;
mod view;

pub(super) use view::Unconfirmed;
