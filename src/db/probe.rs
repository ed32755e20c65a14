//! What is known of whether the database accepts writes.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use tokio::sync::Mutex;

/// The result of the last check.
#[derive(Debug, Default)]
pub struct Probe {
    pub(super) last: Mutex<Option<(Instant, Result<(), String>)>>,
    pub(super) suspect: AtomicBool,
}

impl Probe {
    /// Another write has failed, so the next request should check again soon.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }
}
