//! A token as its owner sees it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Scopes;
use crate::timestamp::Timestamp;

/// A token's metadata. The token itself is not among it: it is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::api::example)))]
pub struct Token {
    /// Names it in `DELETE tokens/{id}`.
    pub id: Uuid,
    /// Its owner's name for it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}
