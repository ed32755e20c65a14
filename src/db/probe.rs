//! What is known of whether the database accepts writes.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tokio::sync::watch::Receiver;

use super::standby::Standby;

/// What a check found: the error of what failed; `None` as long as there is no answer.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    /// Whether the database answers.
    pub reads: Option<Result<(), String>>,
    /// Whether it accepts writes.
    pub writes: Option<Result<(), String>>,
}

impl Readiness {
    /// Whether both are well.
    pub fn is_ready(&self) -> bool {
        [&self.reads, &self.writes].into_iter().all(|result| matches!(result, Some(Ok(()))))
    }
}

/// The result of the last check.
#[derive(Debug, Default)]
pub struct Probe {
    last: Mutex<Option<(Instant, Result<(), String>)>>,
    /// The check that runs.
    running: Mutex<Option<Receiver<Readiness>>>,
    pub(super) suspect: AtomicBool,
    /// Whether writes were refused by a standby.
    pub(super) standby: Arc<Standby>,
}

impl Probe {
    /// Another write has failed, so the next request should check again soon.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    pub(super) fn last(&self) -> MutexGuard<'_, Option<(Instant, Result<(), String>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Option<Receiver<Readiness>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
