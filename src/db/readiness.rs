//! Checks for `/readyz` whether the database answers and accepts writes.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch::{Receiver, Sender, channel},
    time::timeout,
};

use super::{Db, Pools, execute_now, fetch, limit, probe::Readiness};

/// How long whoever asks waits for a check, so that the answer comes within a second.
const PATIENCE: Duration = Duration::from_millis(800);
/// How long a check may take before another one is begun.
const LONGEST: Duration = Duration::from_secs(5);
/// How long a successful write is trusted, however many requests ask.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long a failed write is trusted, and a successful one after which another write failed.
const BAD_FOR: Duration = Duration::from_secs(1);

impl Db {
    /// Checks that the database answers and accepts writes. With a full disk, or a read-only file or server, it does
    /// not (S85). The check writes one small row, and its result is shared by all who ask, so that a database that
    /// hangs holds up one check and no more. What is not known after [`PATIENCE`] is `None`.
    pub async fn readiness(&self) -> Readiness {
        let mut found = self.checked();
        let done = |found: &Readiness| found.writes.is_some() || matches!(found.reads, Some(Err(_)));
        if timeout(PATIENCE, found.wait_for(done)).await.is_ok_and(|found| found.is_err()) {
            // The check has ended without a result.
            *self.probe.running() = None;
        }
        found.borrow().clone()
    }

    /// Why PostgreSQL does not answer, in its own words or those of the operating system. The pool says only that it has
    /// no connection. `None` for SQLite, whose errors say it.
    pub async fn why_silent(&self) -> Option<String> {
        let Pools::Postgres(pool) = &self.pools else { return None };
        Some(limit::cause(&pool.connect_options(), sqlx::Error::PoolTimedOut).await.to_string())
    }

    /// The result of the check that runs, or of one that is begun.
    fn checked(&self) -> Receiver<Readiness> {
        let mut running = self.probe.running();
        if let Some(found) = &*running {
            return found.clone();
        }
        let (tell, found) = channel(Readiness::default());
        *running = Some(found.clone());
        let db = self.clone();
        tokio::spawn(async move {
            let checked = timeout(LONGEST, db.check(&tell)).await;
            *db.probe.running() = None;
            if checked.is_err() {
                tracing::debug!("the database takes too long to answer");
            }
        });
        found
    }

    async fn check(&self, tell: &Sender<Readiness>) {
        let read: Result<(i32,), _> = fetch!(self, one, "SELECT 1").map_err(|error: sqlx::Error| error.to_string());
        let reads = Some(read.map(drop));
        tell.send_modify(|found| found.reads.clone_from(&reads));
        if let Some(Ok(())) = reads {
            let writes = Some(self.accepts_writes().await);
            tell.send_modify(|found| found.writes = writes);
        }
    }

    async fn accepts_writes(&self) -> Result<(), String> {
        let suspect = self.probe.suspect.load(Ordering::Relaxed);
        if let Some((at, result)) = &*self.probe.last()
            && at.elapsed() < if suspect || result.is_err() { BAD_FOR } else { GOOD_FOR }
        {
            return result.clone();
        }
        self.probe.suspect.store(false, Ordering::Relaxed);
        let written: sqlx::Result<u64> = execute_now!(
            self,
            affected,
            "INSERT INTO readiness (id, written_at) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at",
            self.now(),
        );
        let result = written.map(drop).map_err(|error| error.to_string());
        *self.probe.last() = Some((Instant::now(), result.clone()));
        result
    }
}
