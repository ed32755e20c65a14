//! The table `dpop_proofs`.

use crate::{
    db::{Db, execute},
    timestamp::Timestamp,
};

/// Stores that a proof was used, and returns whether it is the first time. Of many at once on any number of instances,
/// one is the first.
pub(super) async fn first_use(db: &Db, identity: Vec<u8>, expires_at: Timestamp) -> sqlx::Result<bool> {
    let rows = execute!(
        db,
        affected,
        "INSERT INTO dpop_proofs (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
        identity,
        expires_at,
    );
    rows.map(|rows| rows > 0)
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM dpop_proofs WHERE hash IN
            (SELECT hash FROM dpop_proofs WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
