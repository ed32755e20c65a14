//! Checks for `/readyz` whether the database accepts writes.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::{Db, execute_now, fetch};

/// How long a successful write is trusted, however many requests ask.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long a failed write is trusted, and a successful one after which another write failed.
const BAD_FOR: Duration = Duration::from_secs(1);

impl Db {
    /// Checks that the database answers and accepts writes. With a full disk, or a read-only file or server, it does
    /// not (S85). The check writes one small row, and its result is shared by all who ask.
    ///
    /// # Errors
    /// The error of the database.
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
