//! The SQL of the `notes` table. Every statement names the account, so another account's notes are never found.

use uuid::Uuid;

use super::Note;
use crate::{
    db::{Db, Searching, direct_row, execute, fetch, json_array, read},
    http::list::{Position, Selection, Sort},
    timestamp::Timestamp,
};

direct_row!(Note { id, title, body, version, created_at, updated_at });

/// A statement: what comes before all columns of a note, the columns, and what comes after them.
macro_rules! with_columns {
    ($before:literal $(, $after:literal)?) => {
        concat!($before, " id, title, body, version, created_at, updated_at ", $($after)?)
    };
}

/// Inserts the note, unless the account already has `limit` notes.
///
/// One statement, so that parallel requests cannot exceed the limit (S54). SQLite has one writer. In PostgreSQL each
/// request waits for the lock on the account's row, and counts once it holds it: `notes_kept`, a
/// function of the migration, is volatile, so it sees what was committed while the statement waited.
pub(super) async fn insert(db: &Db, account: Uuid, note: Note, limit: i64) -> sqlx::Result<Option<Note>> {
    const SQLITE: &str = with_columns!(
        "INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
         SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM notes WHERE account_id = $2) < $8
         RETURNING"
    );
    const POSTGRES: &str = with_columns!(
        "WITH owner AS (SELECT id FROM accounts WHERE id = $2 FOR NO KEY UPDATE)
         INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
         SELECT $1, owner.id, $3, $4, $5, $6, $7 FROM owner WHERE notes_kept(owner.id) < $8
         RETURNING"
    );
    execute!(
        db,
        optional,
        db.dialect(SQLITE, POSTGRES),
        note.id,
        account,
        note.title,
        note.body,
        note.version,
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

const NEWEST: &str = with_columns!("SELECT", "FROM notes WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");

const LATEST_CHANGE: &str = with_columns!(
    "SELECT",
    "FROM notes WHERE account_id = $1 AND (updated_at, id) < ($2, $3) AND updated_at >= $4
     ORDER BY updated_at DESC, id DESC LIMIT $5"
);

const EARLIEST_CHANGE: &str = with_columns!(
    "SELECT",
    "FROM notes WHERE account_id = $1 AND (updated_at, id) > ($2, $3) ORDER BY updated_at, id LIMIT $4"
);

/// Where a note is in a list.
pub(super) fn position(note: &Note) -> Position {
    Position { updated_at: note.updated_at, id: note.id }
}

/// Up to `limit` notes of the `selection`. `$db` is the database, or a search.
macro_rules! selected {
    ($db:expr, $newest:ident, $account:expr, $selection:expr, $limit:expr) => {{
        let Selection { sort, since, after, .. } = *$selection;
        match sort {
            Sort::NewestFirst => $newest!($db, all, NEWEST, $account, after.id, $limit),
            Sort::LatestChangeFirst => {
                fetch!($db, all, LATEST_CHANGE, $account, after.updated_at, after.id, since, $limit)
            }
            Sort::EarliestChangeFirst => {
                fetch!($db, all, EARLIEST_CHANGE, $account, after.updated_at, after.id, $limit)
            }
        }
    }};
}

/// Up to `limit` notes of the `selection`.
pub(super) async fn list(db: &Db, account: Uuid, selection: &Selection, limit: i64) -> sqlx::Result<Vec<Note>> {
    selected!(db, read, account, selection, limit)
}

/// For `search.rs`. Searches have connections of their own, so that a long one does not block other requests.
pub(super) async fn batch(
    searching: &Searching,
    account: Uuid,
    selection: &Selection,
    limit: i64,
) -> sqlx::Result<Vec<Note>> {
    selected!(searching, fetch, account, selection, limit)
}

const COUNT: &str = "SELECT count(*) FROM notes WHERE account_id = $1 AND updated_at >= $2";

/// How many notes changed at `since` or later.
pub(super) async fn count(db: &Db, account: Uuid, since: Timestamp) -> sqlx::Result<i64> {
    let (count,): (i64,) = fetch!(db, one, COUNT, account, since)?;
    Ok(count)
}

/// The note `id`, if it is the account's.
pub(super) async fn find(db: &Db, account: Uuid, id: Uuid) -> sqlx::Result<Option<Note>> {
    read!(db, optional, with_columns!("SELECT", "FROM notes WHERE id = $1 AND account_id = $2"), id, account)
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
) -> sqlx::Result<Option<Note>> {
    const SQL: &str = with_columns!(
        "UPDATE notes SET title = COALESCE($1, title), body = COALESCE($2, body),
            version = CASE WHEN title = COALESCE($1, title) AND body = COALESCE($2, body)
                THEN version ELSE version + 1 END,
            updated_at = CASE WHEN title = COALESCE($1, title) AND body = COALESCE($2, body)
                THEN updated_at ELSE $3 END
         WHERE id = $4 AND account_id = $5 AND version = COALESCE($6, version)
         RETURNING"
    );
    execute!(db, optional, SQL, title, body, now, id, account, version)
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

/// Deletes those of `ids` that are the account's, in one statement, and returns them. PostgreSQL locks them in the
/// order of their ids, so that two requests with the same notes cannot each wait for the other.
pub(super) async fn delete_many(db: &Db, account: Uuid, ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    const SQLITE: &str = "DELETE FROM notes WHERE account_id = $1
         AND id IN (SELECT unhex(value) FROM json_each($2)) RETURNING id";
    const POSTGRES: &str = "WITH locked AS (SELECT id FROM notes WHERE account_id = $1
            AND id IN (SELECT value::uuid FROM json_array_elements_text($2::text::json)) ORDER BY id FOR UPDATE)
         DELETE FROM notes WHERE id IN (SELECT id FROM locked) RETURNING id";
    let sql = db.dialect(SQLITE, POSTGRES);
    let deleted: Vec<(Uuid,)> = execute!(db, all, sql, account, json_array(ids))?;
    Ok(deleted.into_iter().map(|(id,)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Clock;

    /// A page costs the same wherever it is in the list, and however few notes changed since.
    #[tokio::test]
    async fn a_page_is_read_from_its_place_on() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("own.db").display());
        let db = Db::open(&url, Clock::default()).await.unwrap();
        let from = "SEARCH notes USING INDEX notes_changes (account_id=? AND";
        for (sql, plan) in [
            (NEWEST, "SEARCH notes USING INDEX notes_account (account_id=? AND id<?)".to_owned()),
            (LATEST_CHANGE, format!("{from} updated_at>? AND (updated_at,id)<(?,?))")),
            (EARLIEST_CHANGE, format!("{from} (updated_at,id)>(?,?))")),
            (COUNT, "SEARCH notes USING COVERING INDEX notes_changes (account_id=? AND updated_at>?)".into()),
        ] {
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let steps: Vec<(i64, i64, i64, String)> = fetch!(db, all, &explain).unwrap();
            let steps: Vec<_> = steps.into_iter().map(|(.., step)| step).collect();
            assert_eq!(steps, [plan], "{sql}");
        }
        db.close().await;
    }
}
