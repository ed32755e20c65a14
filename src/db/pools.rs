//! The connection pools.

use sqlx::{PgPool, SqlitePool};

/// SQLite has one writer at a time, so writes have a pool of one connection, and reads never wait for them.
#[derive(Clone, Debug)]
pub enum Pools {
    /// SQLite.
    Sqlite {
        /// Many connections that only read.
        reader: SqlitePool,
        /// The one that writes.
        writer: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}
