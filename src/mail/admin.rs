//! What became of mails, for operators, and the job that forgets it.

use time::Duration;
use uuid::Uuid;

use super::store;
pub use super::store::{Listed, Queue};
use crate::db::Db;

/// The newest `limit` mails; with `recipient`, those to that address; with `open`, only those that wait or failed.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, recipient: Option<String>, open: bool, limit: u32) -> sqlx::Result<Vec<Listed>> {
    store::list(db, recipient, open, limit.into()).await
}

/// How many mails wait, and how many were given up and can be sent again.
///
/// # Errors
/// If the database fails.
pub async fn queue(db: &Db) -> sqlx::Result<Queue> {
    store::queue(db, db.now()).await
}

/// The mail `id`.
///
/// # Errors
/// If the database fails.
pub async fn find(db: &Db, id: Uuid) -> sqlx::Result<Option<Listed>> {
    store::find(db, id).await
}

/// Lets the mail `id`, or all that wait or failed, be sent now. Returns how many there are. A mail whose link or code no
/// longer works is not among them, and neither is one that is being sent.
///
/// # Errors
/// If the database fails.
pub async fn resend(db: &Db, id: Option<Uuid>) -> sqlx::Result<u64> {
    store::resend(db, id, db.now()).await
}

/// Drops the mail `id`, which waits or failed, or all that failed: it is never sent, and what it says is forgotten. Returns
/// how many there were. One that is being sent is not among them.
///
/// # Errors
/// If the database fails.
pub async fn discard(db: &Db, id: Option<Uuid>) -> sqlx::Result<u64> {
    store::discard(db, id, db.now()).await
}

/// Drops every mail that waits to be sent, and what all others say. Returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn drop_all(db: &Db) -> sqlx::Result<u64> {
    store::drop_all(db, db.now()).await
}

/// Forgets the links and codes of up to `batch` mails that no longer work, and deletes as many mails that were sent or
/// given up more than `days` ago. Returns the larger of the two numbers (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    let now = db.now();
    let expired = store::expire(db, now, batch).await?;
    let deleted = store::delete_ended(db, now + -Duration::days(days.into()), batch).await?;
    Ok(expired.max(deleted))
}
