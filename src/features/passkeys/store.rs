//! The tables `passkeys` and `passkey_challenges`.

use uuid::Uuid;

use super::model::{NewPasskey, Passkey, Stored};
use crate::{
    auth::Stamp,
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// Whether the row of `accounts` has a passkey.
pub(super) const HAS_SOME: &str = "EXISTS (SELECT 1 FROM passkeys WHERE passkeys.account_id = accounts.id)";

/// The account's passkeys, the oldest first.
pub(super) async fn list(db: &Db, account: Uuid) -> sqlx::Result<Vec<Passkey>> {
    fetch!(
        db,
        all,
        "SELECT id, credential_id, name, backed_up, created_at, last_used_at FROM passkeys
         WHERE account_id = $1 ORDER BY id LIMIT 100",
        account,
    )
}

/// The passkey that its authenticator calls `credential_id`.
pub(super) async fn find(db: &Db, credential_id: &[u8]) -> sqlx::Result<Option<Stored>> {
    fetch!(
        db,
        optional,
        "SELECT id, account_id, credential_id, public_key, sign_count, backup_eligible, backed_up, name
         FROM passkeys WHERE credential_id = $1",
        credential_id,
    )
}

/// Only if the account still has `stamp` (S59), and fewer than `limit` passkeys. PostgreSQL locks the account's row
/// first, as a password change does.
pub(super) async fn insert(
    db: &Db,
    (account, stamp, limit): (Uuid, Stamp, i64),
    (id, name, new): (Uuid, String, NewPasskey),
    now: Timestamp,
) -> sqlx::Result<Option<Passkey>> {
    const SQLITE: &str = "INSERT INTO passkeys
            (id, account_id, credential_id, public_key, sign_count, backup_eligible, backed_up, aaguid, name, created_at)
         SELECT $1, accounts.id, $4, $5, $6, $7, $8, $9, $10, $11 FROM accounts
         WHERE accounts.id = $2 AND auth_stamp = $3 AND disabled_at IS NULL
            AND (SELECT count(*) FROM passkeys WHERE account_id = $2) < $12
         RETURNING id, credential_id, name, backed_up, created_at, last_used_at";
    const POSTGRES: &str = "WITH owner AS
            (SELECT id FROM accounts WHERE id = $2 AND auth_stamp = $3 AND disabled_at IS NULL FOR SHARE)
         INSERT INTO passkeys
            (id, account_id, credential_id, public_key, sign_count, backup_eligible, backed_up, aaguid, name, created_at)
         SELECT $1, owner.id, $4, $5, $6, $7, $8, $9, $10, $11 FROM owner
         WHERE (SELECT count(*) FROM passkeys WHERE account_id = $2) < $12
         RETURNING id, credential_id, name, backed_up, created_at, last_used_at";
    execute!(
        db,
        optional,
        db.dialect(SQLITE, POSTGRES),
        id,
        account,
        stamp.0,
        new.credential_id,
        new.public_key,
        new.sign_count,
        new.backup_eligible,
        new.backed_up,
        new.aaguid,
        name,
        now,
        limit,
    )
}

/// The number of the account's passkeys.
pub(super) async fn count(db: &Db, account: Uuid) -> sqlx::Result<i64> {
    let (count,): (i64,) = fetch!(db, one, "SELECT count(*) FROM passkeys WHERE account_id = $1", account)?;
    Ok(count)
}

/// Whether it had another name.
pub(super) async fn rename(db: &Db, account: Uuid, id: Uuid, name: String) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE passkeys SET name = $3 WHERE id = $1 AND account_id = $2 AND name <> $3",
        id,
        account,
        name,
    )
}

/// Whether the account has this passkey.
pub(super) async fn exists(db: &Db, account: Uuid, id: Uuid) -> sqlx::Result<bool> {
    let found: Option<(Uuid,)> =
        fetch!(db, optional, "SELECT id FROM passkeys WHERE id = $1 AND account_id = $2", id, account)?;
    Ok(found.is_some())
}

/// Deletes a passkey and returns its name, unless it is the last one of an account without a password. PostgreSQL locks
/// all passkeys of the account first, so that of two that are removed at once, the second one sees that it is the last.
pub(super) async fn delete(db: &Db, account: Uuid, id: Uuid) -> sqlx::Result<Option<(String,)>> {
    const SQLITE: &str = "DELETE FROM passkeys WHERE id = $1 AND account_id = $2
            AND (EXISTS (SELECT 1 FROM accounts WHERE accounts.id = $2 AND password_hash <> '')
                OR (SELECT count(*) FROM passkeys WHERE account_id = $2) > 1)
         RETURNING name";
    const POSTGRES: &str = "WITH mine AS MATERIALIZED
            (SELECT id FROM passkeys WHERE account_id = $2 ORDER BY id FOR UPDATE)
         DELETE FROM passkeys WHERE id = $1 AND account_id = $2
            AND (EXISTS (SELECT 1 FROM accounts WHERE accounts.id = $2 AND password_hash <> '')
                OR (SELECT count(*) FROM mine) > 1)
         RETURNING name";
    execute!(db, optional, db.dialect(SQLITE, POSTGRES), id, account)
}

/// Deletes all passkeys of an account.
pub(super) async fn delete_all(db: &Db, account: Uuid) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM passkeys WHERE account_id = $1", account)
}

/// Stores that a passkey was used, unless its counter is already as high as this one: then it goes back, or another
/// answer with the same count was faster.
pub(super) async fn used(db: &Db, id: Uuid, sign_count: i64, backed_up: bool, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE passkeys SET sign_count = $2, backed_up = $3, last_used_at = $4
         WHERE id = $1 AND (sign_count < $2 OR sign_count = 0 AND $2 = 0)",
        id,
        sign_count,
        backed_up,
        now,
    )
}

/// Keeps a challenge until it is answered. `account` is the account that adds a passkey.
pub(super) async fn keep_challenge(
    db: &Db,
    challenge: Vec<u8>,
    account: Option<Uuid>,
    state: Vec<u8>,
    expires_at: Timestamp,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO passkey_challenges (challenge, account_id, state, expires_at) VALUES ($1, $2, $3, $4)",
        challenge,
        account,
        state,
        expires_at,
    )
}

/// Deletes a challenge and returns its state, in one statement: of concurrent answers, one gets it.
pub(super) async fn take_challenge(
    db: &Db,
    challenge: Vec<u8>,
    account: Option<Uuid>,
    now: Timestamp,
) -> sqlx::Result<Option<(Vec<u8>,)>> {
    execute!(
        db,
        optional,
        "DELETE FROM passkey_challenges
         WHERE challenge = $1 AND account_id IS NOT DISTINCT FROM $2 AND expires_at > $3 RETURNING state",
        challenge,
        account,
        now,
    )
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM passkey_challenges WHERE challenge IN
            (SELECT challenge FROM passkey_challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
