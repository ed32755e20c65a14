//! The `known_devices` table.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// Whether the device `hash` was used since `since` to sign in to the account with the address `email`.
pub(crate) async fn is_known(db: &Db, hash: Vec<u8>, email: &str, since: Timestamp) -> sqlx::Result<bool> {
    let found: Option<(i32,)> = fetch!(
        db,
        optional,
        "SELECT 1 FROM known_devices JOIN accounts ON accounts.id = account_id
         WHERE hash = $1 AND accounts.email = $2 AND last_used_at > $3",
        hash,
        email,
        since,
    )?;
    Ok(found.is_some())
}

/// The hashes of the devices that were used since `since` to sign in to `account`.
pub(crate) async fn list(db: &Db, account: Uuid, since: Timestamp) -> sqlx::Result<Vec<Vec<u8>>> {
    let found: Vec<(Vec<u8>,)> =
        fetch!(db, all, "SELECT hash FROM known_devices WHERE account_id = $1 AND last_used_at > $2", account, since)?;
    Ok(found.into_iter().map(|(hash,)| hash).collect())
}

/// Remembers the device `hash` of `account`, and at most `kept` devices. If the device's id changed, `before` is its
/// old hash; other accounts that use the device keep recognizing it.
pub(crate) async fn remember(
    db: &Db,
    account: Uuid,
    hash: Vec<u8>,
    before: Option<Vec<u8>>,
    kept: i64,
) -> sqlx::Result<()> {
    if let Some(before) = before {
        let moved: sqlx::Result<u64> =
            execute!(db, affected, "UPDATE known_devices SET hash = $2 WHERE hash = $1", before.clone(), hash.clone());
        moved?;
        super::trust::follow(db, before, hash.clone()).await?;
    }
    let added: sqlx::Result<u64> = execute!(
        db,
        affected,
        "INSERT INTO known_devices (account_id, hash, last_used_at) VALUES ($1, $2, $3)
         ON CONFLICT (account_id, hash) DO UPDATE SET last_used_at = excluded.last_used_at",
        account,
        hash,
        db.now(),
    );
    added?;
    let ended: sqlx::Result<u64> = execute!(
        db,
        affected,
        "DELETE FROM known_devices WHERE account_id = $1 AND hash NOT IN
            (SELECT hash FROM known_devices WHERE account_id = $1 ORDER BY last_used_at DESC, hash LIMIT $2)",
        account,
        kept,
    );
    ended.map(drop)
}

pub(crate) async fn delete_expired(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM known_devices WHERE (account_id, hash) IN
            (SELECT account_id, hash FROM known_devices WHERE last_used_at < $1 ORDER BY last_used_at LIMIT $2)",
        before,
        batch,
    )
}
