//! The connection pools.

use std::time::Duration;

use sqlx::{Database, PgPool, Pool, SqlitePool};
use tokio::time::sleep;

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
/// sqlx's `close` may end before the last one is given back: each idle connection that it closes counts as one more that
/// has come back.
pub(super) async fn close<DB: Database>(pool: &Pool<DB>) {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        pool.close().await;
        if pool.size() == 0 {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    tracing::warn!(connections = pool.size(), "connections to the database that did not close");
}
