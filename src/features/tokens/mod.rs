//! Personal access tokens: named, scoped, expiring, hashed at rest, shown once.

pub mod admin;
pub mod api;
mod emails;
pub mod page;
mod revocation;
pub mod service;
mod view;
