//! The key to what opens accounts: a server that takes itself for a development server may be public all the same,
//! behind a proxy that nobody told it of (S71).

use std::{fmt, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};

use crate::http::{client::Peer, cookie::named, problem::Problem, redirect::see_other};

/// The cookie that keeps the key, once it was in the URL.
const COOKIE: &str = "dev_key";

/// What proxies add (RFC 7239, RFC 9110 section 7.6.3), and what those of large providers do.
const ADDED_BY_PROXIES: [&str; 6] =
    ["forwarded", "via", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"];

/// 128 bits, new with every start, printed there and kept nowhere.
#[derive(Clone)]
pub struct DevKey(Arc<str>);

impl DevKey {
    /// A new one.
    ///
    /// # Errors
    /// Says that the operating system has no randomness.
    pub fn new() -> Result<Self, String> {
        let mut bytes = [0; 16];
        OsRng.try_fill_bytes(&mut bytes).map_err(|error| error.to_string())?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The address to open once, for whoever sits at the terminal. The key leaves the URL for a cookie there.
    pub fn url(&self, origin: &str) -> String {
        format!("{origin}/dev/outbox?key={}", self.0)
    }

    /// By their hashes, so that the time it takes tells nothing of the key.
    fn is(&self, given: &[u8]) -> bool {
        Sha256::digest(given) == Sha256::digest(self.0.as_bytes())
    }

    /// The cookie that takes the key's place: for `/dev` alone, out of reach of scripts and of other sites.
    fn cookie(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{COOKIE}={}; Path=/dev; HttpOnly; SameSite=Strict", self.0)).ok()
    }
}

/// It is no secret of anybody's, but it has no place in a log either.
impl fmt::Debug for DevKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevKey")
    }
}

/// Whoever is at this machine and has the key. A handler that takes it answers nobody else: 404.
#[derive(Clone, Copy, Debug)]
pub struct Developer(());

impl<S: Send + Sync> FromRequestParts<S> for Developer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or(Problem::NotFound)
    }
}

/// Finds out who is a [`Developer`]. Stands outside of the session door, which lets no cookie through but its own.
pub async fn recognise(State(key): State<DevKey>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/dev/") || !is_here(request.extensions(), request.headers()) {
        return next.run(request).await;
    }
    let query = request.uri().query().unwrap_or_default();
    let given = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key");
    if let Some((_, given)) = given
        && key.is(given.as_bytes())
        && let Some(cookie) = key.cookie()
    {
        return ([(header::SET_COOKIE, cookie)], see_other(path)).into_response();
    }
    let prefix = COOKIE.len() + 1;
    if named(request.headers(), COOKIE).any(|pair| key.is(&pair[prefix..])) {
        request.extensions_mut().insert(Developer(()));
    } else {
        tracing::debug!("asked for without the key that was printed at the start");
    }
    next.run(request).await
}

/// Whether the request comes from this machine, and from no proxy on it.
fn is_here(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let proxied = |name: &str| name.starts_with("x-forwarded") || ADDED_BY_PROXIES.contains(&name);
    extensions.get::<Peer>().is_some_and(|Peer(address)| address.to_canonical().is_loopback())
        && !headers.keys().any(|name| proxied(name.as_str()))
}
