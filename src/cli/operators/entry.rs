//! An entry in the operator log.

use serde::Serialize;
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// An entry in the operator log.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Entry {
    /// `UUIDv7`.
    pub id: Uuid,
    /// When the command started.
    pub at: Timestamp,
    /// The user of the operating system.
    pub operator: String,
    /// The name of the machine.
    pub host: String,
    /// The command, such as `accounts delete`.
    pub action: String,
    /// The ID of the account, the browser session or the token, if there is one.
    pub subject_id: Option<Uuid>,
    /// The name of the subject, such as the account's address.
    pub subject: String,
    /// `done` or `failed`; empty if the command is running, or was interrupted.
    pub outcome: String,
}

/// Which entries are listed: all, but for what is set here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Between {
    /// Those of this time or later.
    pub since: Option<Timestamp>,
    /// Those of an earlier time.
    pub before: Option<Timestamp>,
    /// Those that were made before the entry with this ID.
    pub before_id: Option<Uuid>,
}
