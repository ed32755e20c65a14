//! The security page: the second factors of an account, and the browsers in which it does not ask for one.

pub(crate) mod api;
pub(crate) mod export;
pub(crate) mod page;
pub(crate) mod service;
mod view;

pub(crate) use view::SecurityPage;

/// Its path. The pages of second factors are below it.
pub(crate) const PATH: &str = "/account/security";
