//! The `browser_sessions` table. It alone decides who is signed in; session records only point to it.

use time::Duration;
use uuid::Uuid;

use crate::{
    auth::browser_session::{BrowserSession, BrowserSessionWithOwner},
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// How far the clocks of two instances may be apart.
const CLOCKS_DIFFER_BY: Duration = Duration::minutes(1);

/// Stores a signed-in browser, unless the account is disabled or no longer has `stamp` (S59). PostgreSQL locks the
/// account's row first, as a password change does.
pub(crate) async fn insert(
    db: &Db,
    account: Uuid,
    stamp: Vec<u8>,
    sign_in: BrowserSession,
) -> sqlx::Result<Option<BrowserSession>> {
    const SQLITE: &str = "INSERT INTO browser_sessions
            (id, account_id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at,
             reauthenticated_at)
         SELECT $1, accounts.id, $3, $4, $5, $6, $7, $8, $9, $6 FROM accounts
         WHERE accounts.id = $2 AND auth_stamp = $10 AND disabled_at IS NULL
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, bound_at";
    const POSTGRES: &str = "WITH owner AS
            (SELECT id FROM accounts WHERE id = $2 AND auth_stamp = $10 AND disabled_at IS NULL FOR SHARE)
         INSERT INTO browser_sessions
            (id, account_id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at,
             reauthenticated_at)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, $6 FROM owner
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, bound_at";
    execute!(
        db,
        optional,
        db.dialect(SQLITE, POSTGRES),
        sign_in.id,
        account,
        sign_in.user_agent,
        sign_in.address,
        sign_in.remembered,
        sign_in.created_at,
        sign_in.last_seen_at,
        sign_in.expires_at,
        sign_in.ends_at,
        stamp,
    )
}

/// When the password was last given in this browser; `None` if it is no longer signed in or the account has another
/// stamp. The column starts as `created_at`, since signing in takes the password.
pub(crate) async fn proven_at(db: &Db, id: Uuid, stamp: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<Timestamp>> {
    let found: Option<(Timestamp,)> = fetch!(
        db,
        optional,
        "SELECT reauthenticated_at FROM browser_sessions JOIN accounts ON accounts.id = account_id
         WHERE browser_sessions.id = $1 AND expires_at > $2 AND auth_stamp = $3 AND disabled_at IS NULL",
        id,
        now,
        stamp,
    )?;
    Ok(found.map(|(reauthenticated_at,)| reauthenticated_at))
}

/// Only if the account still has `stamp`, which belongs to the verified password.
pub(crate) async fn verify_password(
    db: &Db,
    account: Uuid,
    stamp: Vec<u8>,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<u64> {
    const SQLITE: &str = "UPDATE browser_sessions SET reauthenticated_at = $1
         WHERE id = $2 AND account_id = $3 AND expires_at > $1
            AND EXISTS (SELECT 1 FROM accounts WHERE id = $3 AND auth_stamp = $4 AND disabled_at IS NULL)";
    const POSTGRES: &str = "WITH owner AS
            (SELECT id FROM accounts WHERE id = $3 AND auth_stamp = $4 AND disabled_at IS NULL FOR SHARE)
         UPDATE browser_sessions SET reauthenticated_at = $1 FROM owner
         WHERE browser_sessions.id = $2 AND account_id = owner.id AND expires_at > $1";
    execute!(db, affected, db.dialect(SQLITE, POSTGRES), now, id, account, stamp)
}

/// The newest `limit` signed-in browsers.
pub(crate) async fn list(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<BrowserSession>> {
    fetch!(
        db,
        all,
        "SELECT id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, bound_at
         FROM browser_sessions WHERE account_id = $1 AND expires_at > $2 ORDER BY id DESC LIMIT $3",
        account,
        now,
        limit,
    )
}

/// Signs out all browsers but the newest `kept`. Each sign-in calls this after it was stored, so of concurrent sign-ins,
/// the last call sees them all. The order is the same for every call, or else two calls could each sign out what the
/// other keeps. Browsers of the future, which a clock that was set back leaves behind, count as the oldest.
pub(crate) async fn delete_oldest(
    db: &Db,
    account: Uuid,
    kept: i64,
    now: Timestamp,
) -> sqlx::Result<Vec<BrowserSession>> {
    execute!(
        db,
        all,
        "DELETE FROM browser_sessions WHERE account_id = $1 AND expires_at > $2 AND id NOT IN (
            SELECT id FROM browser_sessions WHERE account_id = $1 AND expires_at > $2
            ORDER BY CASE WHEN created_at > $3 THEN 1 ELSE 0 END, id DESC LIMIT $4)
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, bound_at",
        account,
        now,
        now + CLOCKS_DIFFER_BY,
        kept,
    )
}

pub(crate) async fn delete(db: &Db, account: Uuid, id: Uuid) -> sqlx::Result<Option<BrowserSession>> {
    execute!(
        db,
        optional,
        "DELETE FROM browser_sessions WHERE id = $1 AND account_id = $2
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, bound_at",
        id,
        account,
    )
}

pub(crate) async fn delete_others(db: &Db, account: Uuid, kept: Uuid) -> sqlx::Result<Vec<BrowserSession>> {
    execute!(
        db,
        all,
        "DELETE FROM browser_sessions WHERE account_id = $1 AND id <> $2
         RETURNING id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, bound_at",
        account,
        kept,
    )
}

/// The newest `batch` signed-in browsers with ids before `before`.
pub(crate) async fn list_all(
    db: &Db,
    account: Option<Uuid>,
    now: Timestamp,
    before: Uuid,
    batch: i64,
) -> sqlx::Result<Vec<BrowserSessionWithOwner>> {
    fetch!(
        db,
        all,
        "SELECT browser_sessions.id, account_id, email, user_agent, address, remembered,
                browser_sessions.created_at, last_seen_at, expires_at, ends_at, bound_at
         FROM browser_sessions JOIN accounts ON accounts.id = account_id
         WHERE expires_at > $1 AND account_id = COALESCE($2, account_id) AND browser_sessions.id < $3
         ORDER BY browser_sessions.id DESC LIMIT $4",
        now,
        account,
        before,
        batch,
    )
}

/// Returns the account and the browser's `User-Agent`.
pub(crate) async fn delete_any(db: &Db, id: Uuid) -> sqlx::Result<Option<(Uuid, String)>> {
    execute!(db, optional, "DELETE FROM browser_sessions WHERE id = $1 RETURNING account_id, user_agent", id)
}

pub(crate) async fn delete_before(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<Vec<(Uuid, Uuid, String)>> {
    execute!(
        db,
        all,
        "DELETE FROM browser_sessions WHERE id IN
            (SELECT id FROM browser_sessions WHERE created_at <= $1 ORDER BY id LIMIT $2)
         RETURNING id, account_id, user_agent",
        now,
        batch,
    )
}

pub(crate) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM browser_sessions WHERE id IN
            (SELECT id FROM browser_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
