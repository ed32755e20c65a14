//! What can be said about the pages of an origin without a browser, by this server's settings.

use url::Url;

use super::causes;
use crate::{
    feature::{DoorReport, FoundCause, OriginReport},
    settings::{Settings, is_loopback_host, is_same_site},
};

/// What would be of the calls of a page on `origin`, which is an origin: by the cookie, and by a token.
pub fn examine(settings: &Settings, origin: &str) -> OriginReport {
    let own = settings.origin();
    let page = Page { origin, own: &own, api: &settings.server.public_url, url: Url::parse(origin).ok() };
    OriginReport { origin: origin.to_owned(), doors: vec![page.session_door(), page.token_door(settings)] }
}

/// A page of `origin`, and the site at `own`.
struct Page<'a> {
    origin: &'a str,
    own: &'a str,
    api: &'a Url,
    url: Option<Url>,
}

impl Page<'_> {
    /// The session door takes the cookie from its own origin only.
    fn session_door(&self) -> DoorReport {
        const DOOR: &str = "session door, by the cookie";
        if self.origin == self.own {
            return opened(DOOR, "the page is on the site's own origin, where the cookie counts");
        }
        let mut causes = self.mixed();
        if causes.is_empty() {
            causes.push(match near(self.origin, self.own) {
                Some(id) => self.found(id, self.own, &["vestibule"]),
                None => self.found("origin-not-allowed", self.own, &["vite"]),
            });
            let is_same_site = |url: &Url| url.scheme() == self.api.scheme() && is_same_site(url, self.api);
            if !self.url.as_ref().is_some_and(is_same_site) {
                causes.push(self.found("same-site", self.own, &["vite"]));
            }
        }
        DoorReport { door: DOOR, open: false, about: "it takes the cookie from its own origin only", causes }
    }

    /// The token door lets pages of the listed origins read its answers.
    fn token_door(&self, settings: &Settings) -> DoorReport {
        const DOOR: &str = "token door, /api/v1";
        let mixed = self.mixed();
        if !mixed.is_empty() {
            return DoorReport { door: DOOR, open: false, about: "the browser blocks the call", causes: mixed };
        }
        if self.origin == self.own {
            return opened(DOOR, "the page is on the site's own origin, which needs no CORS");
        }
        let listed = &settings.cors.allowed_origins;
        if listed.iter().any(|listed| listed == self.origin) {
            return opened(DOOR, "the origin is in cors.allowed_origins");
        }
        let similar = listed.iter().find_map(|other| Some((near(self.origin, other)?, other)));
        let cause = match similar {
            Some((id, other)) => self.found(id, other, &["vestibule"]),
            None => self.found("origin-not-allowed", self.own, &["vestibule"]),
        };
        DoorReport { door: DOOR, open: false, about: "the origin is not in cors.allowed_origins", causes: vec![cause] }
    }

    /// A page on https may not call http, except on its own machine (Mixed Content, "a priori authenticated").
    fn mixed(&self) -> Vec<FoundCause> {
        let is_https = self.url.as_ref().is_some_and(|url| url.scheme() == "https");
        let blocked = is_https && self.api.scheme() == "http" && !is_loopback_host(self.api);
        if blocked { vec![self.found("port-or-scheme", self.own, &[])] } else { Vec::new() }
    }

    /// The cause `id`, with the line of the first of `stacks` that has one.
    fn found(&self, id: &'static str, expected: &str, stacks: &[&str]) -> FoundCause {
        let host = self.url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let values =
            [("page", self.origin), ("expected", expected), ("api", self.own), ("path", "/session"), ("host", host)];
        let cause = causes::find(id);
        let text = |text: Option<&String>| text.map(|text| causes::fill(text, &values)).unwrap_or_default();
        let line = cause.and_then(|cause| cause.line_of(stacks));
        FoundCause {
            id,
            title: text(cause.map(|cause| &cause.title)),
            about: text(cause.map(|cause| &cause.about)),
            place: line.map(|(place, _)| causes::fill(place, &values)),
            line: line.map(|(_, line)| causes::fill(line, &values)),
        }
    }
}

fn opened(door: &'static str, about: &'static str) -> DoorReport {
    DoorReport { door, open: true, about, causes: Vec::new() }
}

/// The cause, if two origins are easily mistaken for each other.
fn near(one: &str, other: &str) -> Option<&'static str> {
    let (one, other) = (Url::parse(one).ok()?, Url::parse(other).ok()?);
    if one.host_str().is_some() && one.host() == other.host() {
        return Some("port-or-scheme");
    }
    (is_loopback_host(&one) && is_loopback_host(&other)).then_some("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(public_url: &str, allowed: &[&str]) -> Settings {
        let mut settings = Settings::default();
        settings.server.public_url = public_url.parse().unwrap();
        settings.cors.allowed_origins = allowed.iter().map(|&origin| origin.to_owned()).collect();
        settings
    }

    /// The ids of the causes at the session door and at the token door; none if it is open.
    fn said(settings: &Settings, origin: &str) -> [Vec<&'static str>; 2] {
        let report = examine(settings, origin);
        let ids = |door: &DoorReport| {
            assert_eq!(door.open, door.causes.is_empty(), "{door:?}");
            door.causes.iter().map(|cause| cause.id).collect()
        };
        [ids(&report.doors[0]), ids(&report.doors[1])]
    }

    #[test]
    fn each_door_says_what_is_wrong_with_an_origin() {
        let site = settings("https://vestibule.example", &["https://app.example.com"]);
        let none = Vec::<&str>::new();
        assert_eq!(said(&site, "https://vestibule.example"), [none.clone(), none.clone()]);
        assert_eq!(said(&site, "https://app.example.com"), [vec!["origin-not-allowed", "same-site"], none.clone()]);
        assert_eq!(
            said(&site, "https://www.vestibule.example"),
            [vec!["origin-not-allowed"], vec!["origin-not-allowed"]]
        );
        assert_eq!(
            said(&site, "https://app.example.com:8443"),
            [vec!["origin-not-allowed", "same-site"], vec!["port-or-scheme"]]
        );
        assert_eq!(said(&site, "http://vestibule.example")[0], ["port-or-scheme", "same-site"], "schemes are sites");

        let here = settings("http://localhost:3000", &["http://localhost:5173"]);
        assert_eq!(said(&here, "http://127.0.0.1:5173"), [vec!["localhost", "same-site"], vec!["localhost"]]);
        assert_eq!(said(&here, "http://localhost:5174"), [vec!["port-or-scheme"], vec!["port-or-scheme"]]);
        assert_eq!(said(&here, "https://app.example.com")[1], ["origin-not-allowed"], "loopback is not mixed content");

        let plain = settings("http://vestibule.example", &["https://app.example.com"]);
        assert_eq!(said(&plain, "https://app.example.com"), [vec!["port-or-scheme"], vec!["port-or-scheme"]]);
    }

    #[test]
    fn the_line_to_change_is_that_of_our_own_settings() {
        let report = examine(&settings("https://vestibule.example", &[]), "https://app.example.com");
        let cause = &report.doors[1].causes[0];
        assert_eq!(cause.line.as_deref(), Some(r#"allowed_origins = ["https://app.example.com"]"#));
        assert!(cause.about.contains("https://app.example.com in Access-Control-Allow-Origin"), "{cause:?}");
        assert!(!format!("{report:?}").contains("{page}"));
    }
}
