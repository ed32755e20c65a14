//! The accounts of the drill, by their ids.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// How many there are from the id `first` on.
pub(super) async fn count(db: &Db, first: Uuid) -> sqlx::Result<i64> {
    let (count,): (i64,) = fetch!(db, one, "SELECT count(*) FROM accounts WHERE id >= $1", first)?;
    Ok(count)
}

/// Deletes those from the id `first` on that were made before `until`.
pub(super) async fn delete_before(db: &Db, first: Uuid, until: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM accounts WHERE id IN (SELECT id FROM accounts WHERE id >= $1 AND created_at < $2 LIMIT $3)",
        first,
        until,
        batch,
    )
}
