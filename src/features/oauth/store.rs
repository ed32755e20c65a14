//! The tables `oauth_clients`, `oauth_codes` and `oauth_refresh_tokens`.

use uuid::Uuid;

use super::device::store::delete_of_client;
use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// A row of `oauth_clients`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct ClientRow {
    pub id: String,
    pub account_id: Option<Uuid>,
    pub name: String,
    pub redirect_uris: String,
    pub origins: String,
    pub secret_hash: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub device_grant: bool,
    pub scopes: String,
    pub letter: String,
    pub requires_key: bool,
}

pub(super) async fn find_client(db: &Db, id: &str) -> sqlx::Result<Option<ClientRow>> {
    fetch!(
        db,
        optional,
        "SELECT id, account_id, name, redirect_uris, origins, secret_hash, created_at, device_grant, scopes, letter,
                requires_key
         FROM oauth_clients WHERE id = $1",
        id,
    )
}

/// Stores an application, unless its account has `limit` of them: one statement, so that concurrent calls cannot exceed
/// it (S54). PostgreSQL locks the account's row first, and then counts.
pub(super) async fn insert_client(db: &Db, row: ClientRow, limit: i64) -> sqlx::Result<u64> {
    const SQLITE: &str = "INSERT INTO oauth_clients
            (id, account_id, name, redirect_uris, origins, secret_hash, created_at, device_grant, scopes, letter,
             requires_key)
         SELECT $1, $2, $3, $4, $5, $6, $7, $9, $10, $11, $12
         WHERE $2 IS NULL OR (SELECT count(*) FROM oauth_clients WHERE account_id = $2) < $8";
    const POSTGRES: &str = "WITH owner AS (SELECT id FROM accounts WHERE id = $2 FOR NO KEY UPDATE)
         INSERT INTO oauth_clients
            (id, account_id, name, redirect_uris, origins, secret_hash, created_at, device_grant, scopes, letter,
             requires_key)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $9, $10, $11, $12 FROM (SELECT 1) AS one LEFT JOIN owner ON TRUE
         WHERE $2::uuid IS NULL OR (owner.id IS NOT NULL AND oauth_clients_of(owner.id) < $8)";
    let ClientRow { id, account_id, name, redirect_uris, origins, secret_hash, created_at, .. } = row;
    execute!(
        db,
        affected,
        db.dialect(SQLITE, POSTGRES),
        id,
        account_id,
        name,
        redirect_uris,
        origins,
        secret_hash,
        created_at,
        limit,
        row.device_grant,
        row.scopes,
        row.letter,
        row.requires_key,
    )
}

/// The newest `limit` applications of `account`, or of everybody.
pub(super) async fn list_clients(db: &Db, account: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<ClientRow>> {
    fetch!(
        db,
        all,
        "SELECT id, account_id, name, redirect_uris, origins, secret_hash, created_at, device_grant, scopes, letter,
                requires_key
         FROM oauth_clients WHERE $1 IS NULL OR account_id = $1 ORDER BY id DESC LIMIT $2",
        account,
        limit,
    )
}

/// Deletes an application of `account`, or of anybody, and with it what it was given. Returns its name.
pub(super) async fn delete_client(db: &Db, account: Option<Uuid>, id: &str) -> sqlx::Result<Option<(String,)>> {
    let deleted: Option<(String,)> = execute!(
        db,
        optional,
        "DELETE FROM oauth_clients WHERE id = $1 AND ($2 IS NULL OR account_id = $2) RETURNING name",
        id.to_owned(),
        account,
    )?;
    if deleted.is_some() {
        execute!(db, affected, "DELETE FROM oauth_codes WHERE client_id = $1", id.to_owned())?;
        delete_of_client(db, id.to_owned()).await?;
        execute!(db, affected, "DELETE FROM oauth_grants WHERE client_id = $1", id.to_owned())?;
    }
    Ok(deleted)
}

/// A code that was not exchanged yet.
#[derive(Clone, Debug)]
pub(super) struct NewCode {
    pub hash: Vec<u8>,
    pub account: Uuid,
    pub session: Uuid,
    pub client_id: String,
    pub redirect_uri: String,
    pub scopes: String,
    pub challenge: String,
    pub jkt: Option<String>,
    pub auth_stamp: Vec<u8>,
    pub expires_at: Timestamp,
}

/// Stores a code, if the account still has the stamp and is enabled.
pub(super) async fn insert_code(db: &Db, new: NewCode) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO oauth_codes
            (hash, account_id, session_id, client_id, redirect_uri, scopes, challenge, auth_stamp, expires_at, jkt)
         SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10 FROM accounts
         WHERE id = $2 AND auth_stamp = $8 AND disabled_at IS NULL",
        new.hash,
        new.account,
        new.session,
        new.client_id,
        new.redirect_uri,
        new.scopes,
        new.challenge,
        new.auth_stamp,
        new.expires_at,
        new.jkt,
    )
}

/// Deletes all codes of the account that were not exchanged but the newest `kept`.
pub(super) async fn delete_old_codes(db: &Db, account: Uuid, kept: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_codes WHERE account_id = $1 AND grant_id IS NULL AND hash NOT IN
            (SELECT hash FROM oauth_codes WHERE account_id = $1 AND grant_id IS NULL
             ORDER BY expires_at DESC, hash LIMIT $2)",
        account,
        kept,
    )
}

/// A row of `oauth_codes`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct CodeRow {
    pub account_id: Uuid,
    pub client_id: String,
    pub redirect_uri: String,
    pub challenge: String,
    pub jkt: Option<String>,
    pub expires_at: Timestamp,
    pub grant_id: Option<Uuid>,
}

pub(super) async fn find_code(db: &Db, hash: Vec<u8>) -> sqlx::Result<Option<CodeRow>> {
    fetch!(
        db,
        optional,
        "SELECT account_id, client_id, redirect_uri, challenge, jkt, expires_at, grant_id FROM oauth_codes
         WHERE hash = $1",
        hash,
    )
}

/// Takes a code for the grant: of concurrent requests, one gets it.
pub(super) async fn take_code(db: &Db, hash: Vec<u8>, grant: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_codes SET grant_id = $2 WHERE hash = $1 AND grant_id IS NULL AND expires_at > $3",
        hash,
        grant,
        now,
    )
}

/// Deletes a code that was used a second time, so that nothing more is made of it.
pub(super) async fn delete_code(db: &Db, hash: Vec<u8>) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM oauth_codes WHERE hash = $1", hash)
}

pub(super) async fn delete_expired_codes(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_codes WHERE hash IN
            (SELECT hash FROM oauth_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before,
        batch,
    )
}

/// Stores a refresh token that was not used yet. Storing it again changes nothing.
pub(super) async fn insert_refresh_token(db: &Db, hash: Vec<u8>, grant: Uuid) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO oauth_refresh_tokens (hash, grant_id) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
        hash,
        grant,
    )
}

/// When a refresh token was used, and the salt of its successor.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct RefreshRow {
    pub used_at: Option<Timestamp>,
    pub salt: Option<Vec<u8>>,
}

pub(super) async fn find_refresh_token(db: &Db, hash: Vec<u8>, grant: Uuid) -> sqlx::Result<Option<RefreshRow>> {
    fetch!(
        db,
        optional,
        "SELECT used_at, salt FROM oauth_refresh_tokens WHERE hash = $1 AND grant_id = $2",
        hash,
        grant,
    )
}

/// Uses a refresh token up, if it was not: of concurrent requests, one does.
pub(super) async fn use_refresh_token(db: &Db, hash: Vec<u8>, salt: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_refresh_tokens SET used_at = $2, salt = $3 WHERE hash = $1 AND used_at IS NULL",
        hash,
        now,
        salt,
    )
}

/// Deletes the refresh tokens of the grant that were used before `before`: whoever sends one now uses it again.
pub(super) async fn delete_used_refresh_tokens(db: &Db, grant: Uuid, before: Timestamp) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM oauth_refresh_tokens WHERE grant_id = $1 AND used_at < $2", grant, before,)
}
