//! The activity of an account: what happened, when, with which credential and from where.
//!
//! Events are added and deleted when they are old, never changed. Each is also logged, in one structured form (S41).
//! Neither contains secrets. A failed sign-in with an unknown address is only logged, since there is no account to show
//! it to.
//!
//! Signing in with `POST /api/v1/login` is recorded as creating a token with a password.

mod fold;
mod model;
pub mod service;
mod store;

pub use self::{
    fold::{Page, Row},
    model::{ActorCredential, Event, Kind, RECORDED},
    service::Actor,
};
