//! The connection pools.

use sqlx::{PgPool, SqlitePool};

/// SQLite has one writer at a time, so writes have a pool of one connection, and reads never wait for them.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}
