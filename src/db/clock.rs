//! The clock, which tests can set.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

use crate::timestamp::Timestamp;

/// The system's clock, plus an offset that only tests set.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        let offset = Duration::seconds(self.offset_seconds.load(Ordering::Relaxed));
        Timestamp::new(OffsetDateTime::now_utc() + offset)
    }

    /// Moves every copy of this clock by `duration`, which may be negative.
    pub fn advance(&self, duration: Duration) {
        self.offset_seconds.fetch_add(duration.whole_seconds(), Ordering::Relaxed);
    }
}
