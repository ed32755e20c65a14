//! Events on their way to the database. One task writes all that have come up since the last time in one statement, so many
//! at once cost the writer little. None is dropped: where they pile up, other writes wait for them, and where the database
//! takes nothing, they stay here until it does.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use super::{Event, store};
use crate::db::{Db, is_transient};

/// How many are written at once, which holds SQLite's writer for milliseconds.
const BATCH: usize = 250;
/// From so many on, whatever writes waits. An event is a few hundred bytes.
const FULL: u64 = 4_096;
/// How long it does, before it is told to try again.
const PATIENCE: Duration = Duration::from_secs(4);
/// After the database has taken nothing, the next try comes after this.
const PAUSE: Duration = Duration::from_secs(1);

/// An event of an account.
pub(crate) type Entry = (Uuid, Event);

/// Those on their way.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// How many of all that have ever come are done with.
    done: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Entry>,
    /// How many have ever come.
    come: u64,
    /// Whether there is a task that writes them.
    writing: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self { state: Mutex::default(), done: watch::Sender::new(0) }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event, and begins to write where nobody does.
    pub(crate) fn push(&self, db: &Db, entry: Entry) {
        let mut state = self.state();
        state.waiting.push_back(entry);
        state.come += 1;
        drop(state);
        self.start(db);
    }

    fn start(&self, db: &Db) {
        let mut state = self.state();
        if state.writing || state.waiting.is_empty() {
            return;
        }
        state.writing = true;
        drop(state);
        let ours = db.clone();
        db.spawn_detached(async move { write(&ours).await });
    }

    /// The oldest; where there is none, the task ends.
    fn take(&self) -> Vec<Entry> {
        let mut state = self.state();
        let count = state.waiting.len().min(BATCH);
        state.writing = count > 0;
        state.waiting.drain(..count).collect()
    }

    /// Puts those back that were not written; the task ends.
    fn put_back(&self, batch: Vec<Entry>) {
        let mut state = self.state();
        for entry in batch.into_iter().rev() {
            state.waiting.push_front(entry);
        }
        state.writing = false;
    }

    fn done_with(&self, count: usize) {
        self.done.send_modify(|done| *done += count as u64);
    }

    /// Waits for a moment where too many are on their way.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] where that does not help.
    pub(crate) async fn room(&self) -> sqlx::Result<()> {
        let come = self.state().come;
        if come < FULL + *self.done.borrow() {
            return Ok(());
        }
        self.reached(come + 1 - FULL).await
    }

    /// Waits for a moment until those that have come so far can be read. What takes longer is read the next time.
    pub(crate) async fn wait_idle(&self) {
        let come = self.state().come;
        if self.reached(come).await.is_err() {
            tracing::warn!("events are still on their way to the database");
        }
    }

    async fn reached(&self, count: u64) -> sqlx::Result<()> {
        let mut done = self.done.subscribe();
        match timeout(PATIENCE, done.wait_for(|done| *done >= count)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// How many the database has not taken; nobody tries again.
    pub(crate) fn lost(&self) -> usize {
        let count = std::mem::take(&mut self.state().waiting).len();
        self.done_with(count);
        count
    }
}

/// Writes until nothing is left.
async fn write(db: &Db) {
    let queue = &db.events;
    loop {
        let batch = queue.take();
        if batch.is_empty() {
            return;
        }
        let count = batch.len();
        match store::insert(db, &batch).await {
            Ok(_) => queue.done_with(count),
            Err(error) if passes(&error) => {
                queue.put_back(batch);
                return try_later(db.clone());
            }
            // One of them is what the database will never take.
            Err(_) => one_by_one(db, batch).await,
        }
    }
}

async fn one_by_one(db: &Db, batch: Vec<Entry>) {
    for entry in batch {
        if let Err(error) = store::insert(db, std::slice::from_ref(&entry)).await {
            let (account, event) = entry;
            tracing::error!(%error, %account, event = event.kind.as_str(), id = %event.id, "event not kept");
        }
        db.events.done_with(1);
    }
}

/// Not a task that anybody waits for: [`Db::close`] has its own last try.
fn try_later(db: Db) {
    tokio::spawn(async move {
        tokio::time::sleep(PAUSE).await;
        db.events.start(&db);
    });
}

/// Whether the database may take it another time. A pool that is closed takes nothing any more.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => is_transient(error.as_ref()),
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_writes_waits_where_events_pile_up() {
        let queue = Queue::default();
        queue.state().come = FULL - 1;
        assert!(queue.room().await.is_ok());
        queue.state().come = FULL;
        assert!(matches!(queue.room().await, Err(sqlx::Error::PoolTimedOut)));
        let (room, ()) = tokio::join!(queue.room(), async { queue.done_with(1) });
        assert!(room.is_ok());
    }
}
