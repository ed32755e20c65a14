//! Work that takes the processor, on a bounded number of blocking threads.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// So many at once, and so many more that wait; past that, 503 (S45).
#[derive(Clone, Debug)]
pub(super) struct Pool {
    workers: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(workers: usize, queue: usize) -> Self {
        Self { workers: Arc::new(Semaphore::new(workers)), queue: Arc::new(Semaphore::new(workers + queue)) }
    }

    /// The permits go into the blocking task: a client that hangs up stops waiting, but not the work (T20).
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::Unavailable("too many passwords to check".into());
        let place = self.queue.clone().try_acquire_owned().map_err(|_| busy())?;
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| busy())?;
        let permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, worker);
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permits);
            result
        })
        .await
        .map_err(|error| Problem::Internal(format!("password task: {error}")))
    }
}
