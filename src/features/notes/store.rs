//! The SQL of the `notes` table. Every statement names the account, so another account's notes are never found.

use uuid::Uuid;

use super::Note;
use crate::{
    db::{Db, Searching, direct_row, execute, fetch, read},
    timestamp::Timestamp,
};

/// A note and its version, which becomes its `ETag`.
#[derive(Debug, sqlx::FromRow)]
pub struct Versioned {
    /// The note.
    #[sqlx(flatten)]
    pub note: Note,
    /// Grows by one with each change.
    pub version: i64,
}

direct_row!(Note { id, title, body, created_at, updated_at });
direct_row!(Versioned { ..note, version });

/// Inserts the note, unless the account already has `limit` notes.
///
/// One statement, so that parallel requests cannot exceed the limit (S54). SQLite has one writer. In PostgreSQL each
/// request waits for the lock on the account's row, and counts once it holds it: `notes_kept`, a
/// function of the migration, is volatile, so it sees what was committed while the statement waited.
pub(super) async fn insert(db: &Db, account: Uuid, note: Note, limit: i64) -> sqlx::Result<Option<Versioned>> {
    const SQLITE: &str = "INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
         SELECT $1, $2, $3, $4, 1, $5, $6 WHERE (SELECT count(*) FROM notes WHERE account_id = $2) < $7
         RETURNING id, title, body, version, created_at, updated_at";
    const POSTGRES: &str = "WITH owner AS (SELECT id FROM accounts WHERE id = $2 FOR NO KEY UPDATE)
         INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
         SELECT $1, owner.id, $3, $4, 1, $5, $6 FROM owner WHERE notes_kept(owner.id) < $7
         RETURNING id, title, body, version, created_at, updated_at";
    execute!(
        db,
        optional,
        db.dialect(SQLITE, POSTGRES),
        note.id,
        account,
        note.title,
        note.body,
        note.created_at,
        note.updated_at,
        limit,
    )
}

/// Whether the account still exists.
pub(super) async fn has_owner(db: &Db, account: Uuid) -> sqlx::Result<bool> {
    let found: Option<(Uuid,)> = fetch!(db, optional, "SELECT id FROM accounts WHERE id = $1", account)?;
    Ok(found.is_some())
}

const OLDER: &str = "SELECT id, title, body, created_at, updated_at FROM notes
     WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

/// Up to `limit` notes older than `before`, or the newest without it.
pub(super) async fn list(db: &Db, account: Uuid, before: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<Note>> {
    read!(db, all, OLDER, account, before.unwrap_or(Uuid::max()), limit)
}

/// For `search.rs`. Searches have connections of their own, so that a long one does not block other requests.
pub(super) async fn batch(
    searching: &Searching,
    account: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Note>> {
    fetch!(searching, all, OLDER, account, before.unwrap_or(Uuid::max()), limit)
}

/// The note `id`, if it is the account's.
pub(super) async fn find(db: &Db, account: Uuid, id: Uuid) -> sqlx::Result<Option<Versioned>> {
    read!(
        db,
        optional,
        "SELECT id, title, body, created_at, updated_at, version FROM notes WHERE id = $1 AND account_id = $2",
        id,
        account,
    )
}

/// Updates the fields that are given. Equal values create no new version. With a `version`, only if the note still has
/// it: one statement, so that of several parallel updates one wins (S54).
pub(super) async fn update(
    db: &Db,
    account: Uuid,
    id: Uuid,
    version: Option<i64>,
    title: Option<String>,
    body: Option<String>,
    now: Timestamp,
) -> sqlx::Result<Option<Versioned>> {
    execute!(
        db,
        optional,
        "UPDATE notes SET title = COALESCE($1, title), body = COALESCE($2, body),
            version = CASE WHEN title = COALESCE($1, title) AND body = COALESCE($2, body)
                THEN version ELSE version + 1 END,
            updated_at = CASE WHEN title = COALESCE($1, title) AND body = COALESCE($2, body)
                THEN updated_at ELSE $3 END
         WHERE id = $4 AND account_id = $5 AND version = COALESCE($6, version)
         RETURNING id, title, body, version, created_at, updated_at",
        title,
        body,
        now,
        id,
        account,
        version,
    )
}

pub(super) async fn delete(db: &Db, account: Uuid, id: Uuid, version: Option<i64>) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM notes WHERE id = $1 AND account_id = $2 AND version = COALESCE($3, version)",
        id,
        account,
        version,
    )
}
