//! The pools, with the application's settings: those of `src/db/open.rs`.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

#[derive(Clone)]
pub enum Pools {
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

pub async fn open(url: &str) -> Pools {
    if !url.starts_with("sqlite:") {
        let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(5));
        return Pools::Postgres(pool.connect(url).await.expect("PostgreSQL is there"));
    }
    let options = SqliteConnectOptions::from_str(url)
        .expect("a URL of SQLite")
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(4));
    let pool =
        || SqlitePoolOptions::new().acquire_timeout(Duration::from_secs(5)).idle_timeout(None).max_lifetime(None);
    let writer = pool().max_connections(1).connect_with(options.clone()).await.expect("the file is there");
    let reader = pool().max_connections(8).connect_with(options.read_only(true)).await.expect("the file is there");
    Pools::Sqlite { reader, writer }
}
