//! The accounts table.

use uuid::Uuid;

use super::Account;
use crate::{
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
}

columns!(Credentials { id, email, name, created_at, password_hash, auth_stamp });

pub(super) async fn credentials(db: &Db, email: &str) -> sqlx::Result<Option<Credentials>> {
    read!(
        db,
        optional,
        "SELECT id, email, name, created_at, password_hash, auth_stamp FROM accounts WHERE email = $1",
        email,
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
