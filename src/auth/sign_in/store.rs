//! The `pending_sign_ins` table.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// The statement that finds which of `conditions` hold for an account.
pub(super) fn enrolled_sql(conditions: impl Iterator<Item = &'static str>) -> String {
    let of_one = |(place, condition)| {
        format!("SELECT CAST({place} AS BIGINT) FROM accounts WHERE accounts.id = $1 AND ({condition})")
    };
    conditions.enumerate().map(of_one).collect::<Vec<_>>().join(" UNION ALL ")
}

/// The places of the conditions in `sql`, a statement of [`enrolled_sql`], that hold for `account`.
pub(super) async fn enrolled(db: &Db, sql: &str, account: Uuid) -> sqlx::Result<Vec<usize>> {
    if sql.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<(i64,)> = fetch!(db, all, sql, account)?;
    let mut places: Vec<_> = places.into_iter().filter_map(|(place,)| place.try_into().ok()).collect();
    places.sort_unstable();
    Ok(places)
}

/// A sign-in that waits for a second factor.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) account_id: Uuid,
    pub(super) email: String,
    pub(super) auth_stamp: Vec<u8>,
    pub(super) proved: String,
    pub(super) wants: String,
}

pub(super) struct New {
    pub(super) hash: Vec<u8>,
    pub(super) account: Uuid,
    pub(super) auth_stamp: Vec<u8>,
    pub(super) proved: &'static str,
    pub(super) door: &'static str,
    pub(super) wants: String,
    pub(super) expires_at: Timestamp,
}

/// Stores a pending sign-in, if the account still has the stamp and is not disabled.
pub(super) async fn insert(db: &Db, new: New) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO pending_sign_ins (hash, account_id, auth_stamp, proved, door, wants, expires_at)
         SELECT $1, id, $3, $4, $5, $6, $7 FROM accounts WHERE id = $2 AND auth_stamp = $3 AND disabled_at IS NULL",
        new.hash,
        new.account,
        new.auth_stamp,
        new.proved,
        new.door,
        new.wants,
        new.expires_at,
    )
}

/// Keeps the newest `kept` pending sign-ins of `account`: each costs its maker the password, so the others are old.
pub(super) async fn delete_oldest(db: &Db, account: Uuid, kept: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM pending_sign_ins WHERE account_id = $1 AND hash NOT IN
            (SELECT hash FROM pending_sign_ins WHERE account_id = $1 ORDER BY expires_at DESC, hash LIMIT $2)",
        account,
        kept,
    )
}

pub(super) async fn find(
    db: &Db,
    hash: Vec<u8>,
    door: &'static str,
    tries: i64,
    now: Timestamp,
) -> sqlx::Result<Option<Row>> {
    fetch!(
        db,
        optional,
        "SELECT account_id, email, pending_sign_ins.auth_stamp, proved, wants
         FROM pending_sign_ins JOIN accounts ON accounts.id = account_id
            AND accounts.auth_stamp = pending_sign_ins.auth_stamp AND accounts.disabled_at IS NULL
         WHERE hash = $1 AND door = $2 AND tries < $3 AND expires_at > $4",
        hash,
        door,
        tries,
        now,
    )
}

/// Counts an answer before it is checked: of many at once, only so many are checked. Returns how many there were.
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
        "UPDATE pending_sign_ins SET tries = tries + 1
         WHERE hash = $1 AND door = $2 AND tries < $3 AND expires_at > $4
         RETURNING tries",
        hash,
        door,
        tries,
        now,
    )
}

pub(super) async fn give_back(db: &Db, hash: Vec<u8>) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE pending_sign_ins SET tries = tries - 1 WHERE hash = $1 AND tries > 0", hash)
}

/// Deletes it: of two concurrent calls, one returns 1. Only if the account still has the stamp and is not disabled.
pub(super) async fn consume(db: &Db, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM pending_sign_ins WHERE hash = $1 AND expires_at > $2 AND EXISTS (
            SELECT 1 FROM accounts WHERE accounts.id = pending_sign_ins.account_id
                AND accounts.auth_stamp = pending_sign_ins.auth_stamp AND accounts.disabled_at IS NULL)",
        hash,
        now,
    )
}

pub(super) async fn delete_all_of(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM pending_sign_ins WHERE account_id = $1", account)
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM pending_sign_ins WHERE hash IN
            (SELECT hash FROM pending_sign_ins WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
