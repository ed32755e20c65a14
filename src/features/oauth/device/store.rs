//! The table `oauth_device_codes`.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// A device that asks for access.
#[derive(Clone, Debug)]
pub(super) struct NewDevice {
    pub hash: Vec<u8>,
    pub user_hash: Vec<u8>,
    pub client_id: String,
    pub scopes: String,
    pub jkt: Option<String>,
    pub address: String,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub poll_seconds: i64,
}

/// Stores a device, unless another one has its user code.
pub(super) async fn insert(db: &Db, new: NewDevice) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO oauth_device_codes
            (hash, user_hash, client_id, scopes, jkt, address, user_agent, created_at, expires_at, poll_seconds,
             poll_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8) ON CONFLICT (user_hash) DO NOTHING",
        new.hash,
        new.user_hash,
        new.client_id,
        new.scopes,
        new.jkt,
        new.address,
        new.user_agent,
        new.created_at,
        new.expires_at,
        new.poll_seconds,
    )
}

/// Deletes all rows but about the newest `kept`.
pub(super) async fn delete_oldest(db: &Db, kept: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_device_codes WHERE expires_at <=
            (SELECT expires_at FROM oauth_device_codes ORDER BY expires_at DESC LIMIT 1 OFFSET $1)",
        kept,
    )
}

/// What became of a device.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct DeviceRow {
    pub client_id: String,
    pub jkt: Option<String>,
    pub expires_at: Timestamp,
    pub poll_seconds: i64,
    pub poll_at: Timestamp,
    pub account_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub denied_at: Option<Timestamp>,
    pub grant_id: Option<Uuid>,
}

pub(super) async fn find(db: &Db, hash: Vec<u8>) -> sqlx::Result<Option<DeviceRow>> {
    fetch!(
        db,
        optional,
        "SELECT client_id, jkt, expires_at, poll_seconds, poll_at, account_id, session_id, denied_at, grant_id
         FROM oauth_device_codes WHERE hash = $1",
        hash,
    )
}

/// A device that waits for an answer, for the person who is asked.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct WaitingRow {
    pub client_id: String,
    pub scopes: String,
    pub address: String,
    pub user_agent: String,
    pub created_at: Timestamp,
}

pub(super) async fn find_waiting(db: &Db, user_hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<WaitingRow>> {
    fetch!(
        db,
        optional,
        "SELECT client_id, scopes, address, user_agent, created_at FROM oauth_device_codes
         WHERE user_hash = $1 AND account_id IS NULL AND denied_at IS NULL AND expires_at > $2",
        user_hash,
        now,
    )
}

/// Stores when the next poll may come, unless another poll did since the row was read.
pub(super) async fn polled(
    db: &Db,
    hash: Vec<u8>,
    (before, next): (Timestamp, Timestamp),
    seconds: i64,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_device_codes SET poll_at = $3, poll_seconds = $4 WHERE hash = $1 AND poll_at = $2",
        hash,
        before,
        next,
        seconds,
    )
}

/// Who approves a device: their account and its stamp, in which browser session.
#[derive(Clone, Debug)]
pub(super) struct By {
    pub account: Uuid,
    pub session: Uuid,
    pub auth_stamp: Vec<u8>,
}

/// Approves a device that still waits, if the account still has the stamp and is enabled. Of many answers, the first
/// counts.
pub(super) async fn approve(db: &Db, user_hash: Vec<u8>, by: By, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_device_codes SET account_id = $2, session_id = $3, auth_stamp = $4
         WHERE user_hash = $1 AND account_id IS NULL AND denied_at IS NULL AND expires_at > $5
            AND EXISTS (SELECT 1 FROM accounts WHERE id = $2 AND auth_stamp = $4 AND disabled_at IS NULL)",
        user_hash,
        by.account,
        by.session,
        by.auth_stamp,
        now,
    )
}

/// Denies a device that still waits.
pub(super) async fn deny(db: &Db, user_hash: Vec<u8>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_device_codes SET denied_at = $2
         WHERE user_hash = $1 AND account_id IS NULL AND denied_at IS NULL AND expires_at > $2",
        user_hash,
        now,
    )
}

/// Takes an approved device for the grant: of concurrent polls, one gets it.
pub(super) async fn take(db: &Db, hash: Vec<u8>, grant: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE oauth_device_codes SET grant_id = $2
         WHERE hash = $1 AND grant_id IS NULL AND account_id IS NOT NULL AND expires_at > $3",
        hash,
        grant,
        now,
    )
}

/// Deletes the devices of an application.
pub async fn delete_of_client(db: &Db, client_id: String) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM oauth_device_codes WHERE client_id = $1", client_id)
}

pub(super) async fn delete_expired(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM oauth_device_codes WHERE hash IN
            (SELECT hash FROM oauth_device_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before,
        batch,
    )
}
