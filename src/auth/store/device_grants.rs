//! The rows of `oauth_grants` that a person gave to a device by its code (RFC 8628). They depend on no browser session.

use super::grants::Grant;
pub(crate) use super::grants::New;
use crate::{
    db::{Db, execute},
    timestamp::Timestamp,
};

/// Stores a grant for a device that was approved, unless the account is disabled or has another stamp since.
pub(crate) async fn insert(db: &Db, new: New, now: Timestamp) -> sqlx::Result<Option<Grant>> {
    const SQLITE: &str = "INSERT INTO oauth_grants
            (id, account_id, client_id, scopes, password_stamp, family_hash, created_at, ends_at, refreshed_at, jkt)
         SELECT $1, owner.id, device.client_id, device.scopes, owner.password_stamp, $3, $5, $4, $5, $6
         FROM oauth_device_codes AS device
         JOIN accounts AS owner ON owner.id = device.account_id
         WHERE device.hash = $2 AND device.grant_id = $1 AND owner.auth_stamp = device.auth_stamp
            AND owner.disabled_at IS NULL
         RETURNING id, account_id, session_id, client_id, scopes, ends_at, jkt";
    const POSTGRES: &str = "INSERT INTO oauth_grants
            (id, account_id, client_id, scopes, password_stamp, family_hash, created_at, ends_at, refreshed_at, jkt)
         SELECT $1, owner.id, device.client_id, device.scopes, owner.password_stamp, $3, $5, $4, $5, $6
         FROM accounts AS owner
         JOIN oauth_device_codes AS device ON device.account_id = owner.id
         WHERE device.hash = $2 AND device.grant_id = $1 AND owner.auth_stamp = device.auth_stamp
            AND owner.disabled_at IS NULL
         FOR SHARE OF owner
         RETURNING id, account_id, session_id, client_id, scopes, ends_at, jkt";
    let New { id, code, family_hash, jkt, ends_at } = new;
    execute!(db, optional, db.dialect(SQLITE, POSTGRES), id, code, family_hash, ends_at, now, jkt)
}

/// Deletes all grants of the application on devices of the owner of `grant` but the newest `kept`.
pub(crate) async fn delete_old(db: &Db, grant: &Grant, kept: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_grants WHERE account_id = $1 AND client_id = $2 AND session_id IS NULL AND id NOT IN
            (SELECT id FROM oauth_grants WHERE account_id = $1 AND client_id = $2 AND session_id IS NULL
             ORDER BY id DESC LIMIT $3)",
        grant.account_id,
        grant.client_id.clone(),
        kept,
    )
}
