//! The `outgoing_mails` table.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    db::{Db, execute, execute_now, fetch},
    timestamp::Timestamp,
};

/// A mail to be sent.
pub(super) struct New {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) content: String,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) request_id: Option<String>,
}

/// A mail that this instance sends until the claim ends.
#[derive(sqlx::FromRow)]
pub(super) struct Claimed {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) content: Option<String>,
    pub(super) attempts: i64,
    pub(super) created_at: Timestamp,
    pub(super) tried_from: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
}

/// A mail and what became of it, without what it says.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Listed {
    /// Its ID, which the log and the Message-ID have as well.
    pub id: Uuid,
    /// What it is about, such as `reset`.
    pub kind: String,
    /// The address it goes to.
    pub recipient: String,
    /// `waiting`, `sent`, `failed`, `expired`, `replaced` or `dropped`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, if it is waiting.
    pub due_at: Timestamp,
    /// What the mail server answered last, in its own words.
    pub answer: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When what it brings stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
    /// The ID of the request that it was written in, as in the log; `None` for one of a job or the command line.
    pub request_id: Option<String>,
    /// Whether what it says is still stored, so that it can be sent again.
    pub kept: bool,
}

pub(super) async fn insert(db: &Db, new: New, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO outgoing_mails (id, kind, recipient, content, state, priority, due_at, created_at, tried_from,
            expires_at, request_id)
         VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $6, $6, $7, $8)",
        new.id,
        new.kind,
        new.recipient,
        new.content,
        i64::from(new.expires_at.is_none()),
        now,
        new.expires_at,
        new.request_id,
    )
}

/// Ends older mails of the kind to the same address, but not one that is being sent.
pub(super) async fn replace_older(
    db: &Db,
    newest: Uuid,
    kind: String,
    recipient: String,
    now: Timestamp,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE outgoing_mails SET state = 'replaced', content = NULL, ended_at = $4
         WHERE recipient = $3 AND kind = $2 AND state = 'waiting' AND id <> $1 AND (claim IS NULL OR due_at <= $4)",
        newest,
        kind,
        recipient,
        now,
    )
}

/// Whether there is anything to claim.
pub(super) async fn is_due(db: &Db, now: Timestamp) -> sqlx::Result<bool> {
    let found: Option<(i32,)> =
        fetch!(db, optional, "SELECT 1 FROM outgoing_mails WHERE state = 'waiting' AND due_at <= $1 LIMIT 1", now)?;
    Ok(found.is_some())
}

/// Claims up to `most` mails that are due until `until`: each is given to one instance only.
pub(super) async fn claim(
    db: &Db,
    claim: Uuid,
    now: Timestamp,
    until: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<Claimed>> {
    const SQLITE: &str = "UPDATE outgoing_mails SET claim = $1, due_at = $3, attempts = attempts + 1
         WHERE id IN (SELECT id FROM outgoing_mails WHERE state = 'waiting' AND due_at <= $2
                      ORDER BY priority, due_at LIMIT $4)
         RETURNING id, kind, recipient, content, attempts, created_at, tried_from, expires_at";
    const POSTGRES: &str = "WITH due AS
            (SELECT id FROM outgoing_mails WHERE state = 'waiting' AND due_at <= $2
             ORDER BY priority, due_at LIMIT $4 FOR UPDATE SKIP LOCKED)
         UPDATE outgoing_mails SET claim = $1, due_at = $3, attempts = attempts + 1 FROM due
         WHERE outgoing_mails.id = due.id
         RETURNING outgoing_mails.id, kind, recipient, content, attempts, created_at, tried_from, expires_at";
    execute_now!(db, all, db.dialect(SQLITE, POSTGRES), claim, now, until, most)
}

/// Ends a claimed mail: what it says is forgotten. Nothing happens if the claim has ended and another instance has the
/// mail.
pub(super) async fn end(
    db: &Db,
    (id, claim): (Uuid, Uuid),
    state: &'static str,
    answer: String,
    now: Timestamp,
) -> sqlx::Result<u64> {
    execute_now!(
        db,
        affected,
        "UPDATE outgoing_mails SET state = $3, answer = $4, content = NULL, claim = NULL, ended_at = $5
         WHERE id = $1 AND claim = $2",
        id,
        claim,
        state,
        answer,
        now,
    )
}

/// Gives a claimed mail up. What it says is kept, so that it can be sent again.
pub(super) async fn fail(db: &Db, (id, claim): (Uuid, Uuid), answer: String, now: Timestamp) -> sqlx::Result<u64> {
    execute_now!(
        db,
        affected,
        "UPDATE outgoing_mails SET state = 'failed', answer = $3, claim = NULL, ended_at = $4
         WHERE id = $1 AND claim = $2",
        id,
        claim,
        answer,
        now,
    )
}

/// Puts a claimed mail back until `due_at`.
pub(super) async fn put_back(
    db: &Db,
    (id, claim): (Uuid, Uuid),
    answer: String,
    due_at: Timestamp,
) -> sqlx::Result<u64> {
    execute_now!(
        db,
        affected,
        "UPDATE outgoing_mails SET answer = $3, due_at = $4, claim = NULL WHERE id = $1 AND claim = $2",
        id,
        claim,
        answer,
        due_at,
    )
}

/// Ends up to `batch` mails whose link or code no longer works: those that wait, and what those say that failed.
pub(super) async fn expire(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE outgoing_mails SET content = NULL, ended_at = COALESCE(ended_at, $1),
            state = CASE WHEN state = 'waiting' THEN 'expired' ELSE state END
         WHERE id IN (SELECT id FROM outgoing_mails
                      WHERE content IS NOT NULL AND expires_at <= $1 AND (claim IS NULL OR due_at <= $1)
                      ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}

pub(super) async fn delete_ended(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM outgoing_mails WHERE id IN
            (SELECT id FROM outgoing_mails WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
        before,
        batch,
    )
}

/// What is in the queue.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Queue {
    /// Mails that wait to be sent.
    pub waiting: i64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
    /// Mails that were given up, and can be sent again.
    pub failed: i64,
}

/// Counts what waits and what was given up; both have an index.
pub(super) async fn queue(db: &Db, now: Timestamp) -> sqlx::Result<Queue> {
    fetch!(
        db,
        one,
        "SELECT (SELECT COUNT(*) FROM outgoing_mails WHERE state = 'waiting') AS waiting,
            (SELECT MIN(created_at) FROM outgoing_mails WHERE state = 'waiting') AS oldest,
            (SELECT COUNT(*) FROM outgoing_mails
             WHERE state = 'failed' AND content IS NOT NULL AND (expires_at IS NULL OR expires_at > $1)) AS failed",
        now,
    )
}

/// The newest first; with `recipient`, only those to that address; with `open`, only those that wait or failed.
pub(super) async fn list(db: &Db, recipient: Option<String>, open: bool, limit: i64) -> sqlx::Result<Vec<Listed>> {
    fetch!(
        db,
        all,
        "SELECT id, kind, recipient, state, attempts, due_at, answer, created_at, expires_at, ended_at,
            request_id, content IS NOT NULL AS kept
         FROM outgoing_mails
         WHERE ($1 IS NULL OR lower(recipient) = lower($1)) AND ($2 = FALSE OR state IN ('waiting', 'failed'))
         ORDER BY id DESC LIMIT $3",
        recipient.clone(),
        open,
        limit,
    )
}

pub(super) async fn find(db: &Db, id: Uuid) -> sqlx::Result<Option<Listed>> {
    fetch!(
        db,
        optional,
        "SELECT id, kind, recipient, state, attempts, due_at, answer, created_at, expires_at, ended_at,
            request_id, content IS NOT NULL AS kept
         FROM outgoing_mails WHERE id = $1",
        id,
    )
}

/// Lets mails that failed be sent again, and those that wait be sent now, from now on for a day; `id` only that one. One
/// that is being sent is left alone.
pub(super) async fn resend(db: &Db, id: Option<Uuid>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE outgoing_mails SET state = 'waiting', attempts = 0, due_at = $2, tried_from = $2, ended_at = NULL
         WHERE ($1 IS NULL OR id = $1) AND content IS NOT NULL AND (expires_at IS NULL OR expires_at > $2)
            AND (state = 'failed' OR state = 'waiting' AND (claim IS NULL OR due_at <= $2))",
        id,
        now,
    )
}

/// Drops the mail `id`, whether it waits or failed, or all that failed, and forgets what they say. One that is being sent
/// is left alone.
pub(super) async fn discard(db: &Db, id: Option<Uuid>, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE outgoing_mails SET state = 'dropped', content = NULL, claim = NULL, ended_at = COALESCE(ended_at, $2)
         WHERE ($1 IS NULL OR id = $1)
            AND (state = 'failed' OR $1 IS NOT NULL AND state = 'waiting' AND (claim IS NULL OR due_at <= $2))",
        id,
        now,
    )
}

/// Drops every mail that waits, and what failed ones say.
pub(super) async fn drop_all(db: &Db, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE outgoing_mails SET content = NULL, claim = NULL, ended_at = COALESCE(ended_at, $1),
            state = CASE WHEN state = 'waiting' THEN 'dropped' ELSE state END
         WHERE content IS NOT NULL OR state = 'waiting'",
        now,
    )
}
