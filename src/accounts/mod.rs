//! People who can sign in: who they are, and how they prove it.

mod model;
pub mod passwords;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod confirmation;
#[cfg(feature = "ssr")]
pub mod familiar;
#[cfg(feature = "ssr")]
pub(crate) mod letters;
#[cfg(feature = "ssr")]
pub mod links;
#[cfg(feature = "ssr")]
pub mod manage;
#[cfg(feature = "ssr")]
pub mod operators;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod proof;
#[cfg(feature = "ssr")]
pub mod recovery;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod stamp;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod tries;
#[cfg(feature = "ssr")]
pub mod unsent;
#[cfg(feature = "ssr")]
mod view;

pub use model::Account;
#[cfg(feature = "ssr")]
pub use stamp::Stamp;
