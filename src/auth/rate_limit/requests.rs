//! The rate limits of the token door, per minute, by token and by address, and their response headers
//! (draft-ietf-httpapi-ratelimit-headers-10).
//!
//! **By token**: every request with an active token. **By address**: every request without one, such as a wrong token,
//! a login, the report of a leaked token, or a preflight from an origin that is not in the settings. These are counted
//! before any database query, so guessing costs us only a hash and a lookup in memory. A token that worked within the
//! last minute is recognized by its hash and not counted by address, so others behind the same address cannot lock out
//! its owner.
//!
//! **Storage.** In the memory of each instance: an authenticated read is one query and no write (S7), and a shared
//! count would make it a write. So with `n` instances, a token can make up to `n` times as many requests. The limits
//! that protect passwords are in the database (see [`crate::auth::rate_limit::attempts`]) and apply across instances.
//! An address is counted by its network, and with 4 and 16 times the limit by wider ones of one customer (S69).
//!
//! **Windows.** A fixed window begins with the first request and lasts a minute, so the headers can tell exactly when
//! the full quota is available again.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use time::Duration;

use crate::{
    http::{
        client::{Client, Network},
        problem::Problem,
    },
    settings::RateLimits,
    timestamp::Timestamp,
};

/// The length of a window.
const WINDOW: Duration = Duration::minutes(1);
/// The maximum number of windows of each kind; beyond that, the oldest is dropped. Both kinds take at most 32 MB (S67).
const KEPT: usize = 100_000;

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How much of a quota is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// `token` or `address`.
    policy: &'static str,
    quota: u32,
    remaining: u32,
    /// Seconds until the full quota is available again.
    resets_in: u32,
}

/// What authenticating a request found out that the layers around it need for the response.
#[derive(Clone, Debug, Default)]
pub struct RequestAuthInfo(Arc<Facts>);

#[derive(Debug, Default)]
struct Facts {
    names_page: OnceLock<bool>,
    counted: Mutex<Option<Result<RateLimitStatus, Refused>>>,
}

impl RequestAuthInfo {
    /// Whether the token has the request's origin; `None` if the request had no token of ours.
    pub fn token_names_page(&self) -> Option<bool> {
        self.0.names_page.get().copied()
    }

    /// Sets [`Self::token_names_page`].
    pub fn token_names(&self, page: bool) {
        let _ = self.0.names_page.set(page);
    }

    /// Remembers how much of the quota is left, even if the request is refused. The last call counts.
    ///
    /// # Errors
    /// [`Problem::RateLimited`]
    pub fn counted(&self, counted: Result<RateLimitStatus, Refused>) -> Result<(), Problem> {
        *self.last() = Some(counted);
        counted.map(drop).map_err(Problem::from)
    }

    /// Whether the request was within its limit; `None` if it was not counted.
    pub fn was_admitted(&self) -> Option<bool> {
        self.last().map(|counted| counted.is_ok())
    }

    fn last(&self) -> MutexGuard<'_, Option<Result<RateLimitStatus, Refused>>> {
        self.0.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rate limits of this instance. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    tokens: FixedWindow<[u8; 32]>,
    addresses: FixedWindow<Network>,
}

impl Limits {
    /// Creates the limits, with nothing counted.
    pub fn new(settings: &RateLimits) -> Self {
        Self {
            tokens: FixedWindow::new("token", settings.per_token),
            addresses: FixedWindow::new("address", settings.per_address),
        }
    }

    /// Counts a request by its address.
    ///
    /// # Errors
    /// [`Refused`] if the limit is reached.
    pub fn check_address(&self, client: &Client, now: Timestamp) -> Result<RateLimitStatus, Refused> {
        let mut narrowest = self.addresses.untouched();
        let networks = client.networks();
        // The widest network first: once its quota is used up, no windows are created for the narrower ones.
        for (index, (network, times)) in networks.iter().enumerate().rev() {
            match self.addresses.take(*network, *times, now) {
                Ok(status) => narrowest = status,
                Err(refused) => {
                    networks.iter().skip(index + 1).for_each(|(network, _)| self.addresses.give_back(network));
                    return Err(refused);
                }
            }
        }
        Ok(narrowest)
    }

    /// Uncounts a request by its address, because it had an active token.
    pub fn refund_address(&self, client: &Client) {
        client.networks().iter().for_each(|(network, _)| self.addresses.give_back(network));
    }

    /// Counts a request by its token, if the token worked within the last minute.
    ///
    /// # Errors
    /// [`Refused`] if the limit is reached.
    pub fn check_token(&self, hash: &[u8; 32], now: Timestamp) -> Option<Result<RateLimitStatus, Refused>> {
        self.tokens.is_open(hash, now).then(|| self.tokens.take(*hash, 1, now))
    }

    /// Counts a request by its token, and opens a window for it.
    ///
    /// # Errors
    /// [`Refused`] if the limit is reached.
    pub fn open_token(&self, hash: [u8; 32], now: Timestamp) -> Result<RateLimitStatus, Refused> {
        self.tokens.take(hash, 1, now)
    }

    /// Forgets a token that is no longer active.
    pub fn forget(&self, hash: &[u8; 32]) {
        self.tokens.forget(hash);
    }
}

/// The limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub RateLimitStatus);

impl From<Refused> for Problem {
    fn from(Refused(status): Refused) -> Self {
        Self::RateLimited(status.resets_in)
    }
}

#[derive(Clone, Debug)]
struct FixedWindow<K> {
    policy: &'static str,
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
    fn new(policy: &'static str, quota: u32) -> Self {
        let open = Open { windows: HashMap::new(), order: VecDeque::new() };
        Self { policy, quota, kept: KEPT, open: Arc::new(Mutex::new(open)) }
    }

    fn untouched(&self) -> RateLimitStatus {
        RateLimitStatus { policy: self.policy, quota: self.quota, remaining: self.quota, resets_in: 0 }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Open<K>) -> T) -> T {
        // Nothing in here panics halfway, so a poisoned lock holds consistent data.
        work(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a request of `key` against `times` the quota.
    fn take(&self, key: K, times: u32, now: Timestamp) -> Result<RateLimitStatus, Refused> {
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
            };
            if window.taken >= quota {
                return Err(Refused(status));
            }
            window.taken += 1;
            status.remaining = quota - window.taken;
            Ok(status)
        })
    }

    fn give_back(&self, key: &K) {
        self.with(|open| {
            if let Some(window) = open.windows.get_mut(key) {
                window.taken = window.taken.saturating_sub(1);
            }
        });
    }

    fn is_open(&self, key: &K, now: Timestamp) -> bool {
        self.with(|open| open.windows.get(key).is_some_and(|window| window.is_open(now)))
    }

    fn forget(&self, key: &K) {
        self.with(|open| open.windows.remove(key));
    }
}

/// Middleware that adds the rate limit headers to every response: Lists of Strings with parameters, as Structured
/// Fields (RFC 9651).
pub async fn layer(request: Request, next: Next) -> Response {
    let auth_info = request.extensions().get::<RequestAuthInfo>().cloned().unwrap_or_default();
    let mut response = next.run(request).await;
    let counted = *auth_info.last();
    if let Some(Ok(status) | Err(Refused(status))) = counted {
        let RateLimitStatus { policy, quota, remaining, resets_in } = status;
        let window = WINDOW.whole_seconds();
        for (name, value) in [
            (&POLICY, format!("\"{policy}\";q={quota};w={window}")),
            (&LIMIT, format!("\"{policy}\";r={remaining};t={resets_in}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_lasts_a_minute() {
        let windows = FixedWindow::new("test", 2);
        let left = |result: Result<RateLimitStatus, Refused>| {
            result.map(|s| (s.remaining, s.resets_in)).map_err(|r| r.0.resets_in)
        };
        assert_eq!(left(windows.take('a', 1, at(0))), Ok((1, 60)));
        assert_eq!(left(windows.take('a', 1, at(10))), Ok((0, 50)));
        assert_eq!(left(windows.take('a', 1, at(59))), Err(1));
        assert_eq!(left(windows.take('b', 1, at(59))), Ok((1, 60)), "each counts for itself");
        assert_eq!(left(windows.take('a', 1, at(60))), Ok((1, 60)));
        windows.give_back(&'a');
        assert_eq!(left(windows.take('a', 1, at(61))), Ok((1, 59)));
    }

    #[test]
    fn a_clock_that_went_back_keeps_nobody_out() {
        let windows = FixedWindow::new("test", 1);
        assert!(windows.take('a', 1, at(1_000)).is_ok());
        assert!(windows.take('a', 1, at(1_000)).is_err());
        assert!(windows.take('a', 1, at(0)).is_ok());
    }

    #[test]
    fn a_request_that_comes_late_is_counted_with_the_others() {
        let windows = FixedWindow::new("test", 2);
        assert!(windows.take('a', 1, at(100)).is_ok());
        assert!(windows.take('a', 1, at(99)).is_ok_and(|status| status.resets_in == 60));
        assert!(windows.take('a', 1, at(100)).is_err() && windows.take('a', 1, at(98)).is_err());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_makes_room() {
        let windows = FixedWindow { kept: 100, ..FixedWindow::new("test", 1) };
        let held = || windows.with(|open| (open.windows.len(), open.order.len()));
        for key in 0..1_000 {
            assert!(windows.take(key, 1, at(key / 100)).is_ok());
            assert!(held().0 <= 100 && held().1 <= 100, "{:?}", held());
        }
        assert!((900..1_000).all(|key| windows.take(key, 1, at(10)).is_err()), "the newest are still counted");
        assert!(windows.take(899, 1, at(10)).is_ok(), "the oldest is not");
        assert!(windows.take(1_000, 1, at(71)).is_ok());
        assert_eq!(held(), (1, 1), "what is over has gone");
        for _ in 0..1_000 {
            windows.forget(&1_000);
            assert!(windows.take(1_000, 1, at(71)).is_ok());
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

    #[test]
    fn whoever_has_many_networks_is_counted_by_all_of_them() {
        let limits = Limits::new(&RateLimits { per_token: 1, per_address: 2 });
        let ask = |text: String| {
            let client = Client { address: text.parse().ok(), ..Client::default() };
            limits.check_address(&client, at(0))
        };
        let quota = |result: Result<RateLimitStatus, Refused>| match result {
            Ok(status) => status.quota,
            Err(refused) => refused.0.quota + 1_000,
        };
        let of_one_56: Vec<_> = (0..9).map(|n| quota(ask(format!("2001:db8:1:{n:x}::1")))).collect();
        assert_eq!(of_one_56, [2, 2, 2, 2, 2, 2, 2, 2, 1_008]);
        let others: Vec<_> = (1..=25).map(|n| quota(ask(format!("2001:db8:1:{n:x}00::1")))).collect();
        assert!(others[..24].iter().all(|quota| *quota == 2) && others[24] == 1_032, "{others:?}");
        assert_eq!(quota(ask("2001:db8:2::1".into())), 2);
        assert_eq!(["192.0.2.1"; 3].map(|text| quota(ask(text.into()))), [2, 2, 1_002]);
    }
}
