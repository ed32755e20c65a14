//! Rows that are written after the request, in batches.
//!
//! One task writes everything that has been queued since its last statement, so many rows at once cost SQLite's only
//! writer little. No row is dropped: if too many are queued, other writes wait, and if the database accepts none, they
//! stay queued until it does.

use std::{
    collections::VecDeque,
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

/// Rows per statement, which holds SQLite's writer for milliseconds.
const BATCH: usize = 250;
/// With this many rows queued, other writes wait. A row is a few hundred bytes.
const FULL: u64 = 4_096;
/// How long a write waits for the queue before the caller is told to try again.
const PATIENCE: Duration = Duration::from_secs(4);

/// A statement that inserts any number of rows. They are its one argument, a JSON array of objects.
#[derive(Debug)]
pub(crate) struct BatchInsert {
    /// The statement in SQLite's dialect.
    pub sqlite: &'static str,
    /// The statement in PostgreSQL's dialect.
    pub postgres: &'static str,
}

/// A row that is to be written.
#[derive(Debug)]
pub(crate) struct Row {
    /// The statement that writes it.
    pub insert: &'static BatchInsert,
    /// Names the row in the log if it cannot be written.
    pub id: Uuid,
    /// The row, as a JSON object.
    pub json: String,
}

/// The queue of rows that are to be written.
#[derive(Debug)]
pub struct WriteBehind {
    state: Mutex<State>,
    /// How many of all rows that were ever queued are done with.
    done: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Row>,
    /// How many rows were ever queued.
    queued: u64,
    /// Whether a task is writing them.
    writing: bool,
}

impl Default for WriteBehind {
    fn default() -> Self {
        Self { state: Mutex::default(), done: watch::Sender::new(0) }
    }
}

impl WriteBehind {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `row`.
    pub(super) fn push(&self, row: Row) {
        let mut state = self.state();
        state.waiting.push_back(row);
        state.queued += 1;
    }

    /// Whether a task has to be started that writes: there is something to write, and none runs yet.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.state();
        let idle = !state.writing && !state.waiting.is_empty();
        state.writing |= idle;
        idle
    }

    /// The oldest rows that one statement writes. If there are none, the task ends.
    pub(super) fn take(&self) -> Vec<Row> {
        let mut state = self.state();
        let first = state.waiting.front().map(|row| row.insert);
        let batch = state.waiting.iter().take(BATCH);
        let count = batch.take_while(|row| first.is_some_and(|first| ptr::eq(first, row.insert))).count();
        state.writing = count > 0;
        state.waiting.drain(..count).collect()
    }

    /// Puts back rows that were not written. The task ends.
    pub(super) fn put_back(&self, batch: Vec<Row>) {
        let mut state = self.state();
        for row in batch.into_iter().rev() {
            state.waiting.push_front(row);
        }
        state.writing = false;
    }

    pub(super) fn done_with(&self, count: usize) {
        self.done.send_modify(|done| *done += count as u64);
    }

    /// How many rows are queued.
    pub fn queued(&self) -> u64 {
        self.state().queued.saturating_sub(*self.done.borrow())
    }

    /// Waits while too many rows are queued, for a few seconds at most.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] if too many are queued still.
    pub async fn room(&self) -> sqlx::Result<()> {
        let queued = self.state().queued;
        if queued < FULL + *self.done.borrow() {
            return Ok(());
        }
        self.reached(queued + 1 - FULL).boxed().await
    }

    /// Waits until all rows that are queued now can be read, for a few seconds at most.
    pub(crate) async fn wait_written(&self) {
        let queued = self.state().queued;
        if self.reached(queued).await.is_err() {
            tracing::warn!("rows are still on their way to the database");
        }
    }

    async fn reached(&self, count: u64) -> sqlx::Result<()> {
        let mut done = self.done.subscribe();
        match timeout(PATIENCE, done.wait_for(|done| *done >= count)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// Gives up on the rows that the database has not accepted, and says how many there are.
    pub(super) fn abandon(&self) -> usize {
        let count = std::mem::take(&mut self.state().waiting).len();
        self.done_with(count);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static THINGS: BatchInsert = BatchInsert { sqlite: "INSERT INTO things", postgres: "" };
    static TOKENS: BatchInsert = BatchInsert { sqlite: "INSERT INTO tokens", postgres: "" };

    fn row(insert: &'static BatchInsert) -> Row {
        Row { insert, id: Uuid::now_v7(), json: "{}".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn who_writes_waits_where_rows_pile_up() {
        let queue = WriteBehind::default();
        queue.state().queued = FULL - 1;
        assert!(queue.room().await.is_ok());
        queue.state().queued = FULL;
        assert!(matches!(queue.room().await, Err(sqlx::Error::PoolTimedOut)));
        let (room, ()) = tokio::join!(queue.room(), async { queue.done_with(1) });
        assert!(room.is_ok());
    }

    #[test]
    fn a_batch_is_of_one_statement_and_in_order() {
        let queue = WriteBehind::default();
        let rows = [&THINGS, &THINGS, &TOKENS, &THINGS].map(row);
        let ids = rows.each_ref().map(|row| row.id);
        queue.state().waiting.extend(rows);
        let take = || queue.take().iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!([take(), take(), take(), take()], [&ids[..2], &ids[2..3], &ids[3..], &[]]);
        assert!(!queue.state().writing);
    }
}
