//! The tokens table. It holds hashes; the doors look tokens up by them.

use uuid::Uuid;

use super::{Token, row::Row};
use crate::{
    db::{Db, change, columns, read},
    timestamp::Timestamp,
};

/// A token to come.
pub(super) struct New {
    pub account: Uuid,
    /// The token that makes it.
    pub parent: Option<Uuid>,
    pub token: Token,
    pub hash: Vec<u8>,
    /// How many days before its end the owner is told.
    pub warn_days: i64,
    /// How many that work the account may have.
    pub limit: i64,
}

/// Makes the token, unless the account has as many as it may have, or the token that makes it was revoked meanwhile.
///
/// It is one statement, so that of many at once only those are made for which there is room (S54). SQLite has one writer.
/// In PostgreSQL the others wait for the account's row, and count when they have it.
pub(super) async fn insert(db: &Db, new: New) -> sqlx::Result<Option<Token>> {
    const SQLITE: &str = "INSERT INTO tokens
            (id, account_id, parent_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at,
             renew_days, warn_days)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         WHERE (SELECT count(*) FROM tokens
                WHERE account_id = $2 AND issued_by <> 'login' AND revoked_at IS NULL AND expires_at > $9) < $14
            AND ($3 IS NULL OR EXISTS (SELECT 1 FROM tokens WHERE id = $3 AND revoked_at IS NULL))
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
             last_used_from, revoked_at";
    const POSTGRES: &str = "WITH owner AS (SELECT id FROM accounts WHERE id = $2 FOR NO KEY UPDATE),
            parent AS (SELECT id FROM tokens WHERE id = $3 AND revoked_at IS NULL FOR SHARE)
         INSERT INTO tokens
            (id, account_id, parent_id, name, hash, scopes, origins, issued_by, created_at, expires_at, ends_at,
             renew_days, warn_days)
         SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM owner
         WHERE tokens_at_work(owner.id, $9) < $14 AND ($3 IS NULL OR EXISTS (SELECT 1 FROM parent))
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
             last_used_from, revoked_at";
    let New { account, parent, token, hash, warn_days, limit } = new;
    let row: sqlx::Result<Option<Row>> = change!(
        db,
        optional,
        db.dialect(SQLITE, POSTGRES),
        token.id,
        account,
        parent,
        token.name,
        hash,
        token.scopes.to_string(),
        token.origins.join(" "),
        token.issued_by.as_str(),
        token.created_at,
        token.expires_at,
        token.ends_at,
        token.renew_days.map_or(0, i64::from),
        warn_days,
        limit,
    );
    Ok(row?.map(Token::from))
}

/// Those that work, the newest first.
pub(super) async fn at_work(db: &Db, account: Uuid, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = read!(
        db,
        all,
        "SELECT id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at
         FROM tokens WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC",
        account,
        now,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// The one with `hash`, if it works.
pub(super) async fn find(db: &Db, account: Uuid, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<Token>> {
    let row: Option<Row> = read!(
        db,
        optional,
        "SELECT id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at
         FROM tokens WHERE hash = $2 AND account_id = $1 AND revoked_at IS NULL AND expires_at > $3",
        account,
        hash,
        now,
    )?;
    Ok(row.map(Token::from))
}

/// The newest `limit` of those that have ended.
pub(super) async fn ended(db: &Db, account: Uuid, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = read!(
        db,
        all,
        "SELECT id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at
         FROM tokens WHERE account_id = $1 AND (revoked_at IS NOT NULL OR expires_at <= $2) ORDER BY id DESC LIMIT $3",
        account,
        now,
        limit,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// The token, if it worked until now.
pub(super) async fn revoke(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<Option<Token>> {
    let row: sqlx::Result<Option<Row>> = change!(
        db,
        optional,
        "UPDATE tokens SET revoked_at = $1
         WHERE id = $2 AND account_id = $3 AND revoked_at IS NULL AND expires_at > $1
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at",
        now,
        id,
        account,
    );
    Ok(row?.map(Token::from))
}

/// Those that worked until now and were made by the token `id`, or by one that it made.
pub(super) async fn revoke_made_by(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = change!(
        db,
        all,
        "WITH RECURSIVE made (id) AS (
            SELECT id FROM tokens WHERE parent_id = $2
            UNION SELECT tokens.id FROM tokens JOIN made ON tokens.parent_id = made.id)
         UPDATE tokens SET revoked_at = $1
         WHERE id IN (SELECT id FROM made) AND account_id = $3 AND revoked_at IS NULL AND expires_at > $1
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at",
        now,
        id,
        account,
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// All that worked until now, but `kept`.
pub(super) async fn revoke_all(db: &Db, account: Uuid, kept: Option<Uuid>, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = change!(
        db,
        all,
        "UPDATE tokens SET revoked_at = $1
         WHERE account_id = $2 AND id <> $3 AND revoked_at IS NULL AND expires_at > $1
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at",
        now,
        account,
        kept.unwrap_or_default(),
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// Those of `POST login` that worked until now, but the newest `kept`.
pub(super) async fn revoke_old_logins(db: &Db, account: Uuid, kept: i64, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = change!(
        db,
        all,
        "UPDATE tokens SET revoked_at = $1
         WHERE account_id = $2 AND issued_by = 'login' AND revoked_at IS NULL AND expires_at > $1
            AND id NOT IN (
                SELECT id FROM tokens
                WHERE account_id = $2 AND issued_by = 'login' AND revoked_at IS NULL AND expires_at > $1
                ORDER BY id DESC LIMIT $3)
         RETURNING id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at,
            last_used_from, revoked_at",
        now,
        account,
        kept,
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}

/// A token and whom to tell about it.
pub(super) struct Owned {
    pub id: Uuid,
    pub account_id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
    pub ends_at: Timestamp,
}

columns!(Owned { id, account_id, email, name, created_at, ends_at });

/// Revokes the token with this hash, if it worked until now.
pub(super) async fn revoke_found(db: &Db, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<Owned>> {
    change!(
        db,
        optional,
        "UPDATE tokens SET revoked_at = $1 WHERE hash = $2 AND revoked_at IS NULL AND expires_at > $1
         RETURNING id, account_id, name, created_at, ends_at,
            (SELECT email FROM accounts WHERE accounts.id = tokens.account_id) AS email",
        now,
        hash,
    )
}

/// Claims up to `batch` tokens that end between `from` and `until` and whose owners are still to be told so many days
/// before, and leaves `next` to come. The condition stands outside as well: of two instances that choose the same, the
/// second sees what the first has written.
pub(super) async fn claim_warnings(
    db: &Db,
    days: i64,
    next: i64,
    (from, until): (Timestamp, Timestamp),
    batch: i64,
) -> sqlx::Result<Vec<Owned>> {
    change!(
        db,
        all,
        "UPDATE tokens SET warn_days = $2
         WHERE warn_days >= $1 AND id IN (
            SELECT id FROM tokens
            WHERE warn_days > 0 AND warn_days >= $1 AND ends_at > $3 AND ends_at <= $4 AND revoked_at IS NULL
                AND expires_at > $3
            ORDER BY ends_at LIMIT $5)
         RETURNING id, account_id, name, created_at, ends_at,
            (SELECT email FROM accounts WHERE accounts.id = tokens.account_id) AS email",
        days,
        next,
        from,
        until,
        batch,
    )
}

/// Those that expired before `before`, or were revoked before.
pub(super) async fn sweep(db: &Db, before: Timestamp, batch: i64) -> sqlx::Result<u64> {
    let revoked = change!(
        db,
        none,
        "DELETE FROM tokens WHERE id IN
            (SELECT id FROM tokens WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2)",
        before,
        batch,
    )?;
    let expired = change!(
        db,
        none,
        "DELETE FROM tokens WHERE id IN
            (SELECT id FROM tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before,
        batch,
    )?;
    Ok(revoked.max(expired))
}
