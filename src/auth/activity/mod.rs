//! What happened to an account: who did what, when, through which credential and from where.
//!
//! Events are added and swept, never changed. Each is a line of the log as well, in one structured form (S41). Neither
//! holds a secret. What failed for an address nobody has stands in the log only, since there is nobody to show it to.
//!
//! A sign-in at the token door is the making of a token by password.

mod fold;
mod model;
pub mod service;
mod store;

pub use self::{
    fold::{Page, Row},
    model::{ActorCredential, Event, Kind},
    service::Actor,
};
