//! The `totp_secrets` table.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// Whether the row of `accounts` has an authenticator app.
pub(super) const IS_ON: &str =
    "EXISTS (SELECT 1 FROM totp_secrets WHERE totp_secrets.account_id = accounts.id AND enabled_at IS NOT NULL)";

/// The authenticator app of an account.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) secret: Vec<u8>,
    /// When the first code was entered; it counts from then on.
    pub(super) enabled_at: Option<Timestamp>,
    pub(super) last_step: i64,
}

pub(super) async fn find(db: &Db, account: Uuid) -> sqlx::Result<Option<Row>> {
    fetch!(db, optional, "SELECT secret, enabled_at, last_step FROM totp_secrets WHERE account_id = $1", account)
}

/// Stores a secret that does not count yet, in place of another such secret.
pub(super) async fn begin(db: &Db, account: Uuid, secret: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO totp_secrets (account_id, secret, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
         WHERE totp_secrets.enabled_at IS NULL",
        account,
        secret,
        now,
    )
}

/// From now on the secret counts. The code of `step` was used.
pub(super) async fn enable(db: &Db, account: Uuid, secret: Vec<u8>, step: i64, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE totp_secrets SET enabled_at = $4, last_step = $3
         WHERE account_id = $1 AND secret = $2 AND enabled_at IS NULL",
        account,
        secret,
        step,
        now,
    )
}

/// Uses the code of `step`, unless it or a later one was used: of many concurrent calls, one returns 1.
pub(super) async fn take(db: &Db, account: Uuid, secret: Vec<u8>, step: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE totp_secrets SET last_step = $3
         WHERE account_id = $1 AND secret = $2 AND last_step < $3 AND enabled_at IS NOT NULL",
        account,
        secret,
        step,
    )
}

pub(super) async fn delete(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM totp_secrets WHERE account_id = $1", account)
}
