//! SQL on the table `idempotency`.

use uuid::Uuid;

use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

#[derive(sqlx::FromRow)]
pub(crate) struct Kept {
    pub fingerprint: Vec<u8>,
    pub subject_id: Uuid,
    pub answer: Option<String>,
}

/// Stores the key, and returns whether it was new.
pub(crate) async fn claim(
    db: &Db,
    key: Vec<u8>,
    account: Uuid,
    fingerprint: Vec<u8>,
    subject: Uuid,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let rows = execute!(
        db,
        affected,
        "INSERT INTO idempotency (key, account_id, fingerprint, subject_id, begun_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (key) DO NOTHING",
        key,
        account,
        fingerprint,
        subject,
        now,
    );
    rows.map(|rows| rows > 0)
}

pub(crate) async fn find(db: &Db, key: Vec<u8>) -> sqlx::Result<Option<Kept>> {
    fetch!(db, optional, "SELECT fingerprint, subject_id, answer FROM idempotency WHERE key = $1", key)
}

/// Claims a key whose request began before `before` and never finished, and returns whether it did.
pub(crate) async fn take_over(db: &Db, key: Vec<u8>, before: Timestamp, now: Timestamp) -> sqlx::Result<bool> {
    let rows = execute!(
        db,
        affected,
        "UPDATE idempotency SET begun_at = $3 WHERE key = $1 AND answer IS NULL AND begun_at <= $2",
        key,
        before,
        now,
    );
    rows.map(|rows| rows > 0)
}

pub(crate) async fn finish(db: &Db, key: Vec<u8>, answer: String) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE idempotency SET answer = $2 WHERE key = $1", key, answer)
}

pub(crate) async fn give_up(db: &Db, key: Vec<u8>) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM idempotency WHERE key = $1 AND answer IS NULL", key)
}

pub(crate) async fn delete_expired(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM idempotency WHERE key IN
            (SELECT key FROM idempotency WHERE begun_at < $1 ORDER BY begun_at LIMIT $2)",
        before,
        batch,
    )
}
