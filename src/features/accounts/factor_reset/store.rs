//! The `factor_resets` table.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// Adds a removal that is due at `due_at`. One that waits already stays as it is.
pub(super) async fn insert(db: &Db, account: Uuid, now: Timestamp, due_at: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO factor_resets (account_id, created_at, due_at) VALUES ($1, $2, $3)
         ON CONFLICT (account_id) DO NOTHING",
        account,
        now,
        due_at,
    )
}

pub(super) async fn due_at(db: &Db, account: Uuid) -> sqlx::Result<Option<Timestamp>> {
    let found: Option<(Timestamp,)> =
        fetch!(db, optional, "SELECT due_at FROM factor_resets WHERE account_id = $1", account)?;
    Ok(found.map(|(due_at,)| due_at))
}

pub(super) async fn delete(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM factor_resets WHERE account_id = $1", account)
}

/// Claims up to `batch` removals that are due, until `retry_at`: if they are not done by then, they are due again.
pub(super) async fn claim(db: &Db, now: Timestamp, retry_at: Timestamp, batch: i64) -> sqlx::Result<Vec<(Uuid,)>> {
    execute!(
        db,
        all,
        "UPDATE factor_resets SET due_at = $2 WHERE account_id IN
            (SELECT account_id FROM factor_resets WHERE due_at <= $1 ORDER BY due_at LIMIT $3) AND due_at <= $1
         RETURNING account_id",
        now,
        retry_at,
        batch,
    )
}
