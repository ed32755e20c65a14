//! What people do with their account: another name, password or address, a copy of everything, the end of it.

pub mod page;
mod service;
mod view;

pub(super) use view::ManageSection;
