//! The clock, which tests can set.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

use crate::timestamp::Timestamp;

/// The system's clock, plus an offset that only tests change; a test may stop it too.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
    stopped_at: Arc<OnceLock<OffsetDateTime>>,
}

impl Clock {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        let offset = Duration::seconds(self.offset_seconds.load(Ordering::Relaxed));
        let system = self.stopped_at.get().copied().unwrap_or_else(OffsetDateTime::now_utc);
        Timestamp::new(system + offset)
    }

    /// Moves every copy of this clock by `duration`, which may be negative.
    pub fn advance(&self, duration: Duration) {
        self.offset_seconds.fetch_add(duration.whole_seconds(), Ordering::Relaxed);
    }

    /// Stops every copy of this clock, which moves on by [`Clock::advance`] alone from then on.
    pub fn stop(&self) {
        // A clock that stands still already keeps its time.
        let _ = self.stopped_at.set(OffsetDateTime::now_utc());
    }
}
