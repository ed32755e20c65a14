//! The connection pools.

use sqlx::{Database, PgPool, Pool, SqlitePool};

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

/// Closes every connection of `pool`.
///
/// A connection that is given back while the pool closes may become idle after the pool has looked for idle ones.
/// When the first call has ended, all are back, and the second one closes those.
pub(super) async fn close<DB: Database>(pool: &Pool<DB>) {
    pool.close().await;
    pool.close().await;
}
