//! Signed-in browsers: a row each, listed to their owner, revocable.

mod model;
pub mod page;
pub mod service;
mod store;
mod view;

pub use self::{
    model::{Owned, SignIn},
    view::SignInList,
};
