//! Reports for the operator, and the job that deletes them.

use time::Duration;

pub use super::model::Listed;
use super::store;
use crate::{db::Db, state::AppState};

/// The `limit` reports that came last, the newest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, limit: u32) -> sqlx::Result<Vec<Listed>> {
    store::list(db, limit.into()).await
}

/// Deletes all reports. Returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn clear(db: &Db) -> sqlx::Result<u64> {
    store::clear(db).await
}

/// Deletes up to `batch` reports that did not come again for so many days as the settings say.
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(state: &AppState, batch: i64) -> sqlx::Result<u64> {
    let before = state.db.now() + -Duration::days(state.settings.reports.keep_days.into());
    store::delete_expired(&state.db, before, batch).await
}
