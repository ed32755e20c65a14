//! The rate limits of the token door, per minute, by token and by address, and their response headers
//! (draft-ietf-httpapi-ratelimit-headers-10).
//!
//! **By token**: every request with an active token. **By address**: every request without one, such as a wrong token,
//! a login, the report of a leaked token, or a preflight from an origin that is not in the settings. These are counted
//! before any database query, so guessing costs us only a hash and a lookup in memory. A token that worked within the
//! last minute is recognized by its hash and not counted by address, so others behind the same address cannot lock out
//! its owner.
//!
//! **Ending a credential** is possible above the limits: `POST logout`, and `DELETE tokens/{id}` with the id of the
//! calling token ([`Ending`]). A token that works ends with it, so there is nothing to repeat. What fails is counted
//! like any other request, up to twice the limit, so that a flood of it costs no more queries than other requests do.
//!
//! **Storage.** In the memory of each instance: an authenticated read is one query and no write (S7), and a shared
//! count would make it a write. So with `n` instances, a token can make up to `n` times as many requests. The limits
//! that protect passwords are in the database (see [`crate::auth::rate_limit::attempts`]) and apply across instances.
//! An address is counted by its network, and with 4 and 16 times the limit by wider ones of one customer (S69).
//!
//! **Windows.** A fixed window begins with the first request and lasts a minute, so the headers can tell exactly when
//! the full quota is available again.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

pub use super::{
    ending::Ending,
    window::{RateLimitStatus, Refused},
};
use super::{
    ending::times_for,
    window::{FixedWindow, WINDOW},
};
use crate::{
    http::{
        client::{Client, Network},
        problem::{Limit, Problem},
    },
    settings::RateLimits,
    timestamp::Timestamp,
};

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LIMIT: HeaderName = HeaderName::from_static("ratelimit");

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
            tokens: FixedWindow::new(Limit::Token, settings.per_token),
            addresses: FixedWindow::new(Limit::Address, settings.per_address),
        }
    }

    /// Counts a request by its address.
    ///
    /// # Errors
    /// [`Refused`] if the limit is reached.
    pub fn check_address(&self, client: &Client, now: Timestamp) -> Result<RateLimitStatus, Refused> {
        self.check_address_of(client, now, None)
    }

    /// The same, for a request that may end its credential.
    ///
    /// # Errors
    /// [`Refused`] if the limit is reached.
    pub fn check_address_of(
        &self,
        client: &Client,
        now: Timestamp,
        ending: Option<Ending>,
    ) -> Result<RateLimitStatus, Refused> {
        let above = times_for(ending, false);
        let mut narrowest = self.addresses.untouched();
        let networks = client.networks();
        // The widest network first: once its quota is used up, no windows are created for the narrower ones.
        for (index, (network, times)) in networks.iter().enumerate().rev() {
            match self.addresses.take(*network, *times, above, now) {
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
    pub fn check_token(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
        ending: Option<Ending>,
    ) -> Option<Result<RateLimitStatus, Refused>> {
        self.tokens.is_open(hash, now).then(|| self.tokens.take(*hash, 1, times_for(ending, true), now))
    }

    /// Counts a request by its token, and opens a window for it.
    ///
    /// # Errors
    /// [`Refused`] if the limit is reached.
    pub fn open_token(
        &self,
        hash: [u8; 32],
        now: Timestamp,
        ending: Option<Ending>,
    ) -> Result<RateLimitStatus, Refused> {
        self.tokens.take(hash, 1, times_for(ending, true), now)
    }

    /// Uncounts a request by its token, because whoever sent it could not prove to have the token's key.
    pub fn refund_token(&self, hash: &[u8; 32]) {
        self.tokens.give_back(hash);
    }

    /// Forgets a token that is no longer active.
    pub fn forget(&self, hash: &[u8; 32]) {
        self.tokens.forget(hash);
    }
}

/// Middleware that adds the rate limit headers to every response: Lists of Strings with parameters, as Structured
/// Fields (RFC 9651).
pub async fn layer(request: Request, next: Next) -> Response {
    let auth_info = request.extensions().get::<RequestAuthInfo>().cloned().unwrap_or_default();
    let mut response = next.run(request).await;
    let counted = *auth_info.last();
    if let Some(Ok(status) | Err(Refused(status))) = counted {
        let RateLimitStatus { policy, quota, remaining, resets_in, .. } = status;
        let (policy, window) = (policy.as_str(), WINDOW.whole_seconds());
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
    use time::{Duration, OffsetDateTime};
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    #[test]
    fn what_ends_a_credential_is_admitted_above_the_quota_and_a_flood_of_it_is_not() {
        let limits = Limits::new(&RateLimits { per_token: 2, per_address: 2 });
        let (client, hash, other) = (Client::default(), [7; 32], Some(Ending::Revoke(Uuid::nil())));
        let client = Client { address: "192.0.2.1".parse().ok(), ..client };
        for ending in [Some(Ending::Logout), other] {
            let limits = Limits::new(&RateLimits { per_token: 2, per_address: 2 });
            let taken: Vec<_> = (0..6).map(|_| limits.check_address_of(&client, at(0), ending).is_ok()).collect();
            assert_eq!(taken, [true, true, true, true, false, false], "{ending:?} with any token");
        }
        assert!(limits.open_token(hash, at(0), None).is_ok() && limits.open_token(hash, at(0), None).is_ok());
        let take = |ending| limits.check_token(&hash, at(0), ending).unwrap();
        assert!(take(None).is_err());
        assert!((0..100).all(|_| take(Some(Ending::Logout)).is_ok_and(|status| status.within().is_err())));
        assert!(take(other).is_err(), "another token's flood ends somewhere");
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
