//! A rate limit for log lines that anyone on the network can cause, so that they cannot fill the disk.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The time between two log lines of the same kind.
const PAUSE: Duration = Duration::from_secs(60);

/// When a kind of line was last logged.
#[derive(Debug)]
pub struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Nothing logged so far.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether to log the line now. If so, it counts as logged.
    pub fn again(&self) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let again = said.is_none_or(|said| said.elapsed() >= PAUSE);
        if again {
            *said = Some(Instant::now());
        }
        again
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Seldom;

    #[test]
    fn once_is_enough_for_now() {
        let seldom = Seldom::new();
        assert!(seldom.again() && !seldom.again());
    }
}
