//! The accounts table.

use uuid::Uuid;

use super::{Account, operators::Known};
use crate::{
    address::spellings,
    db::{Db, change, columns, read},
    timestamp::Timestamp,
};

columns!(Account { id, email, name, created_at });

/// What is needed to prove a password and to begin a sign-in.
pub(super) struct Credentials {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    pub password_hash: String,
    pub auth_stamp: Vec<u8>,
    pub confirmed_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
}

columns!(Credentials { id, email, name, created_at, password_hash, auth_stamp, confirmed_at, disabled_at });

/// Of the account with the address `email`, however that is spelt: the nearest spelling first.
pub(super) async fn credentials(db: &Db, email: &str) -> sqlx::Result<Option<Credentials>> {
    let [typed, one, read] = spellings(email);
    read!(
        db,
        optional,
        "SELECT id, email, name, created_at, password_hash, auth_stamp, confirmed_at, disabled_at
         FROM accounts WHERE email IN ($1, $2, $3)
         ORDER BY CASE email WHEN $1 THEN 0 WHEN $2 THEN 1 ELSE 2 END LIMIT 1",
        &typed,
        &one,
        &read,
    )
}

/// Only while the hash is still the one that was verified: a password that was changed meanwhile stays changed.
pub(super) async fn replace_hash(db: &Db, account: Uuid, verified: String, hash: String) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3",
        hash,
        account,
        verified,
    )
}

/// The unique index on `email` decides between two who come at once.
pub(super) async fn insert(
    db: &Db,
    account: Account,
    password_hash: String,
    auth_stamp: Vec<u8>,
) -> sqlx::Result<Account> {
    change!(
        db,
        one,
        "INSERT INTO accounts (id, email, name, password_hash, auth_stamp, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING id, email, name, created_at",
        account.id,
        account.email,
        account.name,
        password_hash,
        auth_stamp,
        account.created_at,
    )
}

/// A new password, and a new stamp with it. With `instead_of`, only if the stamp is still that one: of two who change it
/// at once, one does.
pub(super) async fn set_password(
    db: &Db,
    account: Uuid,
    password_hash: String,
    auth_stamp: Vec<u8>,
    instead_of: Option<Vec<u8>>,
) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "UPDATE accounts SET password_hash = $1, auth_stamp = $2 WHERE id = $3 AND auth_stamp = COALESCE($4, auth_stamp)",
        password_hash,
        auth_stamp,
        account,
        instead_of,
    )
}

/// The first time counts.
pub(super) async fn confirm(db: &Db, account: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    change!(db, none, "UPDATE accounts SET confirmed_at = $1 WHERE id = $2 AND confirmed_at IS NULL", now, account)
}

pub(super) async fn is_confirmed(db: &Db, account: Uuid) -> sqlx::Result<bool> {
    let found: Option<(Option<Timestamp>,)> =
        read!(db, optional, "SELECT confirmed_at FROM accounts WHERE id = $1", account)?;
    Ok(found.is_some_and(|(confirmed_at,)| confirmed_at.is_some()))
}

/// Another address, confirmed `now`, in place of `old`.
pub(super) async fn set_email(db: &Db, account: Uuid, old: String, new: String, now: Timestamp) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "UPDATE accounts SET email = $1, confirmed_at = $2 WHERE id = $3 AND email = $4",
        new,
        now,
        account,
        old,
    )
}

pub(super) async fn set_name(db: &Db, account: Uuid, name: String) -> sqlx::Result<u64> {
    change!(db, none, "UPDATE accounts SET name = $1 WHERE id = $2", name, account)
}

/// What belongs to the account goes with it, by the foreign keys.
pub(super) async fn delete(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    change!(db, none, "DELETE FROM accounts WHERE id = $1", account)
}

columns!(Known { id, email, name, created_at, confirmed_at, disabled_at });

pub(super) async fn list(db: &Db) -> sqlx::Result<Vec<Known>> {
    read!(db, all, "SELECT id, email, name, created_at, confirmed_at, disabled_at FROM accounts ORDER BY id")
}

pub(super) async fn find(db: &Db, id: Uuid, email: &str) -> sqlx::Result<Option<Known>> {
    let [typed, one, read] = spellings(email);
    read!(
        db,
        optional,
        "SELECT id, email, name, created_at, confirmed_at, disabled_at FROM accounts
         WHERE id = $1 OR email IN ($2, $3, $4)
         ORDER BY CASE email WHEN $2 THEN 0 WHEN $3 THEN 1 ELSE 2 END LIMIT 1",
        id,
        &typed,
        &one,
        &read,
    )
}

/// The new stamp ends the sessions of whoever signs in at this very moment, for good.
pub(super) async fn disable(db: &Db, account: Uuid, auth_stamp: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "UPDATE accounts SET disabled_at = $1, auth_stamp = $2 WHERE id = $3 AND disabled_at IS NULL",
        now,
        auth_stamp,
        account,
    )
}

pub(super) async fn enable(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    change!(db, none, "UPDATE accounts SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL", account)
}
