//! An account as everybody behind the doors sees it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::account)))]
pub struct Account {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The address, in lower case, its domain in ASCII (RFC 5891).
    pub email: String,
    /// Whether the address was shown to be theirs, by a link that was mailed there. Until then it is a claim.
    pub email_confirmed: bool,
    /// What to call them.
    pub name: String,
    /// When they signed up.
    pub created_at: Timestamp,
}
