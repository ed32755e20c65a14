//! When the server makes its next backup. The time is stored, so that one of many instances makes it, and a restart does
//! not begin anew.

use time::Duration;

use super::store;
use crate::db::Db;

const KEY: &str = "next_backup";

/// Whether a backup is due. If so, the next one is due after `pause`.
///
/// # Errors
/// If the database fails.
pub async fn claim(db: &Db, pause: Duration) -> sqlx::Result<bool> {
    let now = db.now();
    store::claim_time(db, KEY, now, now + pause).await
}

/// Makes the next backup due after `pause`.
///
/// # Errors
/// If the database fails.
pub async fn put_off(db: &Db, pause: Duration) -> sqlx::Result<u64> {
    let now = db.now();
    store::set(db, KEY, (now + pause).to_string(), now).await
}
