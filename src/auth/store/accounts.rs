//! The `accounts` table.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{Account, Stamp},
    db::{Db, execute, fetch},
    text::email_address::spellings,
    timestamp::Timestamp,
};

/// The columns needed to verify a password and to sign in.
#[derive(sqlx::FromRow)]
pub(crate) struct Credentials {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    /// `None` for an account without a password. The column has an empty text then: no password has that hash, and a
    /// server of an earlier version lets nobody in by it.
    pub password_hash: Option<String>,
    pub auth_stamp: Vec<u8>,
    pub email_verified_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
}

/// The account with the address `email` in any of its spellings; the closest spelling wins.
pub(crate) async fn credentials(db: &Db, email: &str) -> sqlx::Result<Option<Credentials>> {
    let [typed, one, read] = spellings(email);
    fetch!(
        db,
        optional,
        "SELECT id, email, name, created_at, NULLIF(password_hash, '') AS password_hash, auth_stamp, email_verified_at,
                disabled_at
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
        "SELECT id, email, name, created_at, NULLIF(password_hash, '') AS password_hash, auth_stamp, email_verified_at,
                disabled_at
         FROM accounts WHERE id = $1",
        id,
    )
}

/// Whether `account` has a password.
pub(crate) async fn has_password(db: &Db, account: Uuid) -> sqlx::Result<bool> {
    let found: Option<(Uuid,)> =
        fetch!(db, optional, "SELECT id FROM accounts WHERE id = $1 AND password_hash <> ''", account)?;
    Ok(found.is_some())
}

/// Only if the stored hash is still the one that was verified, so that a concurrent password change is kept.
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

/// The unique index on `email` decides between concurrent sign-ups.
pub(crate) async fn insert(
    db: &Db,
    account: Account,
    password_hash: Option<String>,
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
        password_hash.unwrap_or_default(),
        auth_stamp,
        account.created_at,
    )?;
    Ok(account)
}

/// Sets a new password and new stamps if the stamp is still `instead_of`: of two concurrent changes, one wins. From
/// then on, whatever was created with the old password gives no access.
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

/// Keeps the time of the first confirmation. Only if `email` is still the account's address.
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

/// Replaces the address `old` with `new`, confirmed `now`, if the account still has the stamp the change began with.
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

/// Replaces the address `old` with `new`, whatever the stamp.
pub(crate) async fn replace_email(
    db: &Db,
    account: Uuid,
    old: String,
    new: String,
    verified_at: Option<Timestamp>,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE accounts SET email = $1, email_verified_at = $2 WHERE id = $3 AND email = $4",
        new,
        verified_at,
        account,
        old,
    )
}

pub(crate) async fn set_name(db: &Db, account: Uuid, name: String) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE accounts SET name = $1 WHERE id = $2", name, account)
}

/// Foreign keys delete everything that belongs to the account. With `stamp`, only if it is still the account's stamp.
pub(crate) async fn delete(db: &Db, account: Uuid, stamp: Option<Stamp>) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM accounts WHERE id = $1 AND auth_stamp = COALESCE($2, auth_stamp)",
        account,
        stamp.map(|stamp| stamp.0),
    )
}

/// An account with the details that operators see.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct AccountDetails {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The email address, in lower case, with its domain in ASCII (RFC 5891).
    pub email: String,
    /// The owner's name.
    pub name: String,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When the owner confirmed the email address, if they did.
    pub email_verified_at: Option<Timestamp>,
    /// When the account was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
}

/// The first `batch` accounts after the id `after`.
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

/// The new stamp also ends sessions that begin at this very moment.
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

/// Gives up to `batch` accounts after the id `after` a new stamp each. Returns their ids.
pub(crate) async fn renew_stamps(db: &Db, after: Uuid, batch: i64) -> sqlx::Result<Vec<(Uuid,)>> {
    const SQLITE: &str = "UPDATE accounts SET auth_stamp = randomblob(16)
         WHERE id IN (SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2) RETURNING id";
    const POSTGRES: &str = "UPDATE accounts SET auth_stamp = uuid_send(gen_random_uuid())
         WHERE id IN (SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2) RETURNING id";
    execute!(db, all, db.dialect(SQLITE, POSTGRES), after, batch)
}

/// Whether new tokens of the account have to be bound to a key.
pub(crate) async fn requires_key(db: &Db, account: Uuid) -> sqlx::Result<bool> {
    let found: Option<(bool,)> = fetch!(db, optional, "SELECT requires_key FROM accounts WHERE id = $1", account)?;
    Ok(found.is_some_and(|(requires,)| requires))
}

/// Sets whether new tokens of the account have to be bound to a key. Returns whether that is a change.
pub(crate) async fn set_requires_key(db: &Db, account: Uuid, requires: bool) -> sqlx::Result<bool> {
    let changed = execute!(
        db,
        affected,
        "UPDATE accounts SET requires_key = $2 WHERE id = $1 AND requires_key <> $2",
        account,
        requires,
    )?;
    Ok(changed > 0)
}
