//! Removing all second factors of an account, for people who have lost everything. An operator asks for it; it is done
//! after a waiting time, of which the owner is told by mail, and in which the owner can stop it.

pub(crate) mod page;
pub mod service;
mod store;
mod view;

pub(crate) use view::PendingReset;
