//! The `sign_ins` table: the truth about who is signed in.

use uuid::Uuid;

use super::{Owned, SignIn};
use crate::{
    db::{Db, change, columns, read},
    timestamp::Timestamp,
};

columns!(SignIn { id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at });

pub(super) async fn insert(db: &Db, account: Uuid, sign_in: SignIn) -> sqlx::Result<SignIn> {
    change!(
        db,
        one,
        "INSERT INTO sign_ins
            (id, account_id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, proved_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $6)
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at",
        sign_in.id,
        account,
        sign_in.user_agent,
        sign_in.address,
        sign_in.remembered,
        sign_in.created_at,
        sign_in.last_seen_at,
        sign_in.expires_at,
        sign_in.ends_at,
    )
}

/// Whoever signs in has just proven the password, so `proved_at` begins as `created_at`.
pub(super) async fn proven_at(db: &Db, id: Uuid) -> sqlx::Result<Option<Timestamp>> {
    let found: Option<(Timestamp,)> = read!(db, optional, "SELECT proved_at FROM sign_ins WHERE id = $1", id)?;
    Ok(found.map(|(proved_at,)| proved_at))
}

pub(super) async fn prove(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "UPDATE sign_ins SET proved_at = $1 WHERE id = $2 AND account_id = $3 AND expires_at > $1",
        now,
        id,
        account,
    )
}

pub(super) async fn list(db: &Db, account: Uuid, now: Timestamp) -> sqlx::Result<Vec<SignIn>> {
    read!(
        db,
        all,
        "SELECT id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at FROM sign_ins
         WHERE account_id = $1 AND expires_at > $2 ORDER BY id DESC",
        account,
        now,
    )
}

pub(super) async fn delete(db: &Db, account: Uuid, id: Uuid) -> sqlx::Result<Option<SignIn>> {
    change!(
        db,
        optional,
        "DELETE FROM sign_ins WHERE id = $1 AND account_id = $2
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at",
        id,
        account,
    )
}

pub(super) async fn delete_others(db: &Db, account: Uuid, kept: Uuid) -> sqlx::Result<Vec<SignIn>> {
    change!(
        db,
        all,
        "DELETE FROM sign_ins WHERE account_id = $1 AND id <> $2
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at",
        account,
        kept,
    )
}

columns!(Owned {
    id,
    account_id,
    email,
    user_agent,
    address,
    remembered,
    created_at,
    last_seen_at,
    expires_at,
    ends_at
});

pub(super) async fn list_all(db: &Db, account: Option<Uuid>, now: Timestamp) -> sqlx::Result<Vec<Owned>> {
    read!(
        db,
        all,
        "SELECT sign_ins.id, account_id, email, user_agent, address, remembered, sign_ins.created_at, last_seen_at,
                expires_at, ends_at
         FROM sign_ins JOIN accounts ON accounts.id = account_id
         WHERE expires_at > $1 AND account_id = COALESCE($2, account_id) ORDER BY sign_ins.id DESC",
        now,
        account,
    )
}

/// Whose it was, and what the browser called itself.
pub(super) async fn delete_any(db: &Db, id: Uuid) -> sqlx::Result<Option<(Uuid, String)>> {
    change!(db, optional, "DELETE FROM sign_ins WHERE id = $1 RETURNING account_id, user_agent", id)
}

pub(super) async fn delete_before(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<Vec<(Uuid, Uuid, String)>> {
    change!(
        db,
        all,
        "DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE created_at <= $1 ORDER BY id LIMIT $2)
         RETURNING id, account_id, user_agent",
        now,
        batch,
    )
}

pub(super) async fn sweep(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "DELETE FROM sign_ins WHERE id IN
            (SELECT id FROM sign_ins WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
