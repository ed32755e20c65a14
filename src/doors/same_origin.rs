//! The same-origin guard: a cookie counts only on its own origin.
//!
//! The browser attaches cookies by itself, so a cookie proves who the browser is, not who asked. What tells who asked
//! is `Sec-Fetch-Site` (Fetch Metadata), or, from a browser without it, `Origin`; a page can forge neither. The
//! algorithm is Go 1.25's `CrossOriginProtection`, made stricter: every method of server functions and of the JSON door
//! is covered, WebSockets included, and a request that carries the cookie but says nothing of its origin is refused.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::cookie::SessionCookie;
use crate::problem::Problem;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Which methods a mount lets strangers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// Pages: anybody may link to one (GET and HEAD change nothing); only our own pages may post.
    Pages,
    /// Server functions and the JSON door: whatever the method.
    Calls,
}

/// The guard of one mount.
#[derive(Clone, Debug)]
pub struct SameOrigin {
    /// Our own origin, as a browser writes it.
    pub origin: HeaderValue,
    /// The cookie that makes a request act for somebody.
    pub cookie: SessionCookie,
    /// What it stands in front of.
    pub mount: Mount,
}

impl SameOrigin {
    /// Whether the request may pass (S11, S53).
    fn admits(&self, method: &Method, headers: &HeaderMap) -> bool {
        let safe = method == Method::GET || method == Method::HEAD;
        if safe && self.mount == Mount::Pages {
            return true;
        }
        match one(headers, &SEC_FETCH_SITE) {
            Header::One(site) => site == "same-origin" || (safe && site == "none"),
            Header::Several => false,
            Header::None => match one(headers, &header::ORIGIN) {
                Header::One(origin) => origin == self.origin,
                Header::Several => false,
                Header::None => safe || !self.cookie.is_in(headers),
            },
        }
    }
}

enum Header<'a> {
    None,
    One(&'a HeaderValue),
    Several,
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::None,
        (Some(value), None) => Header::One(value),
        (Some(_), Some(_)) => Header::Several,
    }
}

/// Refuses what is not same-origin with 403 `cross_origin_request`, before the session is even looked up.
pub async fn guard(State(door): State<SameOrigin>, request: Request, next: Next) -> Response {
    if door.admits(request.method(), request.headers()) {
        return next.run(request).await;
    }
    Problem::CrossOriginRequest.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(mount: Mount, method: Method, lines: &[(&'static str, &str)]) -> bool {
        let door = SameOrigin {
            origin: HeaderValue::from_static("https://app.example"),
            cookie: SessionCookie { name: "__Host-session", secure: true },
            mount,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        door.admits(&method, &headers)
    }

    const COOKIE: (&str, &str) = ("cookie", "__Host-session=x");

    #[test]
    fn fetch_metadata_decides() {
        for mount in [Mount::Pages, Mount::Calls] {
            assert!(admits(mount, Method::POST, &[("sec-fetch-site", "same-origin"), COOKIE]));
            for site in ["same-site", "cross-site", "none", "", "Same-Origin", "same-origin, same-origin"] {
                assert!(!admits(mount, Method::POST, &[("sec-fetch-site", site)]), "{site:?}");
            }
            let forged = [("sec-fetch-site", "cross-site"), ("origin", "https://app.example")];
            assert!(!admits(mount, Method::POST, &forged));
            let twice = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")];
            assert!(!admits(mount, Method::POST, &twice));
        }
    }

    #[test]
    fn the_whole_origin_is_compared_where_there_is_no_fetch_metadata() {
        assert!(admits(Mount::Calls, Method::POST, &[("origin", "https://app.example"), COOKIE]));
        let others = ["http://app.example", "https://app.example:8443", "https://evil.app.example", "null", ""];
        for origin in others {
            assert!(!admits(Mount::Calls, Method::POST, &[("origin", origin)]), "{origin:?}");
            assert!(!admits(Mount::Calls, Method::GET, &[("origin", origin)]), "{origin:?}");
        }
    }

    #[test]
    fn silence_is_refused_only_with_the_cookie() {
        for mount in [Mount::Pages, Mount::Calls] {
            assert!(!admits(mount, Method::POST, &[COOKIE]));
            assert!(!admits(mount, Method::DELETE, &[COOKIE]));
            assert!(admits(mount, Method::POST, &[]));
            assert!(admits(mount, Method::GET, &[COOKIE]));
        }
    }

    #[test]
    fn strangers_may_link_to_pages_but_not_call() {
        let from_elsewhere = [("sec-fetch-site", "cross-site"), COOKIE];
        assert!(admits(Mount::Pages, Method::GET, &from_elsewhere));
        assert!(!admits(Mount::Calls, Method::GET, &from_elsewhere));
        assert!(admits(Mount::Calls, Method::GET, &[("sec-fetch-site", "none"), COOKIE]));
    }
}
