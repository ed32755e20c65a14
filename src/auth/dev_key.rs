//! The key to the outbox. A server that takes itself for a development server may still be public, behind a proxy that
//! its settings do not name (S71).

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

/// The cookie that holds the key after it was opened in the URL.
const COOKIE: &str = "dev_key";

/// Headers that proxies add (RFC 7239, RFC 9110 section 7.6.3), including those of large providers.
const ADDED_BY_PROXIES: [&str; 6] =
    ["forwarded", "via", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"];

/// A key of 128 random bits. It is new at each start, printed there and stored nowhere.
#[derive(Clone)]
pub struct DevKey(Arc<str>);

impl DevKey {
    /// A new key.
    ///
    /// # Errors
    /// A message for the operator if the operating system provides no randomness.
    pub fn new() -> Result<Self, String> {
        let mut bytes = [0; 16];
        OsRng.try_fill_bytes(&mut bytes).map_err(|error| error.to_string())?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The URL for the person at the terminal to open. It moves the key into a cookie.
    pub fn url(&self, origin: &str) -> String {
        format!("{origin}/dev/outbox?key={}", self.0)
    }

    /// Compares the hashes, so that the time it takes reveals nothing about the key.
    fn is(&self, given: &[u8]) -> bool {
        Sha256::digest(given) == Sha256::digest(self.0.as_bytes())
    }

    /// The cookie that holds the key: for `/dev` only, not readable by scripts, not sent from other sites.
    fn cookie(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{COOKIE}={}; Path=/dev; HttpOnly; SameSite=Strict", self.0)).ok()
    }
}

/// Keeps the key out of logs.
impl fmt::Debug for DevKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevKey")
    }
}

/// A request from this machine with the key. A handler that takes it as an argument answers all others with 404.
#[derive(Clone, Copy, Debug)]
pub struct Developer(());

impl<S: Send + Sync> FromRequestParts<S> for Developer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or(Problem::NotFound)
    }
}

/// Marks the requests of a [`Developer`]. It runs outside of the session door, which removes all cookies but its own.
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
        tracing::debug!("request to /dev without the key that was printed at the start");
    }
    next.run(request).await
}

/// Whether the request comes from this machine, and not through a proxy on it.
fn is_here(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let proxied = |name: &str| name.starts_with("x-forwarded") || ADDED_BY_PROXIES.contains(&name);
    matches!(extensions.get(), Some(Peer::Address(address)) if address.to_canonical().is_loopback())
        && !headers.keys().any(|name| proxied(name.as_str()))
}
