//! The `activity` table. No statement changes a row.

use serde_json::json;
use uuid::Uuid;

use super::Event;
use crate::{
    db::{BatchInsert, Db, Row, execute, fetch},
    timestamp::Timestamp,
};

/// Events of an account that is deleted before they are written are dropped.
static INSERT: BatchInsert = BatchInsert {
    sqlite: "INSERT INTO activity
            (id, account_id, at, kind, credential, credential_id, subject_id, subject, address, browser)
         SELECT unhex(value ->> 'id'), accounts.id, value ->> 'at', value ->> 'kind', value ->> 'credential',
            unhex(value ->> 'credential_id'), unhex(value ->> 'subject_id'), value ->> 'subject', value ->> 'address',
            value ->> 'browser'
         FROM json_each($1) JOIN accounts ON accounts.id = unhex(value ->> 'account_id')",
    postgres: "INSERT INTO activity
            (id, account_id, at, kind, credential, credential_id, subject_id, subject, address, browser)
         SELECT event.id, accounts.id, TIMESTAMPTZ 'epoch' + event.at * INTERVAL '1 microsecond', event.kind,
            event.credential, event.credential_id, event.subject_id, event.subject, event.address, event.browser
         FROM json_to_recordset($1::text::json) AS event (id UUID, account_id UUID, at BIGINT, kind TEXT,
                credential TEXT, credential_id UUID, subject_id UUID, subject TEXT, address TEXT, browser TEXT)
            JOIN accounts ON accounts.id = event.account_id",
};

/// Queues `event` to be written after the request.
pub(crate) fn insert(db: &Db, account: Uuid, event: &Event) {
    let id = |id: Uuid| id.simple().to_string();
    let row = json!({
        "id": id(event.id),
        "account_id": id(account),
        "at": i64::try_from(event.at.get().unix_timestamp_nanos() / 1_000).unwrap_or_default(),
        "kind": event.kind.as_str(),
        "credential": event.credential,
        "credential_id": event.credential_id.map(id),
        "subject_id": event.subject_id.map(id),
        "subject": event.subject,
        "address": event.address,
        "browser": event.browser,
    });
    db.write_later(Row { insert: &INSERT, id: event.id, json: row.to_string() });
}

/// The newest `limit` events before the event `before`, newest first.
pub(crate) async fn list(db: &Db, account: Uuid, before: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<Event>> {
    fetch!(
        db,
        all,
        "SELECT id, at, kind, credential, credential_id, subject_id, subject, address, browser FROM activity
         WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        account,
        before.unwrap_or(Uuid::max()),
        limit,
    )
}

pub(crate) async fn delete_expired(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at < $1 ORDER BY at LIMIT $2)",
        before,
        batch,
    )
}
