//! Sessions that are bound to a key of the device: a copy of the browser's cookies opens nothing elsewhere once the
//! short cookie in it is over (S84; Device Bound Session Credentials, <https://w3c.github.io/webappsec-dbsc/>).
//!
//! **Offer.** The answer that signs somebody in has the header `Secure-Session-Registration`. A browser that knows it
//! makes a key that cannot be read out, and posts the public part to [`START`]; another browser ignores it. Only the
//! browser that got the answer knows the challenge in it, so a copy of the session cookie registers no key.
//!
//! **Bound.** The answer to that sets the short cookie, which ends after some minutes. The session is bound when it
//! comes with a request: an answer that was lost on the way binds nothing. From a few seconds later on, since other
//! requests may have been under way, the session cookie without the short one is nobody.
//!
//! **Refresh.** When the short cookie ends, the browser holds its requests, asks for a challenge, signs it, and gets
//! the next one. It sends no cookies along if another site's link began it, so that is decided by the session's id and the
//! signature alone. A challenge is used up by the first answer: challenges are numbered, and the row keeps the last
//! number.
//!
//! **Cost.** The short cookie holds the time at which it ends, and a MAC, so a request takes no query and no write. Two
//! tabs that refresh at once get two cookies, and both count.

mod answer;
mod proof;
mod seal;
mod store;

use std::{fmt, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use time::Duration;
use uuid::Uuid;

pub use self::answer::{refresh, start};
use self::{
    proof::{ALGORITHMS, Proof},
    seal::{SealKey, Use},
};
use super::{jose::PublicKey, server_key::ServerKey};
use crate::{
    db::Db,
    http::{
        cookie::{BOUND_COOKIE, HostCookie},
        problem::Problem,
    },
    settings::{DeviceBinding, Factors, Settings},
    timestamp::Timestamp,
};

/// Where a browser registers its key.
pub const START: &str = "/session/device-bound/start";
/// Where a browser gets the next short cookie.
pub const REFRESH: &str = "/session/device-bound/refresh";

/// The part of the site that a bound session is for, with the paths and the short cookie that browsers know it by.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Where a browser registers its key.
    pub register_at: &'static str,
    /// Where a browser gets the next short cookie.
    pub refresh_at: &'static str,
    /// The name of the short cookie.
    pub cookie: &'static str,
    /// The path of the short cookie.
    pub path: &'static str,
    /// The requests that wait for the short cookie: `include` or `exclude`, and a path. Later rules count more.
    pub rules: &'static [(&'static str, &'static str)],
    /// For how many seconds a browser keeps the short cookie; `None` for until shortly before it ends.
    pub kept_seconds: Option<i64>,
}

/// The whole site, except for what takes no session cookie.
const SITE: Part = Part {
    register_at: START,
    refresh_at: REFRESH,
    cookie: BOUND_COOKIE,
    path: "/",
    rules: &[("exclude", "/api"), ("exclude", "/pkg")],
    kept_seconds: None,
};

/// The header that offers a registration.
pub static REGISTRATION: HeaderName = HeaderName::from_static("secure-session-registration");

/// How long a challenge can be answered.
const CHALLENGE_LASTS: Duration = Duration::minutes(5);
/// How far the clock of another instance may be ahead.
const CLOCKS_DIFFER: Duration = Duration::minutes(1);
/// For how long after it was bound the session cookie counts alone: requests that began before had no other.
const UNDER_WAY: Duration = Duration::seconds(10);

/// What a request shows of the key of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The session is not bound.
    Unbound,
    /// The short cookie proves the key until then, or the session was bound just now.
    Proven {
        /// When that ends.
        until: Timestamp,
        /// Whether the browser shows it for the first time: the session is to be bound.
        first: bool,
    },
    /// The session is bound, and nothing proves the key.
    Unproven,
}

/// On requests whose session is bound to a key that they do not prove. To handlers, nobody is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Unproven;

/// Binds sessions. Cheap to clone.
#[derive(Clone)]
pub struct DeviceBound(Arc<Inner>);

struct Inner {
    db: Db,
    key: ServerKey<SealKey>,
    policy: DeviceBinding,
    factors: Factors,
    /// How long a short cookie counts.
    life: Duration,
    /// The short cookie; `None` without https.
    cookie: Option<HostCookie>,
    part: Part,
    origin: String,
}

/// Keeps the key out of logs.
impl fmt::Debug for DeviceBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceBound")
    }
}

impl DeviceBound {
    /// For the site of `settings`.
    pub fn new(settings: &Settings, db: Db) -> Self {
        let url = &settings.server.public_url;
        Self(Arc::new(Inner {
            key: ServerKey::new(db.clone(), "device-bound", SealKey::new),
            db,
            policy: settings.sessions.device_bound,
            factors: settings.factors.clone(),
            life: Duration::seconds(settings.sessions.bound_cookie_seconds.into()),
            cookie: (url.scheme() == "https").then(|| HostCookie::of(url, BOUND_COOKIE, BOUND_COOKIE)),
            part: SITE,
            origin: settings.origin(),
        }))
    }

    /// The same for sessions of a `part` of the site, whose short cookies last for `life`. What is sealed here counts
    /// everywhere, under the name of the short cookie there. They are offered whatever the settings say.
    #[must_use]
    pub fn of_part(settings: &Settings, db: Db, part: Part, life: Duration) -> Self {
        let url = &settings.server.public_url;
        let cookie = HostCookie::of(url, part.cookie, part.cookie).below(part.path);
        Self(Arc::new(Inner {
            key: ServerKey::new(db.clone(), "device-bound", SealKey::new),
            db,
            policy: DeviceBinding::Offered,
            factors: settings.factors.clone(),
            life,
            cookie: (url.scheme() == "https").then_some(cookie),
            part,
            origin: settings.origin(),
        }))
    }

    /// What `headers` show of the key of `session`, which was bound at `bound_at`.
    ///
    /// # Errors
    /// If the database fails, for the first request that asks.
    pub async fn standing(
        &self,
        session: Uuid,
        bound_at: Option<Timestamp>,
        headers: &HeaderMap,
    ) -> Result<Standing, Problem> {
        let Some(cookie) = &self.0.cookie else {
            // The prefix of the cookies keeps a session from https off http, and the other way round.
            return Ok(if bound_at.is_some() { Standing::Unproven } else { Standing::Unbound });
        };
        let (now, sent) = (self.0.db.now(), cookie.value(headers));
        if let Some(sent) = sent {
            let ends = self.0.key.get().await?.open(Use::Cookie, session, sent);
            if let Some(left) =
                ends.map(|ends| Duration::seconds(ends - seconds(now))).filter(|left| left.is_positive())
            {
                return Ok(Standing::Proven { until: now + left.min(self.0.life), first: bound_at.is_none() });
            }
        }
        Ok(match bound_at {
            None => Standing::Unbound,
            Some(at) if (now - at).abs() < UNDER_WAY => Standing::Proven { until: at + UNDER_WAY, first: false },
            Some(_) => Standing::Unproven,
        })
    }

    /// Whether `headers` hold the short cookie, of whatever session.
    pub fn is_shown(&self, headers: &HeaderMap) -> bool {
        self.0.cookie.as_ref().is_some_and(|cookie| cookie.value(headers).is_some())
    }

    /// Binds `session`, whose browser has shown the short cookie. The write happens in the background; if it fails, the
    /// next request tries again.
    pub fn spawn_bind(&self, session: Uuid) {
        let (db, now) = (self.0.db.clone(), self.0.db.now());
        self.0.db.spawn_detached(async move {
            if let Err(error) = store::bind(&db, session, now).await {
                tracing::warn!(%error, %session, "session not bound");
            }
        });
    }

    /// Binds `session`, of which no other request is under way: its cookie counts alone no longer.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn bind_at_once(&self, session: Uuid) -> sqlx::Result<()> {
        store::bind(&self.0.db, session, self.0.db.now() + -UNDER_WAY).await.map(drop)
    }

    /// The value of [`REGISTRATION`] for a `session` that has just begun; `None` if none is offered.
    ///
    /// # Errors
    /// If the database fails, for the first offer.
    pub async fn offer(&self, session: Uuid) -> Result<Option<HeaderValue>, Problem> {
        if self.0.cookie.is_none() || self.0.policy == DeviceBinding::Off {
            return Ok(None);
        }
        let sealed = self.0.key.get().await?.seal(Use::Registration, session, milliseconds(self.0.db.now()));
        let challenge = format!("{}.{sealed}", session.simple());
        let offer = format!(r#"({ALGORITHMS});path="{}";challenge="{challenge}""#, self.0.part.register_at);
        Ok(HeaderValue::from_str(&offer).ok())
    }

    /// The header value that removes the short cookie; `None` without https.
    pub fn removal(&self) -> Option<HeaderValue> {
        self.0.cookie.as_ref()?.line("", 0)
    }

    /// Whether the account with the address `email` may be used in bound sessions only.
    pub fn is_required_of(&self, email: &str) -> bool {
        self.0.policy == DeviceBinding::RequiredForOperators && self.0.factors.names_operator(email)
    }

    /// Registers the key of the proof `text`. Returns the session.
    async fn register(&self, text: &str) -> Result<Uuid, Problem> {
        let now = self.0.db.now();
        let proof = Proof::parse(text).map_err(refused)?;
        let unknown = || refused("The challenge of the proof is unknown or too old, or the session has a key already.");
        let (id, sealed) = proof.challenge.split_once('.').ok_or_else(unknown)?;
        let session = Uuid::try_parse(id).map_err(|_| unknown())?;
        let number = self.0.key.get().await?.open(Use::Registration, session, sealed);
        let number = number.filter(|number| is_recent(*number, now)).ok_or_else(unknown)?;
        let key = proof.key().map_err(refused)?;
        let registered = store::register(&self.0.db, session, key.canonical, number, now).await?;
        registered.then_some(session).ok_or_else(unknown)
    }

    /// Takes the proof `text` for `session`.
    async fn renew(&self, session: Uuid, text: &str) -> Result<Renewed, Problem> {
        let now = self.0.db.now();
        let proof = Proof::parse(text).map_err(refused)?;
        let Some(kept) = store::find(&self.0.db, session, now).await? else { return Ok(Renewed::Over) };
        let key = PublicKey::kept(&kept.device_key).ok_or_else(|| Problem::Internal("a kept key is none".into()))?;
        proof.is_signed_by(&key).map_err(refused)?;
        let number = self.0.key.get().await?.open(Use::Refresh, session, &proof.challenge);
        // The next number is ours, whatever a clock that went back says.
        let is_in_time = |number: &i64| is_recent(*number, now) || *number == kept.last_challenge + 1;
        let Some(number) = number.filter(is_in_time) else {
            return Ok(Renewed::Again(self.challenge(session, kept.last_challenge).await?));
        };
        if store::use_up(&self.0.db, session, number, now).await? {
            return Ok(Renewed::Cookie);
        }
        Ok(Renewed::Again(self.challenge(session, kept.last_challenge.max(number)).await?))
    }

    /// A challenge for `session`, whose last one had the number `last`.
    async fn challenge(&self, session: Uuid, last: i64) -> Result<String, Problem> {
        let number = milliseconds(self.0.db.now()).max(last + 1);
        Ok(self.0.key.get().await?.seal(Use::Refresh, session, number))
    }

    /// The header value that sets the short cookie of `session`. The browser forgets it a little before it ends, so
    /// that it still counts when a request with it arrives.
    async fn short_cookie(&self, session: Uuid) -> Result<Option<HeaderValue>, Problem> {
        let Some(cookie) = &self.0.cookie else { return Ok(None) };
        let life = self.0.life.whole_seconds();
        let sealed = self.0.key.get().await?.seal(Use::Cookie, session, seconds(self.0.db.now()) + life);
        Ok(cookie.line(&sealed, self.0.part.kept_seconds.unwrap_or(life - (life / 5).min(10))))
    }
}

/// What a refresh leads to.
enum Renewed {
    /// The next short cookie.
    Cookie,
    /// Another challenge, because that of the proof was used before, or is too old.
    Again(String),
    /// There is no such session any more, or it has no key.
    Over,
}

fn refused(why: &'static str) -> Problem {
    Problem::SessionProofInvalid(why)
}

fn is_recent(number: i64, now: Timestamp) -> bool {
    let age = Duration::milliseconds(milliseconds(now).saturating_sub(number));
    (-CLOCKS_DIFFER..=CHALLENGE_LASTS).contains(&age)
}

fn seconds(at: Timestamp) -> i64 {
    at.get().unix_timestamp()
}

fn milliseconds(at: Timestamp) -> i64 {
    i64::try_from(at.get().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
