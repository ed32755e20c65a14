//! The tokens table. It holds hashes; the doors look tokens up by them.

use uuid::Uuid;

use super::Token;
use crate::{
    db::{Db, change, columns, read},
    timestamp::Timestamp,
};

struct Row {
    id: Uuid,
    name: String,
    scopes: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

columns!(Row { id, name, scopes, created_at, expires_at, last_used_at });

impl From<Row> for Token {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes.into(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

pub(super) async fn insert(
    db: &Db,
    account: Uuid,
    token: Token,
    hash: Vec<u8>,
    issued_by: &'static str,
) -> sqlx::Result<Token> {
    let row: sqlx::Result<Row> = change!(
        db,
        one,
        "INSERT INTO tokens (id, account_id, name, hash, scopes, issued_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id, name, scopes, created_at, expires_at, last_used_at",
        token.id,
        account,
        token.name,
        hash,
        token.scopes.to_string(),
        issued_by,
        token.created_at,
        token.expires_at,
    );
    row.map(Token::from)
}

pub(super) async fn list(db: &Db, account: Uuid) -> sqlx::Result<Vec<Token>> {
    let rows: Vec<Row> = read!(
        db,
        all,
        "SELECT id, name, scopes, created_at, expires_at, last_used_at FROM tokens
         WHERE account_id = $1 AND revoked_at IS NULL ORDER BY id DESC",
        account,
    )?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// The token, if it was not revoked before.
pub(super) async fn revoke(db: &Db, account: Uuid, id: Uuid, now: Timestamp) -> sqlx::Result<Option<Token>> {
    let row: sqlx::Result<Option<Row>> = change!(
        db,
        optional,
        "UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND account_id = $3 AND revoked_at IS NULL
         RETURNING id, name, scopes, created_at, expires_at, last_used_at",
        now,
        id,
        account,
    );
    Ok(row?.map(Token::from))
}

pub(super) async fn revoke_all(db: &Db, account: Uuid, now: Timestamp) -> sqlx::Result<Vec<Token>> {
    let rows: sqlx::Result<Vec<Row>> = change!(
        db,
        all,
        "UPDATE tokens SET revoked_at = $1 WHERE account_id = $2 AND revoked_at IS NULL
         RETURNING id, name, scopes, created_at, expires_at, last_used_at",
        now,
        account,
    );
    Ok(rows?.into_iter().map(Token::from).collect())
}
