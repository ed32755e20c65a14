//! The tables `dpop_proofs` and `server_keys`.

use crate::{
    db::{Db, execute, fetch},
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

/// The key called `name`, which all instances share. If there is none yet, it is `fresh` from now on.
pub(super) async fn key(db: &Db, name: &'static str, fresh: Vec<u8>, now: Timestamp) -> sqlx::Result<Vec<u8>> {
    execute!(
        db,
        affected,
        "INSERT INTO server_keys (name, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
        name,
        fresh,
        now,
    )?;
    let (secret,) = fetch!(db, one, "SELECT secret FROM server_keys WHERE name = $1", name)?;
    Ok(secret)
}
