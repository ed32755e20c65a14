//! Trusted browsers: where an account does not ask for a second factor for a while. The `trusted_devices` table.
//!
//! A row belongs to one account and one device cookie, and ends with the account's stamp, that is, when the password
//! changes. It only replaces the second factor: the password is asked for as ever.

use time::Duration;
use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    http::{
        client::{Client, Device, browser_name},
        problem::Problem,
    },
    timestamp::Timestamp,
};

/// How long a browser is trusted.
const LASTS: Duration = Duration::days(30);
/// How many browsers an account trusts at most; the oldest is dropped.
const KEPT: i64 = 32;

/// A browser that an account trusts.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TrustedDevice {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The `User-Agent` of the browser.
    pub user_agent: String,
    /// Since when it is trusted.
    pub created_at: Timestamp,
    /// Until when it is trusted.
    pub expires_at: Timestamp,
}

impl TrustedDevice {
    /// A readable name of the browser, such as "Firefox on Windows".
    pub fn browser(&self) -> String {
        browser_name(&self.user_agent)
    }
}

/// Whether `account`, which has the stamp `stamp`, trusts the browser of `client`.
///
/// # Errors
/// If the database fails.
pub async fn is_trusted(db: &Db, account: Uuid, stamp: &[u8], client: &Client) -> Result<bool, Problem> {
    let Some(hash) = client.device.as_ref().and_then(Device::hash) else { return Ok(false) };
    let found: Option<(i32,)> = fetch!(
        db,
        optional,
        "SELECT 1 FROM trusted_devices WHERE account_id = $1 AND hash = $2 AND auth_stamp = $3 AND expires_at > $4",
        account,
        hash,
        stamp,
        db.now(),
    )?;
    Ok(found.is_some())
}

/// Trusts the browser of `client`, if `account` still has the stamp `stamp`. Returns whether it is trusted now.
///
/// # Errors
/// If the database fails.
pub async fn trust(db: &Db, account: Uuid, stamp: &[u8], client: &Client) -> Result<bool, Problem> {
    let Some(device) = &client.device else { return Ok(false) };
    let hash = device.give().map_err(Problem::Internal)?;
    let (now, stamp) = (db.now(), stamp.to_vec());
    let before: sqlx::Result<u64> = execute!(
        db,
        affected,
        "DELETE FROM trusted_devices WHERE account_id = $1 AND hash = $2",
        account,
        hash.clone(),
    );
    before?;
    let trusted: u64 = execute!(
        db,
        affected,
        "INSERT INTO trusted_devices (id, account_id, hash, auth_stamp, user_agent, created_at, expires_at)
         SELECT $1, id, $3, $4, $5, $6, $7 FROM accounts WHERE id = $2 AND auth_stamp = $4 AND disabled_at IS NULL",
        Uuid::now_v7(),
        account,
        hash,
        stamp,
        client.user_agent.clone(),
        now,
        now + LASTS,
    )?;
    let dropped: sqlx::Result<u64> = execute!(
        db,
        affected,
        "DELETE FROM trusted_devices WHERE account_id = $1 AND id NOT IN
            (SELECT id FROM trusted_devices WHERE account_id = $1 ORDER BY id DESC LIMIT $2)",
        account,
        KEPT,
    );
    dropped?;
    Ok(trusted > 0)
}

/// The browsers that `account` trusts, the newest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<TrustedDevice>, Problem> {
    Ok(fetch!(
        db,
        all,
        "SELECT trusted_devices.id, user_agent, trusted_devices.created_at, expires_at FROM trusted_devices
         JOIN accounts ON accounts.id = account_id AND accounts.auth_stamp = trusted_devices.auth_stamp
         WHERE account_id = $1 AND expires_at > $2 ORDER BY trusted_devices.id DESC LIMIT $3",
        account,
        db.now(),
        KEPT,
    )?)
}

/// Ends the trust of `account` in the browser `id`. Returns the browser's name.
///
/// # Errors
/// [`Problem::NotFound`] if the account trusts no such browser; or if the database fails.
pub async fn revoke(db: &Db, account: Uuid, id: Uuid) -> Result<String, Problem> {
    let ended: Option<(String,)> = execute!(
        db,
        optional,
        "DELETE FROM trusted_devices WHERE id = $1 AND account_id = $2 RETURNING user_agent",
        id,
        account,
    )?;
    ended.map(|(user_agent,)| browser_name(&user_agent)).ok_or(Problem::NotFound)
}

/// Ends all trust of `account`.
///
/// # Errors
/// If the database fails.
pub async fn end(db: &Db, account: Uuid) -> Result<u64, Problem> {
    Ok(execute!(db, affected, "DELETE FROM trusted_devices WHERE account_id = $1", account)?)
}

/// The device with the hash `before` has the hash `hash` from now on.
pub(super) async fn follow(db: &Db, before: Vec<u8>, hash: Vec<u8>) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE trusted_devices SET hash = $2 WHERE hash = $1", before, hash)
}

/// Deletes up to `batch` rows whose time is over and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM trusted_devices WHERE id IN
            (SELECT id FROM trusted_devices WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        db.now(),
        batch,
    )
}
