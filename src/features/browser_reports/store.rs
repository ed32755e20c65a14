//! The `browser_reports` table.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Key, Listed, Waiting};
use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// How many rows are kept.
const KEPT: i64 = 1_000;

/// Adds to the rows that there are, and inserts others; then deletes the oldest of too many.
///
/// The rows are in the order of their keys: of two instances that write the same ones, neither waits for the other in a
/// circle.
pub(super) async fn add(db: &Db, reports: BTreeMap<Key, Waiting>) -> sqlx::Result<()> {
    const SQLITE: &str = "INSERT INTO browser_reports (id, kind, page, subject, blocked, disposition, source, line,
            browser, count, first_seen, last_seen)
         SELECT unhex(value ->> 'id'), value ->> 'kind', value ->> 'page', value ->> 'subject', value ->> 'blocked',
            value ->> 'disposition', value ->> 'source', value ->> 'line', value ->> 'browser', value ->> 'count',
            value ->> 'first_seen', value ->> 'last_seen'
         FROM json_each($1) WHERE TRUE
         ON CONFLICT (kind, page, subject, blocked) DO UPDATE SET
            disposition = excluded.disposition, source = excluded.source, line = excluded.line,
            browser = excluded.browser, count = browser_reports.count + excluded.count,
            last_seen = max(browser_reports.last_seen, excluded.last_seen)";
    const POSTGRES: &str = "INSERT INTO browser_reports (id, kind, page, subject, blocked, disposition, source, line,
            browser, count, first_seen, last_seen)
         SELECT id, kind, page, subject, blocked, disposition, source, line, browser, count,
            TIMESTAMPTZ 'epoch' + first_seen * INTERVAL '1 microsecond',
            TIMESTAMPTZ 'epoch' + last_seen * INTERVAL '1 microsecond'
         FROM json_to_recordset($1::text::json) AS report (id UUID, kind TEXT, page TEXT, subject TEXT, blocked TEXT,
            disposition TEXT, source TEXT, line BIGINT, browser TEXT, count BIGINT, first_seen BIGINT, last_seen BIGINT)
         ON CONFLICT (kind, page, subject, blocked) DO UPDATE SET
            disposition = excluded.disposition, source = excluded.source, line = excluded.line,
            browser = excluded.browser, count = browser_reports.count + excluded.count,
            last_seen = greatest(browser_reports.last_seen, excluded.last_seen)";
    let rows: Value = reports.into_iter().map(|(key, waiting)| row(&key, &waiting)).collect();
    execute!(db, affected, db.dialect(SQLITE, POSTGRES), rows.to_string())?;
    execute!(
        db,
        affected,
        "DELETE FROM browser_reports WHERE id IN
            (SELECT id FROM browser_reports ORDER BY last_seen DESC LIMIT 1000000 OFFSET $1)",
        KEPT,
    )?;
    Ok(())
}

fn row(key: &Key, waiting: &Waiting) -> Value {
    json!({
        "id": Uuid::now_v7().simple().to_string(),
        "kind": key.kind,
        "page": key.page,
        "subject": key.subject,
        "blocked": key.blocked,
        "disposition": waiting.details.disposition,
        "source": waiting.details.source,
        "line": waiting.details.line,
        "browser": waiting.browser,
        "count": waiting.count,
        "first_seen": microseconds(waiting.first),
        "last_seen": microseconds(waiting.last),
    })
}

fn microseconds(at: Timestamp) -> i64 {
    i64::try_from(at.get().unix_timestamp_nanos() / 1_000).unwrap_or_default()
}

/// The newest `limit` reports.
pub(super) async fn list(db: &Db, limit: i64) -> sqlx::Result<Vec<Listed>> {
    fetch!(
        db,
        all,
        "SELECT id, kind, page, subject, blocked, disposition, source, line, browser, count, first_seen, last_seen
         FROM browser_reports ORDER BY last_seen DESC, id DESC LIMIT $1",
        limit,
    )
}

pub(super) async fn clear(db: &Db) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM browser_reports")
}

pub(super) async fn delete_expired(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM browser_reports WHERE id IN
            (SELECT id FROM browser_reports WHERE last_seen < $1 ORDER BY last_seen LIMIT $2)",
        before,
        batch,
    )
}
