//! The `email_codes` table.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// A code that was sent, or for nobody.
pub(super) struct New {
    /// By what it is found.
    pub(super) hash: Vec<u8>,
    pub(super) code: Vec<u8>,
    /// The account and its stamp.
    pub(super) account: Option<(Uuid, Vec<u8>)>,
    pub(super) email: String,
    pub(super) door: &'static str,
    pub(super) wants: String,
    pub(super) expires_at: Timestamp,
}

/// Stores a code, in place of another that is bound to the same.
pub(super) async fn insert(db: &Db, new: New) -> sqlx::Result<u64> {
    let (account, stamp) = new.account.map_or((None, None), |(account, stamp)| (Some(account), Some(stamp)));
    execute!(
        db,
        affected,
        "INSERT INTO email_codes (hash, code, account_id, auth_stamp, email, door, wants, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (hash) DO UPDATE SET code = excluded.code, account_id = excluded.account_id,
            auth_stamp = excluded.auth_stamp, email = excluded.email, door = excluded.door, wants = excluded.wants,
            tries = 0, expires_at = excluded.expires_at",
        new.hash,
        new.code,
        account,
        stamp,
        new.email,
        new.door,
        new.wants,
        new.expires_at,
    )
}

/// Whether a code waits to be entered.
pub(super) async fn is_waiting(
    db: &Db,
    hash: Vec<u8>,
    door: &'static str,
    tries: i64,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let found: Option<(i64,)> = fetch!(
        db,
        optional,
        "SELECT tries FROM email_codes WHERE hash = $1 AND door = $2 AND tries < $3 AND expires_at > $4",
        hash,
        door,
        tries,
        now,
    )?;
    Ok(found.is_some())
}

/// Counts a try before it is checked: of many at once, only so many are checked. Returns how many there were.
pub(super) async fn count_try(
    db: &Db,
    hash: Vec<u8>,
    door: &'static str,
    tries: i64,
    now: Timestamp,
) -> sqlx::Result<Option<(i64,)>> {
    execute!(
        db,
        optional,
        "UPDATE email_codes SET tries = tries + 1
         WHERE hash = $1 AND door = $2 AND tries < $3 AND expires_at > $4 RETURNING tries",
        hash,
        door,
        tries,
        now,
    )
}

pub(super) async fn give_back(db: &Db, hash: Vec<u8>) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE email_codes SET tries = tries - 1 WHERE hash = $1 AND tries > 0", hash)
}

/// A code that was used.
#[derive(sqlx::FromRow)]
pub(super) struct Used {
    pub(super) account_id: Uuid,
    pub(super) auth_stamp: Vec<u8>,
    pub(super) wants: String,
}

/// Deletes the code if it is the right one: of many concurrent calls, one gets it. Only if the account still has the
/// stamp and the address with which it was sent, and is not disabled.
pub(super) async fn take(
    db: &Db,
    hash: Vec<u8>,
    code: Vec<u8>,
    door: &'static str,
    now: Timestamp,
) -> sqlx::Result<Option<Used>> {
    execute!(
        db,
        optional,
        "DELETE FROM email_codes WHERE hash = $1 AND code = $2 AND door = $3 AND expires_at > $4 AND EXISTS (
            SELECT 1 FROM accounts WHERE accounts.id = email_codes.account_id
                AND accounts.auth_stamp = email_codes.auth_stamp AND accounts.email = email_codes.email
                AND accounts.disabled_at IS NULL)
         RETURNING account_id, auth_stamp, wants",
        hash,
        code,
        door,
        now,
    )
}

pub(super) async fn delete_all_of(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM email_codes WHERE account_id = $1", account)
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM email_codes WHERE hash IN
            (SELECT hash FROM email_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
