//! The database, SQLite or PostgreSQL, behind one handle and one set of statements.
//!
//! Features write plain SQL with `$1` placeholders in their `store.rs` and run it with `fetch!` or `execute!`. These
//! expand to a query for each database, so `Uuid` and [`crate::timestamp::Timestamp`] are native column types in both.
//! Rows are structs with `#[derive(sqlx::FromRow)]`.

mod background;
pub mod backup;
mod checkout;
mod clock;
pub mod diagnosis;
mod direct;
mod direct_write;
pub mod dump;
pub mod dump_restore;
mod errors;
mod existing;
mod figures;
mod file;
mod ids;
mod kept;
mod limit;
mod migrations;
pub mod moving;
mod open;
mod pooler;
mod pools;
mod probe;
#[doc(hidden)]
pub mod query;
mod readiness;
pub mod request;
pub mod restored;
mod rights;
mod script;
mod search;
mod standby;
#[doc(hidden)]
pub mod statement;
mod timestamp;
pub mod upgrade;
#[doc(hidden)]
pub mod waits;
mod write_behind;

use std::{ops::Deref, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use self::{
    clock::Clock,
    errors::{OpenError, TaskPanicked, is_transient, is_unique_violation},
    ids::json_array,
    search::{Search, SearchError, Searching},
};
use self::{pools::close, probe::Probe};
pub(crate) use direct::{Direct, DirectRow, column, direct_row};
pub use figures::{FileSizes, PoolFigures};
pub(crate) use kept::Kept;
#[doc(hidden)]
pub use pools::Pools;
pub use probe::Readiness;
#[doc(inline)]
pub use query::{execute, fetch};
pub(crate) use query::{execute_now, read};
pub(crate) use write_behind::{BatchInsert, Row};

use self::write_behind::WriteBehind;
use crate::timestamp::Timestamp;

/// A handle to the database and to the clock that decides about every expiry (S47). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

/// What a [`Db`] holds.
#[derive(Clone, Debug)]
pub struct Inner {
    #[doc(hidden)]
    pub pools: Pools,
    /// SQLite's connections for [`read!`]; `None` for PostgreSQL and for a database in memory.
    pub(crate) direct: Option<Arc<Direct>>,
    /// PostgreSQL's connections for [`read!`].
    pub(crate) kept: Arc<Kept>,
    /// Begins searches.
    pub search: Arc<Search>,
    clock: Clock,
    /// Writes and other work that goes on if the request that began it is cancelled.
    #[doc(hidden)]
    pub writes: TaskTracker,
    /// Rows that are written in batches after the request.
    #[doc(hidden)]
    pub write_behind: Arc<WriteBehind>,
    #[doc(hidden)]
    pub probe: Arc<Probe>,
    /// Notified after each write of this process, for the one task that waits for changes.
    pub written: Arc<Notify>,
    /// Whether PostgreSQL is behind a pooler in transaction mode.
    #[doc(hidden)]
    pub pooler: bool,
    /// How long PostgreSQL may take for a statement.
    #[doc(hidden)]
    pub patience: Duration,
    /// PostgreSQL's schema that has the tables.
    pub(crate) schema: Option<String>,
}

impl Deref for Db {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Db {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The statement for this database where the dialects differ.
    pub fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => sqlite,
            Pools::Postgres(_) => postgres,
        }
    }

    /// Limits the time of a search, including its wait for a place.
    #[must_use]
    pub fn searching_within(self, time: Duration) -> Self {
        let search = Arc::new(self.search.within(time));
        Self(Arc::new(Inner { search, ..Inner::clone(&self) }))
    }

    /// Limits the time that PostgreSQL may take for a statement.
    #[must_use]
    pub fn answering_within(self, patience: Duration) -> Self {
        Self(Arc::new(Inner { patience, ..Inner::clone(&self) }))
    }

    /// How many searches are running, including those whose request was cancelled.
    pub fn searches(&self) -> usize {
        self.search.running()
    }

    /// Runs `work` in a task that the request does not wait for. [`Db::close`] waits for it. What it logs has the ID of
    /// the request.
    pub fn spawn_detached(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.writes.spawn(request::carried(work.in_current_span().boxed()));
    }

    /// The same for work that is not that of the request which happens to begin it, and may go on for long.
    pub fn spawn_apart(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.writes.spawn(work.boxed());
    }

    /// Runs `work` in a task that begins at once, and waits for it. If the client hangs up, `work` goes on, so it is
    /// never left half done.
    ///
    /// # Errors
    /// The error of `work`; [`TaskPanicked`] if it panics.
    pub fn run_to_completion<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, E>>
    where
        T: Send + 'static,
        E: From<TaskPanicked> + Send + 'static,
    {
        let task = self.writes.spawn(request::carried(work.in_current_span().boxed()));
        let joined = async { task.await.unwrap_or_else(|error| Err(TaskPanicked(error.to_string()).into())) };
        joined.boxed()
    }

    /// How many tasks are running.
    pub fn running(&self) -> usize {
        self.writes.len()
    }

    /// Waits until no task is running.
    pub async fn wait_idle(&self) {
        self.writes.wait().await;
    }

    /// Waits for all tasks, then closes every connection. SQLite moves its write-ahead log into the database file.
    pub async fn close(&self) {
        self.wait_idle().await;
        let lost = self.write_behind.abandon();
        if lost > 0 {
            tracing::error!(lost, "rows not written, because the database accepts none");
        }
        if let Some(direct) = &self.direct {
            direct.close();
        }
        self.kept.close();
        match &self.search.pools {
            Pools::Sqlite { reader, .. } => close(reader).await,
            Pools::Postgres(pool) => close(pool).await,
        }
        match &self.pools {
            Pools::Sqlite { reader, writer } => {
                close(reader).await;
                // Not by sqlx's `optimize_on_close`: where that fails, as it does for readers, the thread of the
                // connection is not waited for.
                if let Err(error) = sqlx::query("PRAGMA optimize").execute(writer).await {
                    tracing::debug!(%error, "the statistics for the query planner are as they were");
                }
                // Closing does it too, but not if the last connection to close is a reader, which may not write.
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await {
                    tracing::warn!(%error, "the write-ahead log was not checkpointed; the next start does it");
                }
                close(writer).await;
            }
            Pools::Postgres(pool) => close(pool).await,
        }
    }
}
