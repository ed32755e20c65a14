//! The statements of `src/features/notes/store.rs` for one account, and the same JSON.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{pools::Pools, timestamp::Timestamp};

/// The page size, and one more row to tell whether there is a next page.
const LIMIT: i64 = 21;

#[derive(Clone)]
pub struct Floor {
    pub pools: Pools,
    pub account: Uuid,
}

#[derive(Serialize, sqlx::FromRow)]
pub struct Note {
    id: Uuid,
    title: String,
    body: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
pub struct Page {
    items: Vec<Note>,
    next_cursor: Option<Uuid>,
    total: Option<i64>,
}

#[derive(Serialize, sqlx::FromRow)]
pub struct Account {
    id: Uuid,
    email: String,
    name: String,
    created_at: Timestamp,
}

#[derive(Deserialize)]
pub struct Draft {
    title: String,
    body: String,
}

/// Runs a statement on the pool of the database, or on SQLite's pool of that name.
macro_rules! fetch {
    ($floor:expr, $pool:ident, $sql:expr $(, $value:expr)*) => {
        match &$floor.pools {
            Pools::Sqlite { $pool, .. } => sqlx::query_as($sql)$(.bind($value))*.fetch_all($pool).await,
            Pools::Postgres(pool) => sqlx::query_as($sql)$(.bind($value))*.fetch_all(pool).await,
        }
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    };
}

pub async fn me(State(floor): State<Floor>) -> Result<Json<Account>, StatusCode> {
    let sql = "SELECT id, email, name, created_at FROM accounts WHERE id = $1";
    let mut rows: Vec<Account> = fetch!(floor, reader, sql, floor.account)?;
    rows.pop().map(Json).ok_or(StatusCode::NOT_FOUND)
}

pub async fn list(State(floor): State<Floor>) -> Result<Json<Page>, StatusCode> {
    let sql = "SELECT id, title, body, version, created_at, updated_at FROM notes
         WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let mut items: Vec<Note> = fetch!(floor, reader, sql, floor.account, Uuid::max(), LIMIT)?;
    let next_cursor = if items.len() == 21 { items.pop().map(|_| items[19].id) } else { None };
    Ok(Json(Page { items, next_cursor, total: None }))
}

pub async fn show(State(floor): State<Floor>, Path(id): Path<Uuid>) -> Result<Json<Note>, StatusCode> {
    let sql = "SELECT id, title, body, version, created_at, updated_at FROM notes WHERE id = $1 AND account_id = $2";
    let mut rows: Vec<Note> = fetch!(floor, reader, sql, id, floor.account)?;
    rows.pop().map(Json).ok_or(StatusCode::NOT_FOUND)
}

pub async fn create(
    State(floor): State<Floor>,
    Json(Draft { title, body }): Json<Draft>,
) -> Result<(StatusCode, Json<Note>), StatusCode> {
    let now = Timestamp(OffsetDateTime::now_utc());
    let sql = "INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 1, $5, $5) RETURNING id, title, body, version, created_at, updated_at";
    let mut rows: Vec<Note> = fetch!(floor, writer, sql, Uuid::now_v7(), floor.account, &title, &body, now)?;
    rows.pop().map(|note| (StatusCode::CREATED, Json(note))).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}
