//! Connections that lead to a standby.
//!
//! Where an address is moved from one PostgreSQL server to another, the connections that are open go on leading to the
//! former. If that is a standby, it refuses their writes, and what they read may have ended meanwhile. A pool that is in
//! use would keep them for half an hour. So once a write is refused as read-only, those that were open by then are
//! replaced before they are used again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often at most they are replaced, as long as the address leads to a standby.
const SELDOM: Duration = Duration::from_secs(1);

/// When a write was refused as read-only.
#[derive(Debug, Default)]
pub(super) struct Standby(Mutex<Option<Instant>>);

impl Standby {
    fn refused(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A write was refused as read-only at `now`.
    pub(super) fn refuses(&self, now: Instant) {
        let mut refused = self.refused();
        if refused.is_none_or(|before| now.saturating_duration_since(before) >= SELDOM) {
            *refused = Some(now);
        }
    }

    /// Whether a connection that is open since `opened` is to be replaced.
    pub(super) fn outdates(&self, opened: Instant) -> bool {
        self.refused().is_some_and(|refused| opened <= refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_open_when_a_write_was_refused_is_replaced() {
        let (standby, began) = (Standby::default(), Instant::now());
        let after = |seconds| began + Duration::from_secs_f32(seconds);
        assert!(!standby.outdates(began));
        standby.refuses(after(1.0));
        assert!(standby.outdates(began) && standby.outdates(after(1.0)));
        assert!(!standby.outdates(after(1.1)), "it was made after that, and may lead elsewhere");
        standby.refuses(after(1.5));
        assert!(!standby.outdates(after(1.1)), "a standby is not asked for new connections all the while");
        standby.refuses(after(2.0));
        assert!(standby.outdates(after(1.1)) && !standby.outdates(after(2.1)));
    }
}
