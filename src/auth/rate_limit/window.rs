//! Fixed windows: how many requests of each key there were in the last minute, in memory.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use time::Duration;

use crate::{
    http::problem::{Limit, Problem},
    timestamp::Timestamp,
};

/// The length of a window.
pub(super) const WINDOW: Duration = Duration::minutes(1);
/// The maximum number of windows of each kind; beyond that, the oldest is dropped. Both kinds take at most 32 MB (S67).
const KEPT: usize = 100_000;

/// How much of a quota is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// [`Limit::Token`] or [`Limit::Address`].
    pub(super) policy: Limit,
    pub(super) quota: u32,
    pub(super) remaining: u32,
    /// Seconds until the full quota is available again.
    pub(super) resets_in: u32,
    /// Whether the request is above the quota and was admitted because it may be an [`Ending`].
    above: bool,
}

impl RateLimitStatus {
    /// The refusal of a request above the quota, which turned out to end nothing.
    ///
    /// # Errors
    /// [`Refused`] if it is above the quota.
    pub fn within(self) -> Result<Self, Refused> {
        if self.above { Err(Refused(self)) } else { Ok(self) }
    }
}

/// The limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub RateLimitStatus);

impl From<Refused> for Problem {
    fn from(Refused(status): Refused) -> Self {
        Self::rate_limited(status.policy, status.resets_in)
    }
}

#[derive(Clone, Debug)]
pub(super) struct FixedWindow<K> {
    policy: Limit,
    quota: u32,
    kept: usize,
    open: Arc<Mutex<Open<K>>>,
}

#[derive(Debug)]
struct Open<K> {
    windows: HashMap<K, Window>,
    /// The keys in the order their windows began. It may contain windows that were since replaced or forgotten.
    order: VecDeque<(K, Timestamp)>,
}

impl<K: Copy + Eq + Hash> Open<K> {
    /// Begins a window. First drops windows that are over and, at the limit, the oldest.
    fn begin(&mut self, key: K, now: Timestamp, kept: usize) {
        let over = |began: Timestamp| !Window { began, taken: 0 }.is_open(now);
        while let Some((oldest, began)) = self.order.front().copied() {
            if self.order.len() < kept && !over(began) {
                break;
            }
            self.order.pop_front();
            if self.windows.get(&oldest).is_some_and(|window| window.began == began) {
                self.windows.remove(&oldest);
            }
        }
        self.order.push_back((key, now));
        self.windows.insert(key, Window { began: now, taken: 0 });
    }
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Timestamp,
    taken: u32,
}

impl Window {
    /// Concurrent requests may be counted slightly out of order. If a clock goes back further, a new window begins
    /// (S47).
    fn is_open(&self, now: Timestamp) -> bool {
        (now - self.began).abs() < WINDOW
    }

    /// How much of the window is left, at most its full length.
    fn left(&self, now: Timestamp) -> Duration {
        (WINDOW - (now - self.began)).min(WINDOW)
    }
}

impl<K: Copy + Eq + Hash> FixedWindow<K> {
    pub(super) fn new(policy: Limit, quota: u32) -> Self {
        let open = Open { windows: HashMap::new(), order: VecDeque::new() };
        Self { policy, quota, kept: KEPT, open: Arc::new(Mutex::new(open)) }
    }

    pub(super) fn untouched(&self) -> RateLimitStatus {
        RateLimitStatus { policy: self.policy, quota: self.quota, remaining: self.quota, resets_in: 0, above: false }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Open<K>) -> T) -> T {
        // Nothing in here panics halfway, so a poisoned lock holds consistent data.
        work(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a request of `key` against `times` the quota, of which it may use `above` times as much.
    pub(super) fn take(&self, key: K, times: u32, above: u32, now: Timestamp) -> Result<RateLimitStatus, Refused> {
        let quota = self.quota.saturating_mul(times);
        self.with(|open| {
            if open.windows.get(&key).is_none_or(|window| !window.is_open(now)) {
                open.begin(key, now, self.kept);
            }
            let window = open.windows.entry(key).or_insert(Window { began: now, taken: 0 });
            let left = window.left(now);
            let resets_in = left.whole_seconds() + i64::from(left.subsec_nanoseconds() > 0);
            let mut status = RateLimitStatus {
                policy: self.policy,
                quota,
                remaining: 0,
                resets_in: u32::try_from(resets_in).unwrap_or_default(),
                above: window.taken >= quota,
            };
            if window.taken >= quota.saturating_mul(above) {
                return Err(Refused(status));
            }
            window.taken = window.taken.saturating_add(1);
            status.remaining = quota.saturating_sub(window.taken);
            Ok(status)
        })
    }

    pub(super) fn give_back(&self, key: &K) {
        self.with(|open| {
            if let Some(window) = open.windows.get_mut(key) {
                window.taken = window.taken.saturating_sub(1);
            }
        });
    }

    pub(super) fn is_open(&self, key: &K, now: Timestamp) -> bool {
        self.with(|open| open.windows.get(key).is_some_and(|window| window.is_open(now)))
    }

    pub(super) fn forget(&self, key: &K) {
        self.with(|open| open.windows.remove(key));
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::http::client::Network;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_lasts_a_minute() {
        let windows = FixedWindow::new(Limit::Token, 2);
        let left = |result: Result<RateLimitStatus, Refused>| {
            result.map(|s| (s.remaining, s.resets_in)).map_err(|r| r.0.resets_in)
        };
        assert_eq!(left(windows.take('a', 1, 1, at(0))), Ok((1, 60)));
        assert_eq!(left(windows.take('a', 1, 1, at(10))), Ok((0, 50)));
        assert_eq!(left(windows.take('a', 1, 1, at(59))), Err(1));
        assert_eq!(left(windows.take('b', 1, 1, at(59))), Ok((1, 60)), "each counts for itself");
        assert_eq!(left(windows.take('a', 1, 1, at(60))), Ok((1, 60)));
        windows.give_back(&'a');
        assert_eq!(left(windows.take('a', 1, 1, at(61))), Ok((1, 59)));
    }

    #[test]
    fn a_clock_that_went_back_keeps_nobody_out() {
        let windows = FixedWindow::new(Limit::Token, 1);
        assert!(windows.take('a', 1, 1, at(1_000)).is_ok());
        assert!(windows.take('a', 1, 1, at(1_000)).is_err());
        assert!(windows.take('a', 1, 1, at(0)).is_ok());
    }

    #[test]
    fn a_request_that_comes_late_is_counted_with_the_others() {
        let windows = FixedWindow::new(Limit::Token, 2);
        assert!(windows.take('a', 1, 1, at(100)).is_ok());
        assert!(windows.take('a', 1, 1, at(99)).is_ok_and(|status| status.resets_in == 60));
        assert!(windows.take('a', 1, 1, at(100)).is_err() && windows.take('a', 1, 1, at(98)).is_err());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_makes_room() {
        let windows = FixedWindow { kept: 100, ..FixedWindow::new(Limit::Token, 1) };
        let held = || windows.with(|open| (open.windows.len(), open.order.len()));
        for key in 0..1_000 {
            assert!(windows.take(key, 1, 1, at(key / 100)).is_ok());
            assert!(held().0 <= 100 && held().1 <= 100, "{:?}", held());
        }
        assert!((900..1_000).all(|key| windows.take(key, 1, 1, at(10)).is_err()), "the newest are still counted");
        assert!(windows.take(899, 1, 1, at(10)).is_ok(), "the oldest is not");
        assert!(windows.take(1_000, 1, 1, at(71)).is_ok());
        assert_eq!(held(), (1, 1), "what is over has gone");
        for _ in 0..1_000 {
            windows.forget(&1_000);
            assert!(windows.take(1_000, 1, 1, at(71)).is_ok());
        }
        assert!(held().1 <= 100, "{:?}", held());
    }

    #[test]
    fn what_is_kept_takes_no_more_than_is_said() {
        // Both the map and the order keep room for a power of two.
        let room = (KEPT * 8 / 7).next_power_of_two();
        let of = |key: usize| room * (key + size_of::<Window>() + 4 + key + size_of::<Timestamp>() + 4);
        let all = of(size_of::<[u8; 32]>()) + of(size_of::<Network>());
        assert!(all <= 32 << 20, "{all}");
    }
}
