//! The config doctor: looks at every setting and names what is dangerous or contradictory, and what is sound but most
//! likely not meant (S48).

use serde::Serialize;
use url::{Host, Url};

use super::{LabEnabled, Settings, hosts, lab::share_a_site};
use crate::http::client::Proxies;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// We do not start with it.
    Error,
    /// We do, but it is most likely not meant.
    Advice,
}

/// One thing the doctor found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The setting's name.
    pub key: &'static str,
    /// The danger and the mend.
    pub why: String,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Them all, the errors first.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.severity == Severity::Advice);
        self.0
    }

    pub(super) fn error(&mut self, key: &'static str, why: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Error, key, why: why.into() });
    }

    pub(super) fn error_if(&mut self, wrong: bool, key: &'static str, why: impl Into<String>) {
        if wrong {
            self.error(key, why);
        }
    }

    pub(super) fn advice_if(&mut self, odd: bool, key: &'static str, why: impl Into<String>) {
        if odd {
            self.0.push(Finding { severity: Severity::Advice, key, why: why.into() });
        }
    }
}

impl Settings {
    /// Everything that is wrong or odd, the errors first, in the order of the file.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Findings::default();
        self.look_at_server(&mut found);
        self.look_at_database(&mut found);
        self.look_at_sessions(&mut found);
        self.look_at_accounts(&mut found);
        self.look_at_mail(&mut found);
        self.look_at_throttle(&mut found);
        self.look_at_tokens(&mut found);
        self.look_at_cors(&mut found);
        self.look_at_lab(&mut found);
        found.sorted()
    }

    /// A cookie without `Secure` is all that http allows, and whoever is on the way reads it (ASVS 3.3.1).
    fn look_at_server(&self, found: &mut Findings) {
        const URL: &str = "server.public_url";
        let url = &self.server.public_url;
        let is_origin = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        found.error_if(!is_origin, URL, "must be http(s)://host, the origin people see in their address bar");
        let more = url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
        found.error_if(is_origin && more, URL, "must be an origin alone, without a path, a query or a user");
        found.advice_if(
            url.scheme() == "http" && !is_this_machine(url),
            URL,
            "on http the session cookie can be neither Secure nor __Host-, and everybody on the way reads it and every \
             token; put TLS in front and write https://…",
        );
        if let Some(Host::Domain(name)) = url.host()
            && !hosts::is_name(name)
        {
            found.error(URL, format!("{name:?} is no host that a browser could be at"));
        }
        for host in &self.server.hosts {
            if let Err(why) = hosts::canonical(host) {
                found.error("server.hosts", why);
            }
        }
        if let Err(why) = Proxies::new(&self.server) {
            found.error("server.trusted_proxies", why);
        }
        found.advice_if(
            url.scheme() == "https" && self.server.trusted_proxies.is_empty(),
            "server.trusted_proxies",
            "is empty: every visitor seems to come from the address of the proxy that speaks TLS; name its address, so \
             that one visitor's failed sign-ins slow nobody else down",
        );
    }

    /// Browsers send an origin in one spelling only, and we compare letter by letter (Fetch, "CORS check").
    fn look_at_cors(&self, found: &mut Findings) {
        const KEY: &str = "cors.allowed_origins";
        let own = &self.server.public_url;
        for (index, origin) in self.cors.allowed_origins.iter().enumerate() {
            if let Err(why) = check_origin(origin) {
                found.error(KEY, why);
                continue;
            }
            let url = Url::parse(origin).ok();
            // What ends in `.localhost` never leaves the machine (RFC 6761): Tauri's web view is http://tauri.localhost.
            let url = url.filter(|url| !url.host_str().is_some_and(|host| host.ends_with(".localhost")));
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            let readable = url.as_ref().is_some_and(|url| url.scheme() == "http" && !is_this_machine(url));
            let why = format!(
                "{origin:?} is on http: whoever is on the way writes its pages, and reads with them what the tokens \
                 there may read; serve it on https"
            );
            found.advice_if(readable && own.scheme() == "https", KEY, why);
            let why = format!("{origin:?} is this site itself, whose pages need no CORS; leave it out");
            found.advice_if(*origin == self.origin(), KEY, why);
            let again = self.cors.allowed_origins[..index].contains(origin);
            found.advice_if(again, KEY, format!("{origin:?} stands there twice; once is enough"));
            let here = url.as_ref().is_some_and(is_this_machine) && !is_this_machine(own);
            let why = format!(
                "{origin:?} is whatever runs on a visitor's own machine; that is for development, leave it out here"
            );
            found.advice_if(here, KEY, why);
        }
    }

    /// Three origins, two of them of one site, and none that a page on https may not ask.
    fn look_at_lab(&self, found: &mut Findings) {
        let Some((same, cross)) = self.lab_peer() else {
            let why = "the Lab needs two more origins that lead to lab.address; set lab.same_site_url and \
                       lab.cross_site_url, or lab.enabled = \"never\"";
            found.error_if(self.lab.enabled == LabEnabled::Always, "lab.same_site_url", why);
            return;
        };
        let taken = self.lab.address.port() == self.server.address.port();
        found.error_if(taken, "lab.address", "the server itself listens there; set another port");
        for (key, origin, of_one_site) in [("lab.same_site_url", same, true), ("lab.cross_site_url", cross, false)] {
            if let Err(why) = self.check_lab_origin(&origin, of_one_site) {
                found.error(key, why);
            }
        }
    }

    fn check_lab_origin(&self, origin: &str, of_one_site: bool) -> Result<(), String> {
        check_origin(origin)?;
        let (url, ours) = (Url::parse(origin).map_err(|error| error.to_string())?, &self.server.public_url);
        if origin == self.origin() {
            return Err("is the site's own origin, so nothing would be cross-origin; set another".into());
        }
        if url.scheme() != ours.scheme() {
            return Err("must have the scheme of server.public_url, or browsers block what is mixed".into());
        }
        if share_a_site(&url, ours) != of_one_site {
            let which = if of_one_site { "another site" } else { "the same site" };
            return Err(format!("is of {which} as server.public_url, and the experiments would show something else"));
        }
        Ok(())
    }
}

/// Whether the host is the machine that asks.
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        // Of a scheme it does not know, url takes an address for a name.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether `origin` is that of an app in a web view, or of a browser's extension, spelt as those send it.
///
/// Any app may call itself `capacitor://localhost`, so such an origin says what kind of client asks and not which; an
/// extension's names the one.
fn is_web_view(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let is_id = |emails: fn(u8) -> bool, length| host.len() == length && host.bytes().all(emails);
    match scheme {
        "app" | "capacitor" | "ionic" | "tauri" => {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
            (1..=253).contains(&host.len()) && host.bytes().all(plain)
        }
        "chrome-extension" => is_id(|byte| (b'a'..=b'p').contains(&byte), 32),
        "moz-extension" | "safari-web-extension" => is_id(|byte| byte.is_ascii_hexdigit() || byte == b'-', 36),
        _ => false,
    }
}

/// Whether `origin` is one, spelt as browsers send it: of a site, of an app's web view or of an extension.
///
/// # Errors
/// The danger and the mend.
pub fn check_origin(origin: &str) -> Result<(), String> {
    if origin == "null" || origin.contains('*') {
        return Err(format!("{origin:?} would let every page read the answers; list exact origins instead"));
    }
    if is_web_view(origin) {
        return Ok(());
    }
    let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url.map(|url| url.origin().ascii_serialization()) {
        Some(exact) if exact == origin => Ok(()),
        Some(exact) => Err(format!(
            "{origin:?} never equals what a browser sends; write {exact:?} (scheme and host in lower case, no default \
             port, no path, no trailing slash)"
        )),
        None => Err(format!("{origin:?} is no origin; write something like \"https://app.example.com\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Severity::{Advice, Error},
        *,
    };

    fn with(change: impl FnOnce(&mut Settings)) -> Vec<(Severity, &'static str, String)> {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.findings().into_iter().map(|Finding { severity, key, why }| (severity, key, why)).collect()
    }

    #[test]
    fn the_defaults_are_sound() {
        assert!(with(|_| {}).is_empty());
    }

    #[test]
    fn everything_is_found_at_once_and_errors_come_first() {
        let found = with(|settings| {
            settings.server.public_url = "http://vestibule.example".parse().unwrap();
            settings.cors.allowed_origins =
                vec!["*".into(), "https://app.example/".into(), "https://ok.example".into()];
            settings.tokens.prefix = String::new();
            settings.tokens.per_account = 0;
        });
        let keys: Vec<_> = found.iter().map(|(severity, key, _)| (*severity, *key)).collect();
        assert_eq!(
            keys,
            [
                (Error, "tokens.prefix"),
                (Error, "tokens.per_account"),
                (Error, "cors.allowed_origins"),
                (Error, "cors.allowed_origins"),
                (Advice, "server.public_url"),
                (Advice, "mail.smtp_url"),
            ]
        );
    }

    #[test]
    fn web_views_and_extensions_have_origins_too() {
        for good in [
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "http://tauri.localhost",
            "app://bundle",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://0f9c1a52-7c5e-4d27-9b5e-2d3f4a5b6c7d",
        ] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
            let found = with(|settings| settings.cors.allowed_origins = vec![good.into()]);
            assert!(found.is_empty(), "{found:?}");
        }
        for bad in [
            "capacitor://",
            "capacitor://localhost/",
            "Capacitor://localhost",
            "capacitor://a b",
            "capacitor://*",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnoz",
            "moz-extension://abc",
            "file://localhost",
            "javascript://localhost",
            "data://x",
        ] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for good in ["https://app.example", "http://localhost:5173", "https://app.example:8443", "http://[::1]:5173"] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for (bad, mend) in [
            ("*", "exact origins"),
            ("null", "exact origins"),
            ("https://*.example", "exact origins"),
            ("https://app.example/", r#"write "https://app.example""#),
            ("https://app.example/path", r#"write "https://app.example""#),
            ("https://app.example?q", r#"write "https://app.example""#),
            ("https://App.Example", r#"write "https://app.example""#),
            ("HTTPS://app.example", r#"write "https://app.example""#),
            ("https://app.example:443", r#"write "https://app.example""#),
            ("http://app.example:80", r#"write "http://app.example""#),
            ("https://me@app.example", r#"write "https://app.example""#),
            ("https://bücher.example", r#"write "https://xn--bcher-kva.example""#),
            (" https://app.example", r#"write "https://app.example""#),
            ("app.example", "is no origin"),
            ("app.example:443", "is no origin"),
            ("file:///index.html", "is no origin"),
            ("chrome-extension://abc", "is no origin"),
            ("", "is no origin"),
        ] {
            let why = check_origin(bad).unwrap_err();
            assert!(why.contains(mend), "{bad}: {why}");
        }
    }

    #[test]
    fn what_is_odd_about_an_origin_is_said() {
        let odd = |public: &str, origin: &str| {
            with(|settings| {
                settings.server.public_url = public.parse().unwrap();
                settings.server.trusted_proxies = vec!["127.0.0.1".into()];
                settings.mail.smtp_url = "smtps://mail.example".into();
                settings.mail.from = "hello@vestibule.example".into();
                settings.cors.allowed_origins = vec![origin.into()];
            })
        };
        assert!(odd("https://vestibule.example", "https://app.example").is_empty());
        for (origin, said) in [
            ("http://app.example", "is on http"),
            ("https://vestibule.example", "this site itself"),
            ("http://localhost:5173", "visitor's own machine"),
        ] {
            let found = odd("https://vestibule.example", origin);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].0, found[0].1), (Severity::Advice, "cors.allowed_origins"));
            assert!(found[0].2.contains(said), "{found:?}");
        }
        assert!(odd("http://localhost:3000", "http://localhost:5173").is_empty(), "development");
    }

    #[test]
    fn a_host_that_no_browser_is_at_is_refused() {
        for url in ["https://*.example", "https://a..example", "https://-a.example"] {
            let found = with(|settings| settings.server.public_url = url.parse().unwrap());
            assert!(found.iter().any(|(severity, key, _)| (*severity, *key) == (Error, "server.public_url")), "{url}");
        }
        let found = with(|settings| settings.server.hosts = vec!["bücher.example".into(), "*.example".into()]);
        assert_eq!(found.len(), 1, "{found:?}");
        let mut settings = Settings::default();
        settings.server.hosts = vec!["Bücher.example".into()];
        assert!(settings.hosts().contains(&"xn--bcher-kva.example".to_owned()));
    }

    #[test]
    fn a_login_token_does_not_outlast_the_longest() {
        let found = with(|settings| settings.tokens.max_days = 7);
        assert_eq!(found[0].1, "tokens.login_remember_days");
    }
}
