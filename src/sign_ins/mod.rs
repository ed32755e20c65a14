//! Signed-in browsers: a row each, listed to their owner, revocable.

mod browser;
mod model;
pub mod page;
pub mod service;
mod store;
mod view;

pub use self::{browser::in_words, model::SignIn, view::SignInList};
