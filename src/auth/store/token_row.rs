//! A row of the `tokens` table, as the store and the token door read it.

use uuid::Uuid;

use crate::{auth::Token, db::direct_row, timestamp::Timestamp};

/// The columns of a [`Row`].
macro_rules! token_columns {
    () => {
        "id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, last_used_at, \
         last_used_from, revoked_at, jkt"
    };
}

pub(super) use token_columns;

/// The columns of a [`Token`].
#[derive(Debug, sqlx::FromRow)]
pub struct Row {
    id: Uuid,
    name: String,
    scopes: String,
    origins: String,
    issued_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    ends_at: Timestamp,
    renew_days: i64,
    last_used_at: Option<Timestamp>,
    last_used_from: String,
    revoked_at: Option<Timestamp>,
    jkt: Option<String>,
}

direct_row!(Row {
    id,
    name,
    scopes,
    origins,
    issued_by,
    created_at,
    expires_at,
    ends_at,
    renew_days,
    last_used_at,
    last_used_from,
    revoked_at,
    jkt,
});

impl From<Row> for Token {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes.into(),
            origins: row.origins.split_whitespace().map(str::to_owned).collect(),
            issued_by: row.issued_by.as_str().into(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            ends_at: row.ends_at,
            renew_days: u32::try_from(row.renew_days).ok().filter(|days| *days > 0),
            last_used_at: row.last_used_at,
            last_used_from: Some(row.last_used_from).filter(|address| !address.is_empty()),
            revoked_at: row.revoked_at,
            key_thumbprint: row.jkt,
        }
    }
}
