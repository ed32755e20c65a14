//! The OpenAPI document: the words that handlers describe themselves with, and what a door adds to all of them.
//!
//! A handler says what is its own: parameters, bodies, answers, and what it refuses ([`refusals`]). What the door in
//! front of it answers is added once, for every handler ([`MountDocs`]).

pub mod examples;
mod mount;
mod params;
pub mod refusals;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    mount::MountDocs,
    params::{IdempotencyKey, IfMatch, IfNoneMatch},
};

/// A token in the clear, in a body. No `Debug`: it is a secret.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
pub struct TokenText(pub String);
