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
//!
//! A refusal says which of these headers came, and what to do instead. It shows only what a browser sends.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;

use crate::{
    auth::refused_origins::{RefusedOrigins, is_loopback, near_miss},
    http::{cookie::SessionCookie, problem::Problem},
    metrics::Family,
    settings::Settings,
};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Downloads of personal data. Other sites may not link to them.
const DOWNLOADS: [&str; 1] = ["/account/export"];

/// Requests that the guard refused, by mount.
pub static REFUSED: Family<2> = Family::new(
    "vestibule_guard_refusals_total",
    "Requests refused by the same-origin guard.",
    "mount",
    ["pages", "calls"],
);

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
    /// The origins whose refusal was logged.
    pub refused: RefusedOrigins,
}

impl SameOrigin {
    /// The guard of `mount`.
    ///
    /// # Errors
    /// If the public URL is no header value.
    pub fn new(settings: &Settings, mount: Mount) -> Result<Self, String> {
        let origin = HeaderValue::from_str(&settings.origin()).map_err(|error| error.to_string())?;
        let cookie = SessionCookie::of(&settings.server.public_url);
        let refused = RefusedOrigins::default();
        Ok(Self { origin, cookie, mount, development: settings.is_development(), refused })
    }

    /// Accepts the request, or says why not (S11, S53, S72).
    fn judge(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
        let safe = method == Method::GET || method == Method::HEAD;
        let admitted = |admitted| if admitted { Ok(()) } else { Err(Problem::CrossSite(seen(headers))) };
        if safe && self.mount == Mount::Pages {
            return admitted(may_open(path, headers));
        }
        match (one(headers, &SEC_FETCH_SITE), one(headers, &header::ORIGIN)) {
            (Header::Several, _) | (_, Header::Several) => admitted(false),
            (Header::One(site), origin) => {
                admitted(site == "same-origin" || (safe && site == "none"))?;
                match origin {
                    Header::One(origin) if !self.agrees(origin) => Err(self.mistaken(origin, headers)),
                    _ => Ok(()),
                }
            }
            (Header::None, Header::One(origin)) if *origin == self.origin => Ok(()),
            (Header::None, Header::One(origin)) => Err(self.mistaken(origin, headers)),
            (Header::None, Header::None) => admitted(safe || !self.cookie.is_in(headers)),
        }
    }

    /// Whether an `origin` sent along with `Sec-Fetch-Site: same-origin` is ours. A page with `Referrer-Policy:
    /// no-referrer` sends `null`.
    fn agrees(&self, origin: &HeaderValue) -> bool {
        let named = || origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
        *origin == self.origin || origin == "null" || (self.development && named().is_some_and(|url| is_loopback(&url)))
    }

    /// The error for a foreign `origin`. If it could be this site under another name, the error names the setting to
    /// change.
    fn mistaken(&self, origin: &HeaderValue, headers: &HeaderMap) -> Problem {
        let (headers, ours) = (seen(headers), self.origin.to_str().unwrap_or_default().to_owned());
        match of_a_site(origin) {
            Some(seen) => Problem::OtherPublicUrl { headers, seen: seen.into(), ours },
            None => Problem::CrossSite(headers),
        }
    }

    /// Tells whoever runs this server, once for each origin, why `problem` refuses its pages.
    fn log_refused(&self, problem: &Problem, headers: &HeaderMap) {
        let Header::One(origin) = one(headers, &header::ORIGIN) else { return };
        let Some(seen) = of_a_site(origin).filter(|seen| self.refused.is_new(seen)) else { return };
        let ours = self.origin.to_str().unwrap_or_default();
        let near = near_miss(seen, [ours]).map(|near| format!(" ({near})")).unwrap_or_default();
        if let Problem::OtherPublicUrl { .. } = problem {
            tracing::warn!(
                origin = seen,
                public_url = ours,
                "refused a request from {seen:?}, because server.public_url is {ours:?}{near}. If people open the site \
                 at {seen:?}, set server.public_url (VESTIBULE_SERVER__PUBLIC_URL) to that"
            );
        } else {
            tracing::warn!(
                origin = seen,
                public_url = ours,
                "refused a request from a page on {seen:?}: forms, /fn and /session/v1 are for pages on \
                 server.public_url (now: {ours}){near}. If the page is yours, let a proxy serve it on that origin, or \
                 call /api/v1 with a token and add {seen} to cors.allowed_origins"
            );
        }
    }
}

/// `origin`, if a page of a site can have it. What no browser sends is shown to nobody.
fn of_a_site(origin: &HeaderValue) -> Option<&str> {
    origin.to_str().ok().filter(|seen| {
        let url = Url::parse(seen).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.is_some_and(|url| url.origin().ascii_serialization() == *seen)
    })
}

/// The headers that say where a request came from, for a message.
fn seen(headers: &HeaderMap) -> String {
    const SITES: [&str; 4] = ["same-origin", "same-site", "cross-site", "none"];
    let site = match one(headers, &SEC_FETCH_SITE) {
        Header::None => "no `Sec-Fetch-Site`".into(),
        Header::Several => "several `Sec-Fetch-Site`".into(),
        Header::One(site) => SITES
            .iter()
            .find(|known| site == *known)
            .map_or_else(|| "an unknown `Sec-Fetch-Site`".into(), |site| format!("`Sec-Fetch-Site: {site}`")),
    };
    let origin = match one(headers, &header::ORIGIN) {
        Header::None => "no `Origin`".into(),
        Header::Several => "several `Origin`".into(),
        Header::One(origin) if origin == "null" => "`Origin: null`".into(),
        Header::One(origin) => of_a_site(origin)
            .map_or_else(|| "an `Origin` that no site has".into(), |origin| format!("`Origin: {origin}`")),
    };
    format!("{site} and {origin}")
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
            REFUSED.count(door.mount as usize);
            door.log_refused(&problem, request.headers());
            problem.into_response()
        }
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
            refused: RefusedOrigins::default(),
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
    fn a_refusal_says_what_came_and_nothing_that_no_browser_sends() {
        let refused = |lines: &[(&'static str, &str)]| {
            judged(Mount::Calls, &format!("{} /things", Method::POST), lines).unwrap_err().detail()
        };
        let foreign = refused(&[("sec-fetch-site", "cross-site"), ("origin", "https://other.example")]);
        for part in
            ["`Sec-Fetch-Site: cross-site` and `Origin: https://other.example`", "/api/v1 with a token", "proxy"]
        {
            assert!(foreign.contains(part), "{foreign}");
        }
        assert!(refused(&[COOKIE]).contains("no `Sec-Fetch-Site` and no `Origin`"));
        assert!(refused(&[("origin", "null")]).contains("`Origin: null`"));
        for odd in ["https://a.example/<b>call us", "call us", "call us://x"] {
            for name in ["origin", "sec-fetch-site"] {
                assert!(!refused(&[(name, odd)]).contains("call us"), "{name}: {odd}");
            }
        }
    }

    #[test]
    fn a_development_server_takes_pages_of_this_machine() {
        let door = SameOrigin {
            origin: HeaderValue::from_static("http://localhost:3000"),
            cookie: SessionCookie { name: "session", secure: false },
            mount: Mount::Calls,
            development: true,
            refused: RefusedOrigins::default(),
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
