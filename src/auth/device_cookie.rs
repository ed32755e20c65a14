//! The device cookie (RFC 6265bis): it tells that somebody signed in with this browser before, and gives no access.
//!
//! It outlives any session, survives signing out, and is read at the session door only.
//! [`crate::auth::rate_limit::attempts`] explains what it is for.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use url::Url;

use crate::http::{client::Device, cookie::HostCookie};

/// 400 days, the longest that browsers keep a cookie (RFC 6265bis, section 5.5).
pub const LIFETIME: time::Duration = time::Duration::days(400);

/// The cookie `__Host-Http-device`, or `device` without https. Beside it, `__Host-Http-last-way` or `last-way` holds the
/// name of the factor by which somebody signed in last, for the sign-in page to say so: it does not say who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceCookie(HostCookie, HostCookie);

impl DeviceCookie {
    /// The cookie for a site at `public_url`.
    pub fn of(public_url: &Url) -> Self {
        Self(
            HostCookie::of(public_url, "__Host-Http-device", "device"),
            HostCookie::of(public_url, "__Host-Http-last-way", "last-way"),
        )
    }

    fn line(&self, value: &str) -> Option<HeaderValue> {
        self.0.line(value, LIFETIME.whole_seconds())
    }
}

/// Middleware outside the session door, which passes on only the session cookie. Handlers find a [`Device`] in their
/// [`crate::http::client::Client`]; the id they give it is set as the cookie of the response.
pub async fn layer(State(cookie): State<DeviceCookie>, mut request: Request, next: Next) -> Response {
    let device = Device::new(cookie.0.value(request.headers()), cookie.1.value(request.headers()));
    request.extensions_mut().insert(device.clone());
    let mut response = next.run(request).await;
    if let Some(line) = device.given().and_then(|id| cookie.line(&id)) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    if let Some(line) = device.newly_used().and_then(|way| cookie.1.line(way, LIFETIME.whole_seconds())) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn only_our_cookie_sent_once_counts() {
        let cookie = DeviceCookie::of(&"https://x.example".parse().unwrap());
        let value = |lines: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
            }
            cookie.0.value(&headers).map(str::to_owned)
        };
        let ours: &[u8] = b"__Host-Http-device=a";
        assert_eq!(value(&[ours]).as_deref(), Some("a"));
        assert_eq!(value(&[b"city=Z\xc3\xbcrich; __Host-Http-device=a; x=\xff"]).as_deref(), Some("a"));
        assert_eq!(value(&[b"a=b", b"c=d;\t__Host-Http-device=a=b "]).as_deref(), Some("a=b"));
        assert_eq!(value(&[ours, ours]), None);
        for forged in ["__%48ost-Http-device=a", "__host-http-device=a", "\u{a0}__Host-Http-device=a", "device=a", "="]
        {
            assert_eq!(value(&[forged.as_bytes()]), None, "{forged}");
        }
        assert_eq!(value(&[b"__Host-Http-device=\xff"]), None);
        assert_eq!(value(&[]), None);
    }

    #[test]
    fn it_is_set_with_what_its_name_promises() {
        let line = |url: &str| DeviceCookie::of(&url.parse().unwrap()).line("x").unwrap();
        let attributes = "Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax";
        assert_eq!(line("https://x.example"), format!("__Host-Http-device=x; {attributes}; Secure"));
        assert_eq!(line("http://localhost:3000"), format!("device=x; {attributes}"));
    }
}
