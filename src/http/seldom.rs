//! Lines of the log that strangers can cause: said once in a while, so that nobody fills the disk with them.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Between two lines that say the same.
const PAUSE: Duration = Duration::from_secs(60);

/// When something was last said.
#[derive(Debug)]
pub struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Nothing was said yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether to say it again. Who asks and is told so, says it.
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
