//! A passkey.

use serde::Serialize;
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A passkey as its owner sees it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Passkey {
    /// `UUIDv7`.
    pub id: Uuid,
    /// What the authenticator calls it.
    #[serde(skip)]
    pub credential_id: Vec<u8>,
    /// The name that the owner knows it by.
    pub name: String,
    /// Whether the authenticator has copied it to other devices of its owner.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last signed in with it.
    pub last_used_at: Option<Timestamp>,
}

/// A passkey, with what an answer is verified by, and its account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Stored {
    pub id: Uuid,
    pub account_id: Uuid,
    pub credential_id: Vec<u8>,
    pub public_key: Vec<u8>,
    /// As the authenticator counts, up to 32 bits.
    pub sign_count: i64,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub name: String,
}

/// What a browser answered when it was asked to make a passkey.
#[derive(Clone, Debug)]
pub(super) struct NewPasskey {
    /// The account that it was asked for.
    pub account: Uuid,
    pub credential_id: Vec<u8>,
    pub public_key: Vec<u8>,
    pub sign_count: i64,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub aaguid: Vec<u8>,
}
