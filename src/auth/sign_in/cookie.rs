//! The cookie of a sign-in that waits for a second factor (RFC 6265bis): it leads to a row of `pending_sign_ins`, and
//! gives no access. It is read at the session door only.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use time::Duration;
use url::Url;

use crate::http::cookie::HostCookie;

/// How long a sign-in waits for a second factor.
pub(super) const LASTS: Duration = Duration::minutes(10);

/// The cookie `__Host-Http-pending`, or `pending` without https.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieName(HostCookie);

impl CookieName {
    /// The cookie for a site at `public_url`.
    pub fn of(public_url: &Url) -> Self {
        Self(HostCookie::of(public_url, "__Host-Http-pending", "pending"))
    }

    /// The header value that sets the cookie, or removes it if `value` is empty.
    fn line(&self, value: &str) -> Option<HeaderValue> {
        self.0.line(value, if value.is_empty() { 0 } else { LASTS.whole_seconds() })
    }
}

/// The cookie of a request and of its response. Clones share it.
#[derive(Clone, Default)]
pub struct PendingCookie(Arc<Cookie>);

#[derive(Default)]
struct Cookie {
    received: Option<String>,
    /// What the response sets; empty to remove the cookie.
    given: Mutex<Option<String>>,
}

/// Keeps the handle out of logs.
impl fmt::Debug for PendingCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingCookie(…)")
    }
}

impl PendingCookie {
    pub(super) fn received(&self) -> Option<&str> {
        self.0.received.as_deref()
    }

    pub(super) fn give(&self, handle: &str) {
        *self.0.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle.into());
    }

    pub(super) fn remove(&self) {
        if self.0.received.is_some() {
            self.give("");
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PendingCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Middleware outside the session door, which passes on only the session cookie.
pub async fn layer(State(name): State<CookieName>, mut request: Request, next: Next) -> Response {
    let cookie = PendingCookie(Arc::new(Cookie {
        received: name.0.value(request.headers()).map(str::to_owned),
        ..Cookie::default()
    }));
    request.extensions_mut().insert(cookie.clone());
    let mut response = next.run(request).await;
    let given = cookie.0.given.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(line) = given.and_then(|value| name.line(&value)) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn it_is_set_and_removed_with_what_its_name_promises() {
        let line = |url: &str, value: &str| CookieName::of(&url.parse().unwrap()).line(value).unwrap();
        let attributes = "Path=/; HttpOnly; SameSite=Lax";
        let https = "https://x.example";
        assert_eq!(line(https, "x"), format!("__Host-Http-pending=x; Max-Age=600; {attributes}; Secure"));
        assert_eq!(line(https, ""), format!("__Host-Http-pending=; Max-Age=0; {attributes}; Secure"));
        assert_eq!(line("http://localhost:3000", "x"), format!("pending=x; Max-Age=600; {attributes}"));
    }

    #[test]
    fn only_our_cookie_sent_once_counts() {
        let cookie = CookieName::of(&"https://x.example".parse().unwrap());
        let value = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            cookie.0.value(&headers).map(str::to_owned)
        };
        assert_eq!(value("a=b; __Host-Http-pending=x").as_deref(), Some("x"));
        for forged in ["__Host-Http-pending=x; __Host-Http-pending=y", "__%48ost-Http-pending=x", "pending=x"] {
            assert_eq!(value(forged), None, "{forged}");
        }
    }
}
