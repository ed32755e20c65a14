//! The database behind the application's back.

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use vestibule::db::Db;

/// A connection of its own.
pub enum RawDb {
    /// To the SQLite file.
    Sqlite(SqliteConnection),
    /// To the PostgreSQL database.
    Postgres(PgConnection),
}

macro_rules! on {
    ($self:ident, $connection:ident => $work:expr) => {
        match $self {
            RawDb::Sqlite($connection) => $work,
            RawDb::Postgres($connection) => $work,
        }
    };
}

impl RawDb {
    /// Connects to `url`.
    pub async fn connect(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(url).await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(url).await.unwrap())
        }
    }

    /// Waits until the connection is closed.
    pub async fn close(self) {
        on!(self, connection => connection.close().await.unwrap());
    }

    /// Runs statements.
    pub async fn run(&mut self, sql: &str) {
        on!(self, connection => drop(connection.execute(sql).await.unwrap()));
    }

    /// How many rows `table` has.
    pub async fn count(&mut self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        on!(self, connection => sqlx::query_scalar(&sql).fetch_one(connection).await.unwrap())
    }

    /// The one column of `sql`, as text.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        on!(self, connection => sqlx::query_scalar(sql).fetch_all(connection).await.unwrap())
    }

    /// The one column of `sql`, as bytes.
    pub async fn bytes(&mut self, sql: &str) -> Vec<Vec<u8>> {
        on!(self, connection => sqlx::query_scalar(sql).fetch_all(connection).await.unwrap())
    }

    /// The names of the tables.
    pub async fn tables(&mut self) -> Vec<String> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
            Self::Postgres(_) => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        };
        self.texts(sql).await
    }

    /// Every row of every table, as PostgreSQL prints it, with the place it lies at and the transaction that wrote it.
    pub async fn rows(&mut self) -> Vec<String> {
        let mut rows = Vec::new();
        for table in self.tables().await {
            let sql = format!("SELECT concat_ws(' ', '{table}', t.ctid, t.xmin, t) FROM {table} t ORDER BY t.ctid");
            rows.extend(self.texts(&sql).await);
        }
        rows
    }
}

/// Remembers what the database held and says whether anything was written since.
pub struct WriteDetector {
    db: Db,
    raw: RawDb,
    before: Vec<String>,
}

impl WriteDetector {
    /// Begins to look.
    pub async fn of(db: Db, url: &str) -> Self {
        // A request may have left a write to a task of its own.
        db.wait_idle().await;
        let mut raw = RawDb::connect(url).await;
        let before = state(&mut raw).await;
        Self { db, raw, before }
    }

    /// Whether anything was written since the beginning, or the last time this was asked.
    pub async fn saw_a_write(&mut self) -> bool {
        self.db.wait_idle().await;
        let now = state(&mut self.raw).await;
        let before = std::mem::replace(&mut self.before, now);
        before != self.before
    }
}

/// SQLite's `data_version` changes with every commit of another connection; in PostgreSQL every written row has a new
/// place.
async fn state(raw: &mut RawDb) -> Vec<String> {
    match raw {
        RawDb::Sqlite(connection) => {
            let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await.unwrap();
            vec![version.to_string()]
        }
        RawDb::Postgres(_) => raw.rows().await,
    }
}
