//! The `operator_log` and `server_info` tables.

use uuid::Uuid;

use super::entry::{Between, Entry};
use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

pub(super) async fn insert(db: &Db, entry: Entry) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO operator_log (id, at, operator, host, action, subject_id, subject, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry.id,
        entry.at,
        entry.operator,
        entry.host,
        entry.action,
        entry.subject_id,
        entry.subject,
        entry.outcome,
    )
}

pub(super) async fn end(db: &Db, id: Uuid, outcome: &'static str, subject: Option<Uuid>) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE operator_log SET outcome = $1, subject_id = COALESCE($2, subject_id) WHERE id = $3",
        outcome,
        subject,
        id,
    )
}

pub(super) async fn list(db: &Db, between: Between, limit: i64) -> sqlx::Result<Vec<Entry>> {
    fetch!(
        db,
        all,
        "SELECT id, at, operator, host, action, subject_id, subject, outcome FROM operator_log
         WHERE ($1 IS NULL OR at >= $1) AND ($2 IS NULL OR at < $2) AND ($3 IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
        between.since,
        between.before,
        between.before_id,
        limit,
    )
}

pub(super) async fn set(db: &Db, key: &'static str, value: String, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO server_info (key, value, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        key,
        value,
        now,
    )
}

pub(super) async fn get(db: &Db, key: &'static str) -> sqlx::Result<Option<String>> {
    let found: Option<(String,)> = fetch!(db, optional, "SELECT value FROM server_info WHERE key = $1", key)?;
    Ok(found.map(|(value,)| value))
}

/// How many passkeys there are.
pub(super) async fn passkeys(db: &Db) -> sqlx::Result<i64> {
    let (count,): (i64,) = fetch!(db, one, "SELECT count(*) FROM passkeys")?;
    Ok(count)
}

/// Whether the time stored under `key` has come, or none is stored. If so, it is `next` from now on: of many instances,
/// one is told so.
pub(super) async fn claim_time(db: &Db, key: &'static str, now: Timestamp, next: Timestamp) -> sqlx::Result<bool> {
    let claimed = execute!(
        db,
        affected,
        "INSERT INTO server_info (key, value, updated_at) VALUES ($1, $3, $2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
         WHERE server_info.value <= $4",
        key,
        now,
        next.to_string(),
        now.to_string(),
    )?;
    Ok(claimed > 0)
}
