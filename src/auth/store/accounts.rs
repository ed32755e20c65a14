//! The accounts table.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{Account, Stamp},
    db::{Db, execute, fetch},
    text::email_address::spellings,
    timestamp::Timestamp,
};

/// What is needed to prove a password and to begin a sign-in.
#[derive(sqlx::FromRow)]
pub(crate) struct Credentials {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    pub password_hash: String,
    pub auth_stamp: Vec<u8>,
    pub email_verified_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
}

/// Of the account with the address `email`, however that is spelt: the nearest spelling first.
pub(crate) async fn credentials(db: &Db, email: &str) -> sqlx::Result<Option<Credentials>> {
    let [typed, one, read] = spellings(email);
    fetch!(
        db,
        optional,
        "SELECT id, email, name, created_at, password_hash, auth_stamp, email_verified_at, disabled_at
         FROM accounts WHERE email IN ($1, $2, $3)
         ORDER BY CASE email WHEN $1 THEN 0 WHEN $2 THEN 1 ELSE 2 END LIMIT 1",
        &typed,
        &one,
        &read,
    )
}

pub(crate) async fn credentials_of(db: &Db, id: Uuid) -> sqlx::Result<Option<Credentials>> {
    fetch!(
        db,
        optional,
        "SELECT id, email, name, created_at, password_hash, auth_stamp, email_verified_at, disabled_at
         FROM accounts WHERE id = $1",
        id,
    )
}

/// Only while the hash is still the one that was verified: a password that was changed meanwhile stays changed.
pub(crate) async fn replace_hash(db: &Db, account: Uuid, verified: String, hash: String) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3",
        hash,
        account,
        verified,
    )
}

/// The unique index on `email` decides between two who come at once.
pub(crate) async fn insert(
    db: &Db,
    account: Account,
    password_hash: String,
    auth_stamp: Vec<u8>,
) -> sqlx::Result<Account> {
    execute!(
        db,
        affected,
        "INSERT INTO accounts (id, email, name, password_hash, auth_stamp, password_stamp, created_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
        account.id,
        account.email.clone(),
        account.name.clone(),
        password_hash,
        auth_stamp,
        account.created_at,
    )?;
    Ok(account)
}

/// A new password, and new stamps with it, if the stamp is still `instead_of`: of two who change it at once, one does.
/// From here on, what was made with the older password opens nothing.
pub(crate) async fn set_password(
    db: &Db,
    account: Uuid,
    password_hash: String,
    auth_stamp: Vec<u8>,
    instead_of: Vec<u8>,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE accounts SET password_hash = $1, auth_stamp = $2, password_stamp = $2
         WHERE id = $3 AND auth_stamp = $4 AND disabled_at IS NULL",
        password_hash,
        auth_stamp,
        account,
        instead_of,
    )
}

/// The first time counts, and only as long as `email` is the account's address.
pub(crate) async fn confirm(db: &Db, account: Uuid, email: String, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE accounts SET email_verified_at = $1 WHERE id = $2 AND email = $3 AND email_verified_at IS NULL",
        now,
        account,
        email,
    )
}

/// Another address, confirmed `now`, in place of `old`, if the stamp is still the one that the change began with.
pub(crate) async fn set_email(
    db: &Db,
    (account, stamp): (Uuid, Stamp),
    old: String,
    new: String,
    now: Timestamp,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE accounts SET email = $1, email_verified_at = $2
         WHERE id = $3 AND email = $4 AND auth_stamp = $5 AND disabled_at IS NULL",
        new,
        now,
        account,
        old,
        stamp.0,
    )
}

pub(crate) async fn set_name(db: &Db, account: Uuid, name: String) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE accounts SET name = $1 WHERE id = $2", name, account)
}

/// What belongs to the account goes with it, by the foreign keys. With `stamp`, only if that is still the account's.
pub(crate) async fn delete(db: &Db, account: Uuid, stamp: Option<Stamp>) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM accounts WHERE id = $1 AND auth_stamp = COALESCE($2, auth_stamp)",
        account,
        stamp.map(|stamp| stamp.0),
    )
}

/// An account as operators see it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct AccountDetails {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The address, in lower case, its domain in ASCII (RFC 5891).
    pub email: String,
    /// What to call them.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its address was shown to be theirs, if it was.
    pub email_verified_at: Option<Timestamp>,
    /// Since when its owner is kept out, if they are.
    pub disabled_at: Option<Timestamp>,
}

/// The first `batch` after `after`.
pub(crate) async fn list(db: &Db, after: Uuid, batch: i64) -> sqlx::Result<Vec<AccountDetails>> {
    fetch!(
        db,
        all,
        "SELECT id, email, name, created_at, email_verified_at, disabled_at FROM accounts
         WHERE id > $1 ORDER BY id LIMIT $2",
        after,
        batch,
    )
}

pub(crate) async fn find(db: &Db, id: Uuid, email: &str) -> sqlx::Result<Option<AccountDetails>> {
    let [typed, one, read] = spellings(email);
    fetch!(
        db,
        optional,
        "SELECT id, email, name, created_at, email_verified_at, disabled_at FROM accounts
         WHERE id = $1 OR email IN ($2, $3, $4)
         ORDER BY CASE email WHEN $2 THEN 0 WHEN $3 THEN 1 ELSE 2 END LIMIT 1",
        id,
        &typed,
        &one,
        &read,
    )
}

/// The new stamp ends the sessions of whoever signs in at this very moment, for good.
pub(crate) async fn disable(db: &Db, account: Uuid, auth_stamp: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE accounts SET disabled_at = $1, auth_stamp = $2 WHERE id = $3 AND disabled_at IS NULL",
        now,
        auth_stamp,
        account,
    )
}

pub(crate) async fn enable(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE accounts SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL", account)
}

/// A new stamp for up to `batch` accounts after the one with the id `after`; each its own. Gives their ids.
pub(crate) async fn renew_stamps(db: &Db, after: Uuid, batch: i64) -> sqlx::Result<Vec<(Uuid,)>> {
    const SQLITE: &str = "UPDATE accounts SET auth_stamp = randomblob(16)
         WHERE id IN (SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2) RETURNING id";
    const POSTGRES: &str = "UPDATE accounts SET auth_stamp = uuid_send(gen_random_uuid())
         WHERE id IN (SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2) RETURNING id";
    execute!(db, all, db.dialect(SQLITE, POSTGRES), after, batch)
}
