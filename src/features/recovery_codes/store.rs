//! The `recovery_codes` table. It holds the codes that were not used yet.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// Whether the row of `accounts` has a code left.
pub(super) const HAS_SOME: &str = "EXISTS (SELECT 1 FROM recovery_codes WHERE recovery_codes.account_id = accounts.id)";

/// Adds a code to the set that was made at `now`.
pub(super) async fn insert(db: &Db, account: Uuid, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO recovery_codes (account_id, hash, created_at) VALUES ($1, $2, $3)",
        account,
        hash,
        now,
    )
}

/// Deletes the code: of many concurrent calls, one returns 1.
pub(super) async fn take(db: &Db, account: Uuid, hash: Vec<u8>) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM recovery_codes WHERE account_id = $1 AND hash = $2", account, hash)
}

/// How many there are, and when they were made.
pub(super) async fn count(db: &Db, account: Uuid) -> sqlx::Result<(i64, Option<Timestamp>)> {
    fetch!(db, one, "SELECT COUNT(*), MAX(created_at) FROM recovery_codes WHERE account_id = $1", account)
}

pub(super) async fn delete(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM recovery_codes WHERE account_id = $1", account)
}
