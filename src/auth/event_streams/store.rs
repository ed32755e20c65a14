//! The table `changes`, which triggers write, and the credentials of open streams.

use std::collections::HashSet;

use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::{
    db::{Db, direct_row, execute, fetch, json_array, read},
    timestamp::Timestamp,
};

/// A change to an item of a resource.
#[derive(Debug, sqlx::FromRow)]
pub struct Change {
    /// Its number, of those of its account.
    pub id: i64,
    /// The name of the resource.
    pub resource: String,
    /// The id of the item.
    pub item_id: Uuid,
    /// The version that the item has now, or the last it had.
    pub version: i64,
    /// `created`, `updated` or `deleted`.
    pub kind: String,
}

direct_row!(Change { id, resource, item_id, version, kind });

/// The numbers of an account's changes.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Position {
    /// That of the newest.
    pub latest: i64,
    /// That of the oldest which is kept; one more than `latest` if none is.
    pub oldest: i64,
}

direct_row!(Position { latest, oldest });

/// Which changes of the account are kept; `None` if the account is gone.
pub(super) async fn position(db: &Db, account: Uuid) -> sqlx::Result<Option<Position>> {
    read!(
        db,
        optional,
        "SELECT last_change AS latest,
            COALESCE((SELECT MIN(id) FROM changes WHERE account_id = $1), last_change + 1) AS oldest
         FROM accounts WHERE id = $1",
        account,
    )
}

/// Up to `limit` of the account's changes after the one with the number `cursor`.
pub(super) async fn after(db: &Db, account: Uuid, cursor: i64, limit: i64) -> sqlx::Result<Vec<Change>> {
    read!(
        db,
        all,
        "SELECT id, resource, item_id, version, kind FROM changes
         WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        account,
        cursor,
        limit,
    )
}

/// Those of the accounts in `known` that have a newer change than that number, with the number of the newest.
pub(super) async fn newer(db: &Db, known: &[(Uuid, i64)]) -> sqlx::Result<Vec<(Uuid, i64)>> {
    const SQLITE: &str = "SELECT accounts.id, accounts.last_change
         FROM json_each($1) JOIN accounts ON accounts.id = unhex(value ->> 'id')
         WHERE accounts.last_change > value ->> 'latest'";
    const POSTGRES: &str = "SELECT accounts.id, accounts.last_change
         FROM json_to_recordset($1::text::json) AS known (id UUID, latest BIGINT)
            JOIN accounts ON accounts.id = known.id
         WHERE accounts.last_change > known.latest";
    let known = known.iter().map(|(id, latest)| json!({"id": id.simple().to_string(), "latest": latest}));
    let known = known.collect::<serde_json::Value>().to_string();
    fetch!(db, all, db.dialect(SQLITE, POSTGRES), known)
}

/// Those of `tokens` that work.
pub(super) async fn working_tokens(db: &Db, tokens: &[Uuid], now: Timestamp) -> sqlx::Result<HashSet<Uuid>> {
    const SQLITE: &str = "SELECT tokens.id
         FROM json_each($1) JOIN tokens ON tokens.id = unhex(value) JOIN accounts ON accounts.id = tokens.account_id
         WHERE tokens.revoked_at IS NULL AND tokens.expires_at > $2 AND accounts.disabled_at IS NULL
            AND (tokens.password_stamp IS NULL OR tokens.password_stamp = accounts.password_stamp)";
    const POSTGRES: &str = "SELECT tokens.id
         FROM json_array_elements_text($1::text::json) AS held (id) JOIN tokens ON tokens.id = held.id::uuid
            JOIN accounts ON accounts.id = tokens.account_id
         WHERE tokens.revoked_at IS NULL AND tokens.expires_at > $2 AND accounts.disabled_at IS NULL
            AND (tokens.password_stamp IS NULL OR tokens.password_stamp = accounts.password_stamp)";
    let rows: Vec<(Uuid,)> = fetch!(db, all, db.dialect(SQLITE, POSTGRES), json_array(tokens), now)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Those of `browsers` that are signed in, each with the stamp that its session has to remember.
pub(super) async fn signed_in(db: &Db, browsers: &[Uuid], now: Timestamp) -> sqlx::Result<Vec<(Uuid, Vec<u8>)>> {
    const SQLITE: &str = "SELECT browser_sessions.id, accounts.auth_stamp
         FROM json_each($1) JOIN browser_sessions ON browser_sessions.id = unhex(value)
            JOIN accounts ON accounts.id = browser_sessions.account_id
         WHERE browser_sessions.expires_at > $2 AND accounts.disabled_at IS NULL";
    const POSTGRES: &str = "SELECT browser_sessions.id, accounts.auth_stamp
         FROM json_array_elements_text($1::text::json) AS held (id)
            JOIN browser_sessions ON browser_sessions.id = held.id::uuid
            JOIN accounts ON accounts.id = browser_sessions.account_id
         WHERE browser_sessions.expires_at > $2 AND accounts.disabled_at IS NULL";
    fetch!(db, all, db.dialect(SQLITE, POSTGRES), json_array(browsers), now)
}

/// Deletes up to `batch` changes that are older than `days` days, and returns how many.
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM changes WHERE (account_id, id) IN
            (SELECT account_id, id FROM changes WHERE at < $1 ORDER BY at LIMIT $2)",
        db.now() + -Duration::days(days.into()),
        batch,
    )
}
