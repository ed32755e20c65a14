//! DPoP (RFC 9449): tokens that are bound to a key. With each request, the client sends a proof that it has the key:
//! a JWT, signed for this request alone. A copy of such a token opens nothing without the key (S82).
//!
//! **Binding.** Whoever makes a token takes a [`SentProof`] and stores the thumbprint of its key with the token. From
//! then on, [`crate::auth::bearer::TokenDoor`] asks for a proof of that key with each use.
//!
//! **Once.** A proof is used once across all instances: one `INSERT` of a hash, which the table refuses the second time.
//! In SQLite it is written on the thread of the request, without waiting for the disk.
//! A row is deleted when its proof is too old to be accepted. The rate limits bound their number, and they are checked
//! before.
//!
//! **Where.** `htu` is compared with the public URL of the settings and the path of the request. `Host` and what proxies
//! add are not read, so a proof works behind any proxy, and for no other site.

mod nonce;
mod proof;
mod store;
mod target;

use std::{fmt, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderName, HeaderValue, Method, request::Parts},
};
use time::{Duration, OffsetDateTime};

use self::{
    nonce::NonceKey,
    proof::{Expected, Proof},
    target::Target,
};
use crate::{
    auth::server_key::ServerKey,
    db::Db,
    http::problem::Problem,
    settings::{self, Settings},
    timestamp::Timestamp,
};

pub use super::jose::Thumbprint;

/// The header of a proof.
pub static HEADER: HeaderName = HeaderName::from_static("dpop");
/// The header of a nonce.
pub static NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// For how long a proof is remembered after it has expired, as the clocks of instances may differ.
const CLOCKS_DIFFER: Duration = Duration::seconds(60);

/// Checks proofs. Cheap to clone.
#[derive(Clone)]
pub struct Dpop(Arc<Inner>);

struct Inner {
    db: Db,
    settings: settings::Dpop,
    /// The site's own origin.
    origin: String,
    /// The key of nonces.
    key: ServerKey<NonceKey>,
}

/// Keeps the key out of logs.
impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dpop")
    }
}

/// The token that a proof comes with.
#[derive(Clone, Copy, Debug)]
pub struct BoundToken<'a> {
    /// Its SHA-256 hash.
    pub hash: &'a [u8],
    /// The thumbprint of the key that it is bound to.
    pub key: &'a str,
}

impl Dpop {
    /// Checks proofs for the site of `settings`.
    pub fn new(settings: &Settings, db: Db) -> Self {
        let (settings, origin) = (settings.dpop, settings.origin());
        let key = ServerKey::new(db.clone(), "dpop-nonce", NonceKey::new);
        Self(Arc::new(Inner { db, settings, origin, key }))
    }

    /// Checks the proof of the request `parts`, which comes with `token`.
    ///
    /// # Errors
    /// [`Problem::DpopProofInvalid`], also if there is none; [`Problem::DpopNonceNeeded`]; or if the database fails.
    pub async fn check(&self, parts: &Parts, token: BoundToken<'_>) -> Result<(), Problem> {
        let sent = SentProof::of(self.clone(), parts);
        match sent.checked(Some(token)).await? {
            Some(_) => Ok(()),
            None => Err(Problem::DpopProofInvalid("The request has no `DPoP` header.".into())),
        }
    }

    /// The nonce for the next proof; `None` if none is needed, or no proof was checked yet.
    pub fn next_nonce(&self) -> Option<HeaderValue> {
        let key = self.0.settings.nonces.then(|| self.0.key.known()).flatten()?;
        HeaderValue::from_str(&key.current(self.0.db.now().get().unix_timestamp())).ok()
    }

    /// Checks the nonce that a proof names.
    async fn check_nonce(&self, named: Option<&str>, now: Timestamp) -> Result<(), Problem> {
        if !self.0.settings.nonces {
            return Ok(());
        }
        let (key, now) = (self.0.key.get().await?, now.get().unix_timestamp());
        match named {
            Some(nonce) if key.knows(nonce, now) => Ok(()),
            _ => Err(Problem::DpopNonceNeeded(key.current(now))),
        }
    }
}

/// The proof that a request may have sent, for a handler that makes a token.
#[derive(Debug)]
pub struct SentProof {
    dpop: Dpop,
    method: Method,
    path: String,
    /// The header; an error if there are several.
    header: Result<Option<HeaderValue>, ()>,
}

impl<S: Send + Sync> FromRequestParts<S> for SentProof
where
    Dpop: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self::of(Dpop::from_ref(state), parts))
    }
}

impl SentProof {
    fn of(dpop: Dpop, parts: &Parts) -> Self {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        Self { dpop, method: parts.method.clone(), path: uri.path().to_owned(), header: single(&parts.headers) }
    }

    /// Checks the proof, and returns the thumbprint of the key that the new token is to be bound to; `None` if the
    /// request has no proof. Call it once: a proof is used up by it.
    ///
    /// # Errors
    /// [`Problem::DpopProofInvalid`]; [`Problem::DpopNonceNeeded`]; or if the database fails.
    pub async fn verify(self) -> Result<Option<Thumbprint>, Problem> {
        self.checked(None).await
    }

    /// The same, for the token of a login, for which the settings may demand a key.
    ///
    /// # Errors
    /// The same; also [`Problem::DpopProofInvalid`] if a key is demanded and there is no proof.
    pub async fn verify_for_login(self) -> Result<Option<Thumbprint>, Problem> {
        let is_required = self.dpop.0.settings.required;
        let key = self.verify().await?;
        if key.is_none() && is_required {
            let detail =
                "A login gives only tokens that are bound to a key here, and the request has no `DPoP` header.";
            return Err(Problem::DpopProofInvalid(detail.into()));
        }
        Ok(key)
    }

    async fn checked(self, token: Option<BoundToken<'_>>) -> Result<Option<Thumbprint>, Problem> {
        let invalid = |why: &'static str| Problem::DpopProofInvalid(why.into());
        let several = |()| invalid("The request has several `DPoP` headers.");
        let Some(header) = self.header.map_err(several)? else { return Ok(None) };
        let text = header.to_str().map_err(|_| invalid("The proof is not ASCII text."))?;
        let Inner { db, settings, origin, .. } = &*self.dpop.0;
        let target = Target::new(origin, &self.path).ok_or_else(|| invalid("The URL of the request is none."))?;
        let (now, window) = (db.now(), Duration::seconds(settings.window_seconds.into()));
        let expected = Expected {
            method: self.method.as_str(),
            target: &target,
            token: token.map(|token| (token.hash, token.key)),
            now: (now.get() - OffsetDateTime::UNIX_EPOCH).as_seconds_f64(),
            window: window.as_seconds_f64(),
        };
        let proof = Proof::parse(text).map_err(invalid)?;
        proof.fits(expected).map_err(|why| Problem::DpopProofInvalid(hint(why, origin, &self.path).into()))?;
        self.dpop.check_nonce(proof.nonce(), now).await?;
        if !proof.is_signed() {
            return Err(invalid("The signature of the proof is not valid for the key in it."));
        }
        // `fits` has compared it with the time.
        let left = Duration::seconds_f64(proof.made_at() - expected.now) + window;
        if !store::first_use(db, proof.identity(), now + left + CLOCKS_DIFFER).await? {
            return Err(invalid("This proof was used before. Make a new one, with another `jti`, for each request."));
        }
        Ok(Some(proof.into_key()))
    }
}

/// `why` a proof does not fit, with the URL if it is about that: behind a proxy, the client may know another.
fn hint(why: &str, origin: &str, path: &str) -> String {
    if why.starts_with("`htu`") { format!("{why} That is {origin}{path}") } else { why.to_owned() }
}

fn single(headers: &HeaderMap) -> Result<Option<HeaderValue>, ()> {
    let mut values = headers.get_all(&HEADER).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first.cloned()),
        (_, Some(_)) => Err(()),
    }
}

/// Forgets up to `batch` proofs that are too old to be accepted. Returns how many.
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now(), batch).await
}
