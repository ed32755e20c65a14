//! OpenAPI documents: the parts that handlers describe themselves with, and what a mount adds to all of them.
//!
//! A handler describes its own parameters, bodies, responses, and what it refuses ([`refusals`]). What the mount may
//! answer before the handler runs is added once, for every handler ([`MountDocs`]).

mod deprecation;
mod description;
pub mod examples;
mod headers;
mod mount;
mod params;
mod portable;
mod problems;
pub mod refusals;
pub mod texts;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    deprecation::{Deprecation, day},
    description::Description,
    mount::MountDocs,
    params::{IdempotencyKey, IfMatch, IfNoneMatch},
};

/// A token in plain text, in a body. It has no `Debug`, because it is a secret.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
pub struct TokenText(pub String);
