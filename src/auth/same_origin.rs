//! The same-origin guard: the session cookie is accepted only for requests from our own origin.
//!
//! Browsers attach cookies by themselves, so a cookie identifies the browser, not the page that made the request. The
//! page's origin is in `Sec-Fetch-Site` (Fetch Metadata) or, from older browsers, in `Origin`; a page can forge
//! neither. The algorithm is that of `CrossOriginProtection` in Go 1.25, but stricter: it covers every method of server
//! functions and of the JSON mount, WebSockets included; it refuses a request with the cookie but without any origin;
//! and an `Origin` next to `Sec-Fetch-Site` must be ours as well, because behind a proxy with another public URL,
//! `same-origin` refers to that URL.
//!
//! Any site may link to pages, but not load them in another way, such as an image, a frame or a script (resource
//! isolation policy, <https://web.dev/articles/fetch-metadata>).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::{Host, Url};

use crate::{
    http::{cookie::SessionCookie, problem::Problem, seldom::Seldom},
    settings::Settings,
};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Downloads of personal data. Other sites may not link to them.
const DOWNLOADS: [&str; 1] = ["/account/export"];

/// What the guard protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// Pages: any site may link to them (GET and HEAD change nothing), but not embed them. Only our own pages may post.
    Pages,
    /// Server functions and the JSON mount: only our own pages may call them, with any method.
    Calls,
}

/// The guard of one mount.
#[derive(Clone, Debug)]
pub struct SameOrigin {
    /// Our own origin, as browsers send it.
    pub origin: HeaderValue,
    /// The session cookie.
    pub cookie: SessionCookie,
    /// What it protects.
    pub mount: Mount,
    /// Whether to accept pages on other ports of this machine: the proxy of a development server forwards their
    /// `Origin`.
    pub development: bool,
}

impl SameOrigin {
    /// The guard of `mount`.
    ///
    /// # Errors
    /// If the public URL is no header value.
    pub fn new(settings: &Settings, mount: Mount) -> Result<Self, String> {
        let origin = HeaderValue::from_str(&settings.origin()).map_err(|error| error.to_string())?;
        let cookie = SessionCookie::of(&settings.server.public_url);
        Ok(Self { origin, cookie, mount, development: settings.is_development() })
    }

    /// Accepts the request, or says why not (S11, S53, S72).
    fn judge(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
        let safe = method == Method::GET || method == Method::HEAD;
        if safe && self.mount == Mount::Pages {
            return refused_unless(may_open(path, headers));
        }
        match (one(headers, &SEC_FETCH_SITE), one(headers, &header::ORIGIN)) {
            (Header::Several, _) | (_, Header::Several) => Err(Problem::CrossOriginRequest),
            (Header::One(site), origin) => {
                refused_unless(site == "same-origin" || (safe && site == "none"))?;
                match origin {
                    Header::One(origin) if !self.agrees(origin) => Err(self.mistaken(origin)),
                    _ => Ok(()),
                }
            }
            (Header::None, Header::One(origin)) if *origin == self.origin => Ok(()),
            (Header::None, Header::One(origin)) => Err(self.mistaken(origin)),
            (Header::None, Header::None) => refused_unless(safe || !self.cookie.is_in(headers)),
        }
    }

    /// Whether an `origin` sent along with `Sec-Fetch-Site: same-origin` is ours. A page with `Referrer-Policy:
    /// no-referrer` sends `null`.
    fn agrees(&self, origin: &HeaderValue) -> bool {
        let named = || origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
        *origin == self.origin || origin == "null" || (self.development && named().is_some_and(|url| is_local(&url)))
    }

    /// The error for a foreign `origin`. If it could be this site under another name, the error names the setting to
    /// change.
    fn mistaken(&self, origin: &HeaderValue) -> Problem {
        let seen = origin.to_str().ok().filter(|seen| {
            let url = Url::parse(seen).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.is_some_and(|url| url.origin().ascii_serialization() == *seen)
        });
        let ours = self.origin.to_str().unwrap_or_default();
        seen.map_or(Problem::CrossOriginRequest, |seen| Problem::OtherPublicUrl {
            seen: seen.into(),
            ours: ours.into(),
        })
    }
}

fn refused_unless(admitted: bool) -> Result<(), Problem> {
    if admitted { Ok(()) } else { Err(Problem::CrossOriginRequest) }
}

/// Whether the page can be opened: from this site, by the visitor, or by a link on another site.
fn may_open(path: &str, headers: &HeaderMap) -> bool {
    let leads_there = || {
        let navigates = matches!(one(headers, &SEC_FETCH_MODE), Header::None)
            || matches!(one(headers, &SEC_FETCH_MODE), Header::One(mode) if mode == "navigate");
        let shown = matches!(one(headers, &SEC_FETCH_DEST), Header::None)
            || matches!(one(headers, &SEC_FETCH_DEST), Header::One(dest) if dest == "document");
        navigates && shown && !DOWNLOADS.contains(&path)
    };
    match one(headers, &SEC_FETCH_SITE) {
        Header::None => true,
        Header::One(site) => site == "same-origin" || site == "none" || leads_there(),
        Header::Several => false,
    }
}

/// Whether `url` is on this machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
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

/// Middleware that refuses cross-origin requests with 403 `cross_origin_request`, before the session is looked up.
pub async fn guard(State(door): State<SameOrigin>, request: Request, next: Next) -> Response {
    match door.judge(request.method(), request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            if let Problem::OtherPublicUrl { seen, ours } = &problem {
                explain(seen, ours);
            }
            problem.into_response()
        }
    }
}

/// Warns the operator that the setting may be wrong. Rarely, since anybody can send such requests.
fn explain(seen: &str, ours: &str) {
    static SAID: Seldom = Seldom::new();
    if SAID.again() {
        tracing::warn!(
            origin = seen,
            public_url = ours,
            "refused a request from {seen:?}, because server.public_url is {ours:?}. If people open the site at \
             {seen:?}, set server.public_url (VESTIBULE_SERVER__PUBLIC_URL) to that"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(mount: Mount, request: &str, lines: &[(&'static str, &str)]) -> Result<(), Problem> {
        let (method, path) = request.split_once(' ').unwrap();
        let door = SameOrigin {
            origin: HeaderValue::from_static("https://app.example"),
            cookie: SessionCookie { name: "__Host-Http-session", secure: true },
            mount,
            development: false,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        door.judge(&method.parse().unwrap(), path, &headers)
    }

    fn admits(mount: Mount, method: Method, lines: &[(&'static str, &str)]) -> bool {
        judged(mount, &format!("{method} /things"), lines).is_ok()
    }

    const COOKIE: (&str, &str) = ("cookie", "__Host-Http-session=x");

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

    #[test]
    fn both_headers_have_to_agree_with_the_public_url() {
        let from = |origin| [("sec-fetch-site", "same-origin"), ("origin", origin), COOKIE];
        for mount in [Mount::Pages, Mount::Calls] {
            assert!(admits(mount, Method::POST, &from("https://app.example")));
            assert!(admits(mount, Method::POST, &from("null")), "a page with `Referrer-Policy: no-referrer`");
            for other in ["https://other.example", "http://app.example", "http://localhost:5173", "nonsense", ""] {
                assert!(!admits(mount, Method::POST, &from(other)), "{other}");
            }
            let twice = [("sec-fetch-site", "same-origin"), ("origin", "https://app.example"), ("origin", "null")];
            assert!(!admits(mount, Method::POST, &twice));
        }
        let refused = judged(Mount::Pages, "POST /forgot", &from("https://other.example")).unwrap_err().detail();
        for part in ["server.public_url", "https://other.example", "https://app.example"] {
            assert!(refused.contains(part), "{refused}");
        }
    }

    #[test]
    fn a_development_server_takes_pages_of_this_machine() {
        let door = SameOrigin {
            origin: HeaderValue::from_static("http://localhost:3000"),
            cookie: SessionCookie { name: "session", secure: false },
            mount: Mount::Calls,
            development: true,
        };
        let agrees = |origin| door.agrees(&HeaderValue::from_static(origin));
        for here in ["http://localhost:3000", "http://localhost:5173", "http://127.0.0.1:8080", "https://[::1]:1"] {
            assert!(agrees(here), "{here}");
        }
        for elsewhere in ["https://app.example", "http://localhost.example", "http://10.0.0.7:3000", "localhost"] {
            assert!(!agrees(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_page_is_linked_to_and_not_embedded() {
        let opens = |path: &str, site, mode, dest| {
            let lines = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest), COOKIE];
            judged(Mount::Pages, &format!("GET {path}"), &lines).is_ok()
        };
        for site in ["cross-site", "same-site"] {
            assert!(opens("/things", site, "navigate", "document"));
            for (mode, dest) in [
                ("no-cors", "image"),
                ("no-cors", "script"),
                ("cors", "empty"),
                ("navigate", "iframe"),
                ("navigate", "embed"),
                ("navigate", "object"),
                ("websocket", "websocket"),
            ] {
                assert!(!opens("/things", site, mode, dest), "{mode} {dest}");
                assert!(opens("/things", "same-origin", mode, dest), "{mode} {dest}");
            }
            assert!(!opens("/account/export", site, "navigate", "document"));
        }
        assert!(opens("/account/export", "none", "navigate", "document"));
        assert!(opens("/account/export", "same-origin", "navigate", "document"));
    }
}
