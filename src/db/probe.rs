//! Whether the database takes writes, as `/readyz` asks.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::{Db, execute_now, fetch};

/// How long a write that went well is believed: however many ask, one is made in so long.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long one that failed is, or one since which another write failed.
const BAD_FOR: Duration = Duration::from_secs(1);

/// The last look.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    last: Mutex<Option<(Instant, Result<(), String>)>>,
    suspect: AtomicBool,
}

impl Probe {
    /// A write has failed: the next who asks should look again.
    pub(crate) fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }
}

impl Db {
    /// Whether the database answers and takes writes: on a disk that is full, or for a file or a server that is
    /// read-only, it does not (S85). One small row is written for it, and the result shared.
    ///
    /// # Errors
    /// What keeps it from either.
    pub async fn ready(&self) -> Result<(), String> {
        let _: (i32,) = fetch!(self, one, "SELECT 1").map_err(|error: sqlx::Error| error.to_string())?;
        let mut last = self.probe.last.lock().await;
        let suspect = self.probe.suspect.load(Ordering::Relaxed);
        if let Some((at, result)) = &*last
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
        *last = Some((Instant::now(), result.clone()));
        result
    }
}
