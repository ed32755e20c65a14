//! The `oauth_grants` table, and the access tokens that belong to its rows: what people let applications do. A grant
//! depends on a browser session, and is deleted with it, unless it was given to a device ([`super::device_grants`]).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{IssuedBy, activity::ActorCredential, store::tokens},
    db::{Db, execute, fetch},
    secret::Secret,
    timestamp::Timestamp,
};

/// What a person lets an application do.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Grant {
    pub id: Uuid,
    pub account_id: Uuid,
    /// The browser session that it depends on; `None` for a device, which depends on none.
    pub session_id: Option<Uuid>,
    pub client_id: String,
    /// Separated by spaces.
    pub scopes: String,
    /// When it ends, even if it is refreshed.
    pub ends_at: Timestamp,
    /// The thumbprint of the key that its refresh tokens are bound to.
    pub jkt: Option<String>,
}

impl Grant {
    /// By which credential it was given, for the activity.
    pub(crate) fn credential(&self) -> ActorCredential {
        self.session_id.map_or(ActorCredential::Token(self.id), ActorCredential::Session)
    }
}

/// A new grant, for a code that was exchanged.
pub(crate) struct New {
    pub id: Uuid,
    /// The hash of the code, or of the `device_code`.
    pub code: Vec<u8>,
    pub family_hash: Vec<u8>,
    /// The thumbprint of the key that its refresh tokens are bound to.
    pub jkt: Option<String>,
    /// Not later than this, and not later than the browser session.
    pub ends_at: Timestamp,
}

/// Stores a grant for a code, unless the code was used a second time meanwhile, the account is disabled or has another
/// stamp, or the browser is no longer signed in.
pub(crate) async fn insert(db: &Db, new: New, now: Timestamp) -> sqlx::Result<Option<Grant>> {
    const SQLITE: &str = "INSERT INTO oauth_grants
            (id, account_id, session_id, client_id, scopes, password_stamp, family_hash, created_at, ends_at,
             refreshed_at, jkt)
         SELECT $1, owner.id, session.id, code.client_id, code.scopes, owner.password_stamp, $3, $5,
            MIN($4, session.ends_at), $5, $6
         FROM oauth_codes AS code
         JOIN accounts AS owner ON owner.id = code.account_id
         JOIN browser_sessions AS session ON session.id = code.session_id AND session.account_id = owner.id
         WHERE code.hash = $2 AND code.grant_id = $1 AND owner.auth_stamp = code.auth_stamp
            AND owner.disabled_at IS NULL AND session.expires_at > $5
         RETURNING id, account_id, session_id, client_id, scopes, ends_at, jkt";
    const POSTGRES: &str = "INSERT INTO oauth_grants
            (id, account_id, session_id, client_id, scopes, password_stamp, family_hash, created_at, ends_at,
             refreshed_at, jkt)
         SELECT $1, owner.id, session.id, code.client_id, code.scopes, owner.password_stamp, $3, $5,
            LEAST($4, session.ends_at), $5, $6
         FROM accounts AS owner
         JOIN oauth_codes AS code ON code.account_id = owner.id
         JOIN browser_sessions AS session ON session.id = code.session_id AND session.account_id = owner.id
         WHERE code.hash = $2 AND code.grant_id = $1 AND owner.auth_stamp = code.auth_stamp
            AND owner.disabled_at IS NULL AND session.expires_at > $5
         FOR SHARE OF owner, code
         RETURNING id, account_id, session_id, client_id, scopes, ends_at, jkt";
    let New { id, code, family_hash, jkt, ends_at } = new;
    execute!(db, optional, db.dialect(SQLITE, POSTGRES), id, code, family_hash, ends_at, now, jkt)
}

/// The grant whose refresh tokens have this family, whatever has become of it.
pub(crate) async fn find(db: &Db, family_hash: Vec<u8>) -> sqlx::Result<Option<Grant>> {
    fetch!(
        db,
        optional,
        "SELECT id, account_id, session_id, client_id, scopes, ends_at, jkt FROM oauth_grants
         WHERE family_hash = $1",
        family_hash,
    )
}

/// The grant that the access token with this hash belongs to.
pub(crate) async fn find_by_token(db: &Db, hash: Vec<u8>) -> sqlx::Result<Option<Grant>> {
    fetch!(
        db,
        optional,
        "SELECT id, account_id, session_id, client_id, scopes, ends_at, jkt FROM oauth_grants
         WHERE id = (SELECT grant_id FROM tokens WHERE hash = $1)",
        hash,
    )
}

/// The length of the part of a refresh token that is its own: 32 bytes in base64url.
pub(crate) const OWN_LENGTH: usize = 43;

/// The part of a refresh token that all of its grant have in common, and the part that is its own; `None` if `text` has
/// another form.
pub(crate) fn parts_of_refresh_token<'a>(prefix: &str, text: &'a str) -> Option<(Secret, &'a str)> {
    let at = text.len().checked_sub(OWN_LENGTH).filter(|at| text.is_char_boundary(*at))?;
    let (family, own) = text.split_at(at);
    BASE64_URL_SAFE_NO_PAD.decode(own).ok()?;
    Some((Secret::parse(prefix, family)?, own))
}

/// A grant and its owner, for a report of one of its refresh tokens.
#[derive(sqlx::FromRow)]
pub(crate) struct OwnedGrant {
    pub id: Uuid,
    pub account_id: Uuid,
    pub email: String,
    /// That of its newest token, which is the application's; or else the id of that.
    pub name: String,
    pub created_at: Timestamp,
}

/// The grant whose refresh tokens have this family, unless it is revoked or has ended.
pub(crate) async fn find_owned(db: &Db, family_hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<OwnedGrant>> {
    fetch!(
        db,
        optional,
        "SELECT given.id, given.account_id, owner.email, given.created_at, COALESCE(
                (SELECT name FROM tokens WHERE grant_id = given.id ORDER BY id DESC LIMIT 1), given.client_id) AS name
         FROM oauth_grants AS given JOIN accounts AS owner ON owner.id = given.account_id
         WHERE given.family_hash = $1 AND given.revoked_at IS NULL AND given.ends_at > $2",
        family_hash,
        now,
    )
}

/// Whether the grant stands: it is not revoked and has not ended, its account is enabled and has the same password, and
/// its browser is signed in, if it depends on one.
pub(crate) async fn stands(db: &Db, id: Uuid, now: Timestamp) -> sqlx::Result<bool> {
    let found: Option<(i32,)> = fetch!(
        db,
        optional,
        "SELECT 1 FROM oauth_grants AS given
         JOIN accounts AS owner ON owner.id = given.account_id
         LEFT JOIN browser_sessions AS session ON session.id = given.session_id
         WHERE given.id = $1 AND given.revoked_at IS NULL AND given.ends_at > $2 AND owner.disabled_at IS NULL
            AND owner.password_stamp = given.password_stamp
            AND (given.session_id IS NULL OR session.expires_at > $2)",
        id,
        now,
    )?;
    Ok(found.is_some())
}

/// Whether the account has a grant for the application that stands and has all of `scopes`.
pub(crate) async fn scopes_of(db: &Db, account: Uuid, client_id: &str, now: Timestamp) -> sqlx::Result<Vec<(String,)>> {
    fetch!(
        db,
        all,
        "SELECT DISTINCT given.scopes FROM oauth_grants AS given
         JOIN accounts AS owner ON owner.id = given.account_id
         JOIN browser_sessions AS session ON session.id = given.session_id
         WHERE given.account_id = $1 AND given.client_id = $2 AND given.revoked_at IS NULL AND given.ends_at > $3
            AND owner.password_stamp = given.password_stamp AND session.expires_at > $3
         LIMIT 100",
        account,
        client_id,
        now,
    )
}

/// A new access token.
pub(crate) struct NewToken {
    pub id: Uuid,
    pub grant: Uuid,
    pub name: String,
    pub hash: Vec<u8>,
    pub scopes: String,
    /// Separated by spaces.
    pub origins: String,
    pub expires_at: Timestamp,
    /// The thumbprint of the key that it is bound to.
    pub jkt: Option<String>,
}

/// Stores an access token, if its grant stands, and if it is bound to a key where the account demands one. Returns how
/// many rows were stored.
pub(crate) async fn insert_token(db: &Db, new: NewToken, now: Timestamp) -> sqlx::Result<u64> {
    const SQLITE: &str = "INSERT INTO tokens
            (id, account_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at, password_stamp,
             grant_id, jkt)
         SELECT $1, owner.id, $3, $4, $5, $6, 'client', $8, $7, $7, given.password_stamp, given.id, $9
         FROM oauth_grants AS given
         JOIN accounts AS owner ON owner.id = given.account_id
         LEFT JOIN browser_sessions AS session ON session.id = given.session_id
         WHERE given.id = $2 AND given.revoked_at IS NULL AND given.ends_at > $8 AND owner.disabled_at IS NULL
            AND owner.password_stamp = given.password_stamp
            AND (given.session_id IS NULL OR session.expires_at > $8)
            AND (NOT owner.requires_key OR $9 IS NOT NULL)";
    const POSTGRES: &str = "WITH given AS (SELECT * FROM oauth_grants WHERE id = $2 FOR SHARE)
         INSERT INTO tokens
            (id, account_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at, password_stamp,
             grant_id, jkt)
         SELECT $1, owner.id, $3, $4, $5, $6, 'client', $8, $7, $7, given.password_stamp, given.id, $9
         FROM given
         JOIN accounts AS owner ON owner.id = given.account_id
         LEFT JOIN browser_sessions AS session ON session.id = given.session_id
         WHERE given.revoked_at IS NULL AND given.ends_at > $8 AND owner.disabled_at IS NULL
            AND owner.password_stamp = given.password_stamp
            AND (given.session_id IS NULL OR session.expires_at > $8)
            AND (NOT owner.requires_key OR $9 IS NOT NULL)";
    let NewToken { id, grant, name, hash, scopes, origins, expires_at, jkt } = new;
    let sql = db.dialect(SQLITE, POSTGRES);
    let stored = execute!(db, affected, sql, id, grant, name, hash, scopes, origins, expires_at, now, jkt)?;
    if stored > 0 {
        tokens::ISSUED.count(IssuedBy::Client as usize);
    }
    Ok(stored)
}

/// Deletes all access tokens of the grant but the newest `kept`.
pub(crate) async fn delete_old_tokens(db: &Db, id: Uuid, kept: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM tokens WHERE grant_id = $1 AND id NOT IN
            (SELECT id FROM tokens WHERE grant_id = $1 ORDER BY id DESC LIMIT $2)",
        id,
        kept,
    )
}

/// Deletes all grants of the application in the browser session of `grant` but the newest `kept`.
pub(crate) async fn delete_old(db: &Db, grant: &Grant, kept: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_grants WHERE session_id = $1 AND client_id = $2 AND id NOT IN
            (SELECT id FROM oauth_grants WHERE session_id = $1 AND client_id = $2 ORDER BY id DESC LIMIT $3)",
        grant.session_id,
        grant.client_id.clone(),
        kept,
    )
}

/// Stores when the grant was last refreshed.
pub(crate) async fn refreshed(db: &Db, id: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE oauth_grants SET refreshed_at = $2 WHERE id = $1 AND refreshed_at < $2", id, now)
}

/// Revokes the grant `id`. Returns how many were not revoked before.
pub(crate) async fn revoke(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    let revoked = execute!(
        db,
        affected,
        "UPDATE oauth_grants SET revoked_at = $3 WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL",
        id,
        account,
        now,
    )?;
    revoke_tokens(db, account, now).await?;
    Ok(revoked)
}

/// Revokes the grant that the token `id` belongs to, if there is one.
pub(crate) async fn revoke_of_token(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_grants SET revoked_at = $3 WHERE account_id = $2 AND revoked_at IS NULL
            AND id = (SELECT grant_id FROM tokens WHERE id = $1 AND account_id = $2)",
        id,
        account,
        now,
    )
}

/// Revokes all grants of the application. Returns how many stood.
pub(crate) async fn revoke_client(db: &Db, account: Uuid, client_id: &str, now: Timestamp) -> sqlx::Result<u64> {
    let revoked = execute!(
        db,
        affected,
        "UPDATE oauth_grants SET revoked_at = $3 WHERE account_id = $1 AND client_id = $2 AND revoked_at IS NULL",
        account,
        client_id.to_owned(),
        now,
    )?;
    revoke_tokens(db, account, now).await?;
    Ok(revoked)
}

/// Revokes all grants of the account but that of the token `kept`. Their access tokens are revoked with the others.
pub(crate) async fn revoke_all(db: &Db, account: Uuid, kept: Option<Uuid>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_grants SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL
            AND id NOT IN (SELECT grant_id FROM tokens WHERE id = $3 AND grant_id IS NOT NULL)",
        account,
        now,
        kept.unwrap_or_default(),
    )
}

/// Revokes the grants from another password than that of `stamp`.
pub(crate) async fn revoke_outdated(db: &Db, account: Uuid, stamp: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_grants SET revoked_at = $3 WHERE account_id = $1 AND password_stamp <> $2 AND revoked_at IS NULL",
        account,
        stamp,
        now,
    )
}

/// Revokes the access tokens of revoked grants.
pub(crate) async fn revoke_tokens(db: &Db, account: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE tokens SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2
            AND grant_id IN (SELECT id FROM oauth_grants WHERE account_id = $1 AND revoked_at IS NOT NULL)",
        account,
        now,
    )
}

/// Revokes up to `batch` grants of all accounts that were given until `now`.
pub(crate) async fn revoke_before(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_grants SET revoked_at = $1 WHERE id IN
            (SELECT id FROM oauth_grants WHERE revoked_at IS NULL AND created_at <= $1 ORDER BY id LIMIT $2)",
        now,
        batch,
    )
}

/// A grant as its owner sees it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(crate) struct AuthorizedRow {
    pub client_id: String,
    /// Whether a device has it, which depends on no browser session.
    pub on_device: bool,
    pub scopes: String,
    pub created_at: Timestamp,
    pub refreshed_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// The newest `limit` grants of the account that stand.
pub(crate) async fn list(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<AuthorizedRow>> {
    fetch!(
        db,
        all,
        "SELECT given.client_id, given.session_id IS NULL AS on_device, given.scopes, given.created_at,
                given.refreshed_at,
                (SELECT max(last_used_at) FROM tokens WHERE grant_id = given.id) AS last_used_at
         FROM oauth_grants AS given
         JOIN accounts AS owner ON owner.id = given.account_id
         LEFT JOIN browser_sessions AS session ON session.id = given.session_id
         WHERE given.account_id = $1 AND given.revoked_at IS NULL AND given.ends_at > $2
            AND owner.password_stamp = given.password_stamp
            AND (given.session_id IS NULL OR session.expires_at > $2)
         ORDER BY given.id DESC LIMIT $3",
        account,
        now,
        limit,
    )
}

/// Deletes up to `batch` grants that have ended, or were revoked before `before`.
pub(crate) async fn delete_expired(db: &Db, now: Timestamp, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_grants WHERE id IN
            (SELECT id FROM oauth_grants WHERE ends_at < $1 OR revoked_at < $2 ORDER BY ends_at LIMIT $3)",
        now,
        before,
        batch,
    )
}
