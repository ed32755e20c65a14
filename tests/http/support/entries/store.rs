//! The SQL of the table `entries`, which the harness creates, and the rules.

use uuid::Uuid;
use vestibule::{
    db::{Db, execute, fetch, is_unique_violation},
    http::problem::{FieldError, Problem},
    text::is_blank,
};

use super::{Draft, Entry};

const BODY_MAX: usize = 20_000;

/// Creates the table, unless it is there.
pub async fn create_table(db: &Db) {
    const SQLITE: &str = "CREATE TABLE IF NOT EXISTS entries (id BLOB PRIMARY KEY NOT NULL,
        account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, title TEXT NOT NULL, body TEXT NOT NULL,
        version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT";
    const POSTGRES: &str = "CREATE TABLE IF NOT EXISTS entries (id UUID PRIMARY KEY,
        account_id UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, title TEXT NOT NULL, body TEXT NOT NULL,
        version BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL, updated_at TIMESTAMPTZ NOT NULL)";
    execute!(db, affected, db.dialect(SQLITE, POSTGRES)).unwrap();
    for (sqlite, postgres) in TRIGGERS {
        execute!(db, affected, db.dialect(sqlite, postgres)).unwrap();
    }
}

/// Records changes of one kind, for `GET events`: the statements for SQLite and for PostgreSQL.
macro_rules! trigger {
    ($kind:literal, $after:literal, $row:literal) => {
        (
            concat!(
                "CREATE TRIGGER IF NOT EXISTS entries_",
                $kind,
                " AFTER ",
                $after,
                " ON entries BEGIN
                    INSERT INTO changes (account_id, id, resource, item_id, version, kind, at)
                    SELECT id, last_change + 1, 'entries', ",
                $row,
                ".id, ",
                $row,
                ".version, '",
                $kind,
                "',
                        unixepoch() * 1000000
                    FROM accounts WHERE id = ",
                $row,
                ".account_id; END"
            ),
            concat!(
                "CREATE OR REPLACE TRIGGER entries_",
                $kind,
                " AFTER ",
                $after,
                " ON entries
                    FOR EACH ROW EXECUTE FUNCTION record_change('entries')"
            ),
        )
    };
}

const TRIGGERS: [(&str, &str); 3] =
    [trigger!("created", "INSERT", "NEW"), trigger!("updated", "UPDATE", "NEW"), trigger!("deleted", "DELETE", "OLD")];

pub(super) async fn list(db: &Db, account: Uuid, before: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let sql = "SELECT id, title, body, version, created_at, updated_at FROM entries
         WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    fetch!(db, all, sql, account, before.unwrap_or(Uuid::max()), limit)
}

pub(super) async fn find(db: &Db, account: Uuid, id: Uuid) -> Result<Entry, Problem> {
    let sql = "SELECT id, title, body, version, created_at, updated_at FROM entries WHERE id = $1 AND account_id = $2";
    let found: Option<Entry> = fetch!(db, optional, sql, id, account)?;
    found.ok_or(Problem::NotFound)
}

/// Creates an entry with the id `id`, or gives the one that an earlier attempt of the same request created.
pub(super) async fn insert(db: &Db, account: Uuid, id: Uuid, draft: Draft) -> Result<Entry, Problem> {
    Problem::unless(errors(Some(&draft.title), Some(&draft.body)), ())?;
    let sql = "INSERT INTO entries (id, account_id, title, body, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 1, $5, $5) RETURNING id, title, body, version, created_at, updated_at";
    let made: sqlx::Result<Entry> = execute!(db, one, sql, id, account, draft.title, draft.body, db.now());
    match made {
        Err(error) if is_unique_violation(&error) => find(db, account, id).await,
        made => Ok(made?),
    }
}

/// Changes the fields that are given; with a `version`, only if the entry still has it.
pub(super) async fn update(
    db: &Db,
    account: Uuid,
    id: Uuid,
    version: Option<i64>,
    title: Option<String>,
    body: Option<String>,
) -> Result<Entry, Problem> {
    Problem::unless(errors(title.as_deref(), body.as_deref()), ())?;
    let sql = "UPDATE entries SET title = COALESCE($1, title), body = COALESCE($2, body), version = version + 1,
            updated_at = $3
         WHERE id = $4 AND account_id = $5 AND version = COALESCE($6, version)
         RETURNING id, title, body, version, created_at, updated_at";
    let changed: Option<Entry> = execute!(db, optional, sql, title, body, db.now(), id, account, version)?;
    match changed {
        Some(changed) => Ok(changed),
        None => Err(Problem::PreconditionFailed(find(db, account, id).await?.version)),
    }
}

pub(super) async fn delete(db: &Db, account: Uuid, id: Uuid, version: Option<i64>) -> Result<(), Problem> {
    let sql = "DELETE FROM entries WHERE id = $1 AND account_id = $2 AND version = COALESCE($3, version)";
    if execute!(db, affected, sql, id, account, version)? == 0 {
        let current = find(db, account, id).await?;
        return Err(Problem::PreconditionFailed(current.version));
    }
    Ok(())
}

/// What is wrong with the fields that are given.
pub(super) fn errors(title: Option<&str>, body: Option<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if title.is_some_and(|title| is_blank(title) || title.contains('\0')) {
        errors.push(FieldError::required("title", "Enter a title."));
    }
    if body.is_some_and(|body| body.contains('\0')) {
        errors.push(FieldError::new("body", "Enter a text without NUL."));
    }
    let length = body.map(|body| body.chars().count()).unwrap_or_default();
    if length > BODY_MAX {
        errors.push(FieldError::too_long("body", "Enter at most 20,000 characters.", BODY_MAX, length));
    }
    errors
}
