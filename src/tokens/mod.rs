//! Personal access tokens: named, scoped, expiring, hashed at rest, shown once.

mod model;
mod scope;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod format;
#[cfg(feature = "ssr")]
mod letters;
#[cfg(feature = "ssr")]
pub mod operators;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod revocation;
#[cfg(feature = "ssr")]
pub mod row;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod view;

pub use self::{
    model::{IssuedBy, Token},
    scope::{Scope, Scopes},
};
