//! The database: an embedded SQLite file, or PostgreSQL. One handle, one set of statements.
//!
//! Features write plain SQL with `$1` placeholders in their `store.rs` and run it with `fetch!` or `execute!`, which
//! expand to the query for either pool, so that `Uuid` and [`crate::timestamp::Timestamp`] stay native on both.

mod clock;
mod errors;
mod existing;
mod file;
mod migrations;
mod open;
mod pooler;
mod probe;
pub(crate) mod query;
mod search;
mod sessions;
mod timestamp;

use std::{sync::Arc, time::Duration};

use sqlx::{PgPool, SqlitePool};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use self::errors::is_refusal;
use self::probe::Probe;
pub use self::{
    clock::Clock,
    errors::{OpenError, is_transient, is_unique_violation},
    sessions::HashedSessions,
};
pub(crate) use open::shown;
pub(crate) use query::{columns, execute, execute_now, fetch};
pub(crate) use search::{Search, Searching};

use crate::{auth::activity, http::problem::Problem, timestamp::Timestamp};

/// A handle to the database and to the one clock every expiry is decided by (S47). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pub(crate) pools: Pools,
    pub(crate) search: Arc<Search>,
    clock: Clock,
    /// Writes run here, whether or not a request still waits for them.
    pub(crate) writes: TaskTracker,
    /// What happened to accounts, on its way.
    pub(crate) events: Arc<activity::Queue>,
    probe: Arc<Probe>,
    /// Whether PostgreSQL is reached through a pooler in transaction mode.
    pub(crate) pooler: bool,
    /// The schema of the tables, on PostgreSQL.
    pub(crate) schema: Option<String>,
}

/// SQLite takes one writer at a time, so it has a pool of one connection of its own, and readers never wait for it.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

impl Db {
    /// The time by the house's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The text for this database, where the dialects differ.
    pub(crate) fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => sqlite,
            Pools::Postgres(_) => postgres,
        }
    }

    /// The same, with so much time for a search, its wait for a place among it.
    #[must_use]
    pub fn searching_within(self, time: Duration) -> Self {
        Self { search: Arc::new(self.search.within(time)), ..self }
    }

    /// How many searches are at work, those no request waits for included.
    pub fn searches(&self) -> usize {
        self.search.running()
    }

    /// Does `work` after the request, which does not wait for it. [`Db::close`] does.
    pub fn spawn_detached(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.writes.spawn(work);
    }

    /// Does `work` to its end, whether or not the request still waits for it: what it has counted or begun is not left
    /// half done by a client that hangs up.
    ///
    /// # Errors
    /// The work's; [`Problem::Internal`] where it panics.
    pub async fn run_to_completion<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let work = self.writes.spawn(work.in_current_span()).await;
        work.unwrap_or_else(|died| Err(Problem::Internal(died.to_string())))
    }

    /// How many of them run.
    pub fn running(&self) -> usize {
        self.writes.len()
    }

    /// Waits until no write runs, those no request waits for included.
    pub async fn wait_idle(&self) {
        self.writes.wait().await;
    }

    /// Waits for what runs, then closes every connection; SQLite folds its log into the file.
    pub async fn close(&self) {
        self.wait_idle().await;
        let lost = self.events.lost();
        if lost > 0 {
            tracing::error!(lost, "events not kept: the database takes nothing. They stand in the log");
        }
        match &self.search.pools {
            Pools::Sqlite { reader, .. } => reader.close().await,
            Pools::Postgres(pool) => pool.close().await,
        }
        match &self.pools {
            Pools::Sqlite { reader, writer } => {
                reader.close().await;
                // Closing does it too, but not where a reader, who may not write, is the last to be gone.
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await {
                    tracing::warn!(%error, "the log was not folded into the file; the next start does it");
                }
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
