//! What is kept of a report: nothing of a URL that could be a secret, and nothing that is not short.

use url::Url;

use super::{
    model::{Details, Key},
    parse::Sent,
};
use crate::http::pages::matches;

/// In place of what is not known here: a page without a route, a script that is none of ours.
pub(super) const OTHER: &str = "other";

/// The longest text that is kept, in bytes.
const LONGEST: usize = 100;

/// What is known of this site.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Its origin.
    pub origin: String,
    /// The hosts it answers for.
    pub hosts: Vec<String>,
    /// The routes of its pages.
    pub pages: Vec<&'static str>,
}

impl Site {
    /// What is kept of `report`; `None` if it is about a page of another site, or does not say what happened.
    pub(super) fn reduce(&self, report: Sent<'_>) -> Option<(Key, Details)> {
        let url = Url::parse(report.url).ok().filter(|url| self.is_ours(url))?;
        let is_csp = report.kind == "csp-violation";
        let subject = if is_csp {
            let directive = report.text(&["effectiveDirective", "effective-directive", "violated-directive"]);
            directive.split_ascii_whitespace().next().unwrap_or_default()
        } else {
            report.text(&["policyId", "featureId", "id"])
        };
        let subject = name(subject)?.to_owned();
        let blocked = if is_csp { self.blocked(report) } else { String::new() };
        let disposition = report.text(&["disposition"]);
        let disposition = ["enforce", "report"].into_iter().find(|known| *known == disposition).unwrap_or_default();
        let source = self.source(report.text(&["sourceFile", "source-file"]));
        let line = report.number(&["lineNumber", "line-number"]).filter(|_| !source.is_empty());
        Some((
            Key { kind: report.kind, page: self.page(url.path()), subject, blocked },
            Details { disposition, source, line },
        ))
    }

    fn is_ours(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.origin
            || url.host_str().is_some_and(|host| self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host)))
    }

    /// The route of the page at `path`. What has no route may be a secret that was put into the wrong place.
    fn page(&self, path: &str) -> &'static str {
        let found = self.pages.iter().filter(|pattern| matches(pattern, path));
        found.min_by_key(|pattern| pattern.matches('{').count()).copied().unwrap_or(OTHER)
    }

    /// What was blocked: an origin, a scheme, or a keyword such as `inline`.
    fn blocked(&self, report: Sent<'_>) -> String {
        let given = report.text(&["blockedURL", "blocked-uri"]);
        if given == "trusted-types-sink" {
            // The sample begins with the sink: `Element innerHTML|<b>`.
            let sink = report.text(&["sample", "script-sample"]).split('|').next().unwrap_or_default();
            let is_sink = sink.len() <= LONGEST && sink.bytes().all(|byte| byte == b' ' || byte.is_ascii_alphabetic());
            return if is_sink && !sink.is_empty() { format!("{given}: {sink}") } else { given.into() };
        }
        if given.is_empty() || !given.contains(':') {
            return name(given).unwrap_or_default().to_owned();
        }
        self.place(given).unwrap_or_else(|| OTHER.into())
    }

    /// The script in which it happened: its path if it is a file of ours.
    fn source(&self, given: &str) -> String {
        let Ok(url) = Url::parse(given) else { return String::new() };
        if !self.is_ours(&url) {
            return self.place(given).unwrap_or_else(|| OTHER.into());
        }
        let path = url.path();
        match self.page(path) {
            OTHER if is_script(path) => path.to_owned(),
            page => page.to_owned(),
        }
    }

    /// The origin of a URL, or its scheme where it has none; `self` for our own origin.
    fn place(&self, given: &str) -> Option<String> {
        let url = Url::parse(given).ok()?;
        let origin = url.origin();
        if !origin.is_tuple() {
            return Some(format!("{}:", name(url.scheme())?));
        }
        let origin = origin.ascii_serialization();
        if origin == self.origin {
            return Some("self".into());
        }
        Some(origin).filter(|origin| origin.len() <= LONGEST)
    }
}

/// `text`, if it could be the name of a directive, of a feature, or of a scheme.
fn name(text: &str) -> Option<&str> {
    let fits = (1..=LONGEST).contains(&text.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+');
    Some(text).filter(|text| fits && text.bytes().all(plain))
}

/// Whether `path` is that of a script, as our files are named.
fn is_script(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let (_, extension) = path.rsplit_once('.').unwrap_or_default();
    ["js", "wasm"].contains(&extension) && path.len() <= LONGEST && path.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::parse::{Form, reports},
        *,
    };

    const ORIGIN: &str = "https://vestibule.example";

    fn site() -> Site {
        let pages = vec!["/", "/things/{id}", "/things/new", "/reset/{token}"];
        Site { origin: ORIGIN.into(), hosts: vec!["www.vestibule.example".into()], pages }
    }

    fn reduced(kind: &str, url: &str, body: &Value) -> Option<(Key, Details)> {
        let sent = json!({"type": kind, "url": url, "body": body});
        reports(Form::Reports, &sent).unwrap().into_iter().find_map(|report| site().reduce(report))
    }

    #[test]
    fn of_a_page_its_route_is_kept() {
        let body = json!({"effectiveDirective": "img-src", "blockedURL": "https://evil.example/x?secret"});
        for (url, page) in [
            ("https://vestibule.example/", Some("/")),
            ("https://vestibule.example/things/new?q=secret#secret", Some("/things/new")),
            ("https://vestibule.example/things/7", Some("/things/{id}")),
            ("https://vestibule.example/reset/link_secret", Some("/reset/{token}")),
            ("https://www.vestibule.example/reset/link_secret", Some("/reset/{token}")),
            ("https://vestibule.example/resett/link_secret", Some(OTHER)),
            ("https://vestibule.example/reset/link/secret", Some(OTHER)),
            ("https://evil.example/", None),
            ("about:blank", None),
            ("/", None),
        ] {
            assert_eq!(reduced("csp-violation", url, &body).map(|(key, _)| key.page), page, "{url}");
        }
        let found = format!("{:?}", reduced("csp-violation", "https://vestibule.example/reset/secret", &body).unwrap());
        assert!(!found.contains("secret") && found.contains("https://evil.example"), "{found}");
    }

    #[test]
    fn of_what_was_blocked_its_origin_is_kept() {
        let long = format!("https://{}.example/", "a".repeat(90));
        for (given, sample, kept) in [
            ("inline", "alert('secret')", "inline"),
            ("eval", "", "eval"),
            ("", "", ""),
            ("https://evil.example:8443/secret", "", "https://evil.example:8443"),
            ("wss://evil.example/secret", "", "wss://evil.example"),
            ("https://vestibule.example/reset/secret", "", "self"),
            ("data:text/plain,secret", "", "data:"),
            ("chrome-extension://abcdef/secret.js", "", "chrome-extension:"),
            ("https://", "", OTHER),
            (long.as_str(), "", OTHER),
            ("a secret", "", ""),
            ("trusted-types-sink", "Element innerHTML|<b>secret", "trusted-types-sink: Element innerHTML"),
            ("trusted-types-sink", "1secret", "trusted-types-sink"),
            ("trusted-types-policy", "secret", "trusted-types-policy"),
        ] {
            let body = json!({"effectiveDirective": "script-src-elem", "blockedURL": given, "sample": sample});
            let (key, _) = reduced("csp-violation", ORIGIN, &body).unwrap();
            assert_eq!(key.blocked, kept, "{given}");
        }
    }

    #[test]
    fn of_a_script_its_name_is_kept() {
        for (given, kept) in [
            ("https://vestibule.example/pkg/vestibule.0123abcd.js?after=1", "/pkg/vestibule.0123abcd.js"),
            ("https://vestibule.example/reset/secret.js", "/reset/{token}"),
            ("https://vestibule.example/unknown/secret", OTHER),
            ("https://cdn.example/secret.js", "https://cdn.example"),
            ("moz-extension://secret/a.js", "moz-extension:"),
            ("", ""),
            ("secret", ""),
        ] {
            let body = json!({"id": "UnloadHandler", "sourceFile": given, "lineNumber": 3, "message": "secret"});
            let (key, details) = reduced("deprecation", ORIGIN, &body).unwrap();
            assert_eq!((key.subject.as_str(), details.source.as_str()), ("UnloadHandler", kept), "{given}");
            assert_eq!(details.line, (!kept.is_empty()).then_some(3));
        }
    }

    #[test]
    fn what_happened_is_a_name() {
        for (kind, body, subject) in [
            ("csp-violation", json!({"violated-directive": "script-src 'self'"}), Some("script-src")),
            ("permissions-policy-violation", json!({"policyId": "geolocation"}), Some("geolocation")),
            ("permissions-policy-violation", json!({"featureId": "camera"}), Some("camera")),
            ("intervention", json!({"id": "HeavyAd"}), Some("HeavyAd")),
            ("deprecation", json!({"id": "not a name"}), None),
            ("deprecation", json!({"id": "\u{1b}[31m"}), None),
            ("deprecation", json!({"id": "x".repeat(101)}), None),
            ("csp-violation", json!({}), None),
        ] {
            let found = reduced(kind, ORIGIN, &body).map(|(key, _)| key.subject);
            assert_eq!(found.as_deref(), subject, "{body}");
        }
    }
}
