//! The session cookie (RFC 6265bis), with stricter checks than the session layer makes.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use url::Url;

/// The cookie's name and whether it is `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    /// `__Host-Http-session`, or `session` on http.
    pub name: &'static str,
    /// Whether the site is on https.
    pub secure: bool,
}

/// The cookie's name on https up to 0.1.0. It no longer works, and is removed from browsers that still have it.
const FORMER_NAME: &str = "__Host-session";

/// The short cookie of a session that is bound to a key of the device. Not `__Host-Http-`: Chromium 156 takes no cookie
/// with that prefix for the credential of a bound session.
pub const BOUND_COOKIE: &str = "__Host-bound";

impl SessionCookie {
    /// The cookie for a site at `public_url`. The prefix `__Host-Http-` keeps sibling domains and scripts from setting
    /// it (6265bis section 4.1.3). Without https there is no prefix: it requires `Secure`, which Safari refuses on
    /// `http://localhost` (S1).
    pub fn of(public_url: &Url) -> Self {
        if public_url.scheme() == "https" {
            Self { name: "__Host-Http-session", secure: true }
        } else {
            Self { name: "session", secure: false }
        }
    }

    /// The cookie pair as the browser sent it, if it is there exactly once and with the exact name.
    fn pair<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        the_only(headers, self.name)
    }

    /// Whether the request has the cookie.
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        named(headers, self.name).next().is_some()
    }

    /// The header value that removes the cookie. It needs the attributes the cookie was set with, or browsers ignore it
    /// because of the `__Host-` prefix (S50, T3).
    fn removal(&self, name: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        HeaderValue::from_str(&format!("{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()
    }
}

/// A cookie of this site beside that of the session, which opens nothing by itself: for its own host, all paths and
/// HTTP only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCookie {
    name: &'static str,
    path: &'static str,
    secure: bool,
}

impl HostCookie {
    /// The cookie for a site at `public_url`: `prefixed` on https, where its name begins with `__Host-Http-`, and `plain`
    /// elsewhere, where browsers refuse the prefix.
    pub fn of(public_url: &Url, prefixed: &'static str, plain: &'static str) -> Self {
        let secure = public_url.scheme() == "https";
        Self { name: if secure { prefixed } else { plain }, path: "/", secure }
    }

    /// The same for the paths below `path` only. The prefix `__Host-` does not allow that.
    #[must_use]
    pub fn below(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// Its value, if it is there exactly once and with the exact name. Other pairs may be any bytes.
    pub fn value<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut ours = values(headers, self.name);
        let value = ours.next()?;
        ours.next().is_none().then(|| std::str::from_utf8(value).ok())?
    }

    /// The header value that sets the cookie for so many seconds.
    pub fn line(&self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let (name, path, secure) = (self.name, self.path, if self.secure { "; Secure" } else { "" });
        let line = format!("{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&line).ok()
    }
}

/// The cookie pair with exactly this `name`, if there is one and no other.
fn the_only<'a>(headers: &'a HeaderMap, name: &'a str) -> Option<&'a [u8]> {
    let mut ours = named(headers, name);
    let pair = ours.next()?;
    ours.next().is_none().then_some(pair)
}

/// Every cookie pair with exactly this `name`.
///
/// Cookies are bytes, and sibling domains can set any (RFC 6265 section 5.4), so a pair that is not text must not
/// affect the others.
pub(crate) fn named<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let trimmed = move |pair: &'a [u8]| {
        let begin = pair.iter().position(|byte| !blank(byte)).unwrap_or(pair.len());
        let end = pair.iter().rposition(|byte| !blank(byte)).map_or(begin, |last| last + 1);
        &pair[begin..end]
    };
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.map(trimmed).filter(move |pair| pair.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")))
}

/// The value of every cookie with exactly this `name`.
pub(crate) fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    named(headers, name).map(|pair| pair.get(name.len() + 1..).unwrap_or_default())
}

/// Middleware outside the session layer.
///
/// In requests, it passes on only a cookie with exactly our name, sent exactly once, and [`BOUND_COOKIE`] on https: the
/// layer percent-decodes names, trims Unicode spaces and uses the last of several cookies, so a sibling domain could
/// forge the `__Host-` prefix (S49, T2). In responses, it gives the removal of the cookie the attributes that make it work.
pub async fn guard(State(cookie): State<SessionCookie>, mut request: Request, next: Next) -> Response {
    let ours = cookie.pair(request.headers());
    let bound = ours.filter(|_| cookie.secure).and_then(|_| the_only(request.headers(), BOUND_COOKIE));
    let ours = match (ours, bound) {
        (Some(pair), Some(bound)) => HeaderValue::from_bytes(&[pair, b"; ", bound].concat()).ok(),
        (Some(pair), None) => HeaderValue::from_bytes(pair).ok(),
        (None, _) => None,
    };
    let former = cookie.secure && named(request.headers(), FORMER_NAME).next().is_some();
    let headers = request.headers_mut();
    headers.remove(header::COOKIE);
    if let Some(pair) = ours {
        headers.insert(header::COOKIE, pair);
    }

    let mut response = next.run(request).await;

    let removes = |value: &HeaderValue| {
        value.to_str().is_ok_and(|text| {
            text.strip_prefix(cookie.name).is_some_and(|rest| rest.starts_with("=;") || rest.starts_with("=\"\";"))
        })
    };
    let set = response.headers().get_all(header::SET_COOKIE);
    if set.iter().any(removes)
        && let Some(removal) = cookie.removal(cookie.name)
    {
        let others: Vec<_> = set.iter().filter(|&line| !removes(line)).cloned().collect();
        response.headers_mut().insert(header::SET_COOKIE, removal);
        for other in others {
            response.headers_mut().append(header::SET_COOKIE, other);
        }
    }
    if former && let Some(removal) = cookie.removal(FORMER_NAME) {
        response.headers_mut().append(header::SET_COOKIE, removal);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: SessionCookie = SessionCookie { name: "__Host-Http-session", secure: true };

    fn pair(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        COOKIE.pair(&headers).map(|pair| String::from_utf8(pair.to_vec()).unwrap())
    }

    #[test]
    fn only_the_exact_name_once_counts() {
        assert_eq!(pair(&["a=b; __Host-Http-session=x; c=d"]).as_deref(), Some("__Host-Http-session=x"));
        assert_eq!(pair(&["__Host-Http-session=x; __Host-Http-session=y"]), None);
        assert_eq!(pair(&["__Host-Http-session=x", "__Host-Http-session=y"]), None);
        assert_eq!(pair(&["__%48ost-Http-session=x"]), None);
        assert_eq!(pair(&["\u{a0}__Host-Http-session=x"]), None);
        assert_eq!(pair(&["__host-Http-session=x"]), None);
        assert_eq!(pair(&["__Host-Http-session"]), None);
        assert_eq!(pair(&[]), None);
    }

    #[test]
    fn a_pair_that_is_no_text_says_nothing_about_ours() {
        let read = |line: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
            (COOKIE.pair(&headers).is_some(), COOKIE.is_in(&headers))
        };
        assert_eq!(read(b"city=Z\xc3\xbcrich; __Host-Http-session=x"), (true, true));
        assert_eq!(read(b"\xff; __Host-Http-session=x; \xfe=\x80"), (true, true));
        assert_eq!(read(b"\xa0__Host-Http-session=x"), (false, false));
        assert_eq!(read(b"note=my __Host-Http-session=x"), (false, false), "another cookie's value");
        assert_eq!(read(b"__Host-Http-session=x; __Host-Http-session=y"), (false, true));
    }
}
