//! The table `dpop_proofs`.

use crate::{
    db::{Db, execute},
    timestamp::Timestamp,
};

/// Stores that a proof was used, and returns whether it is the first time. Of many at once on any number of instances,
/// one is the first.
///
/// In SQLite, the row need not outlive a loss of power: by the time the machine is back, hardly any proof is accepted
/// that was used before.
pub(super) async fn first_use(db: &Db, identity: Vec<u8>, expires_at: Timestamp) -> sqlx::Result<bool> {
    const USE: &str = "INSERT INTO dpop_proofs (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
    let direct = db.direct.as_ref().and_then(|direct| direct.affected(USE, &[&identity, &expires_at]));
    if let Some(rows) = direct {
        return Ok(rows > 0);
    }
    execute!(db, affected, USE, identity, expires_at).map(|rows| rows > 0)
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
