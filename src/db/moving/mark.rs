//! What a database says of a move that it is the source or the target of, in `server_info`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{db::Db, timestamp::Timestamp};

/// The key in a source.
pub(super) const TO: &str = "moved_to";
/// The key in a target, until the move is complete.
pub(super) const FROM: &str = "moved_from";
/// The keys in a target of the tables that are complete begin so.
pub(super) const DONE: &str = "moved_table_";
/// All of them begin so. They are not moved.
pub(super) const PREFIX: &str = "moved_";

/// The condition of `server_info` that leaves them out.
pub(super) fn not_of_a_move() -> String {
    format!("WHERE key NOT LIKE '{PREFIX}%'")
}

/// A move.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// Its ID, the same in both databases.
    pub id: Uuid,
    /// The other database, without its password.
    pub other: String,
    /// When it began.
    pub at: Timestamp,
    /// Whether everything was moved.
    pub complete: bool,
    /// Its entry in the operator log.
    pub entry: Option<Uuid>,
}

/// Why nothing but a move may work on `db`, in one line: it was moved, or is the target of a move that is not complete.
///
/// # Errors
/// If the database fails.
pub async fn refusal(db: &Db) -> sqlx::Result<Option<String>> {
    let found: Option<(String, String)> = crate::db::fetch!(
        db,
        optional,
        "SELECT key, value FROM server_info WHERE key IN ($1, $2) ORDER BY key DESC LIMIT 1",
        TO,
        FROM
    )?;
    let Some((key, value)) = found else { return Ok(None) };
    let mark: Mark = serde_json::from_str(&value).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Some(mark.refusal(&key)))
}

impl Mark {
    /// Why nothing but a move may work on the database that has it under `key`.
    pub(super) fn refusal(&self, key: &str) -> String {
        let Self { other, at, complete, .. } = self;
        match (key, complete) {
            (TO, true) => format!(
                "this database was moved to {other} at {at}. Set DATABASE_URL to that one. To use this one, \
                 without what was written there since, run `vestibule move --undo`"
            ),
            (TO, false) => format!(
                "this database is being moved to {other} since {at}. If the move was interrupted, run it again, \
                 or give it up by `vestibule move --undo`"
            ),
            _ => format!(
                "this database is the target of a move from {other} that began at {at} and is not complete. Run that \
                 move again"
            ),
        }
    }
}
