//! The account, as the rest of the app and the API see it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::account)))]
pub struct Account {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The email address, in lower case, with its domain in ASCII (RFC 5891).
    pub email: String,
    /// Whether the owner confirmed the email address, by a link that was sent to it.
    pub email_confirmed: bool,
    /// The owner's name.
    pub name: String,
    /// When the account was created.
    pub created_at: Timestamp,
}
