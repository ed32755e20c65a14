//! The activity table. There is no statement here that changes a row.

use uuid::Uuid;

use super::{Event, Kind};
use crate::{
    db::{Db, change, columns, read},
    timestamp::Timestamp,
};

struct Row {
    id: Uuid,
    at: Timestamp,
    kind: String,
    credential: String,
    credential_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    subject: String,
    address: String,
    browser: String,
}

columns!(Row { id, at, kind, credential, credential_id, subject_id, subject, address, browser });

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: row.at,
            kind: Kind::from(row.kind.as_str()),
            credential: row.credential,
            credential_id: row.credential_id,
            subject_id: row.subject_id,
            subject: row.subject,
            address: row.address,
            browser: row.browser,
        }
    }
}

pub(super) async fn insert(db: &Db, account: Uuid, event: Event) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "INSERT INTO activity
            (id, account_id, at, kind, credential, credential_id, subject_id, subject, address, browser)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        event.id,
        account,
        event.at,
        event.kind.as_str(),
        event.credential,
        event.credential_id,
        event.subject_id,
        event.subject,
        event.address,
        event.browser,
    )
}

pub(super) async fn list(db: &Db, account: Uuid, limit: i64) -> sqlx::Result<Vec<Event>> {
    let rows: Vec<Row> = read!(
        db,
        all,
        "SELECT id, at, kind, credential, credential_id, subject_id, subject, address, browser FROM activity
         WHERE account_id = $1 ORDER BY id DESC LIMIT $2",
        account,
        limit,
    )?;
    Ok(rows.into_iter().map(Event::from).collect())
}

pub(super) async fn sweep(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    change!(
        db,
        none,
        "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at < $1 ORDER BY at LIMIT $2)",
        before,
        batch,
    )
}
