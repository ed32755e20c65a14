//! Account settings: name, password, email address, data export and deletion.

pub mod api;
pub mod page;
mod service;
mod view;

pub(super) use view::{ManageSection, password_entry};
