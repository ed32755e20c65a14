//! The config doctor: looks at every setting and names what is dangerous or contradictory, and what is sound but most
//! likely not meant (S48).

use lettre::message::Mailbox;
use serde::Serialize;
use url::{Host, Url};

use super::{LabEnabled, Settings, Throttle, lab::share_a_site};
use crate::client::Proxies;

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
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, key: &'static str, why: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Error, key, why: why.into() });
    }

    fn error_if(&mut self, wrong: bool, key: &'static str, why: impl Into<String>) {
        if wrong {
            self.error(key, why);
        }
    }

    fn advice_if(&mut self, odd: bool, key: &'static str, why: impl Into<String>) {
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
        self.look_at_searches(&mut found);
        self.look_at_sessions(&mut found);
        self.look_at_accounts(&mut found);
        self.look_at_mail(&mut found);
        self.look_at_throttle(&mut found);
        self.look_at_tokens(&mut found);
        self.look_at_cors(&mut found);
        self.look_at_lab(&mut found);
        let mut found = found.0;
        found.sort_by_key(|finding| finding.severity == Severity::Advice);
        found
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
        for host in self.server.hosts.iter().filter(|host| Host::parse(host).is_err()) {
            found.error("server.hosts", format!("{host:?} is no host; write a name or an address, without a port"));
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

    fn look_at_searches(&self, found: &mut Findings) {
        found.error_if(
            !(100..=10_000).contains(&self.database.search_ms),
            "database.search_ms",
            "must be 100 to 10000: less finds nothing, more keeps everybody else who searches waiting",
        );
    }

    fn look_at_sessions(&self, found: &mut Findings) {
        for (remembered, idle, whole) in [
            (false, "sessions.idle_hours", "sessions.lifetime_hours"),
            (true, "sessions.remember_idle_days", "sessions.remember_days"),
        ] {
            let (unused, in_all) = self.sessions.lifetime(remembered);
            found.error_if(unused.is_zero(), idle, "a lifetime of zero signs everybody out at once; set at least 1");
            let why = format!("a sign-in would end before {idle} is over; set at least as much");
            found.error_if(unused > in_all, whole, why);
        }
        found.error_if(
            self.sessions.lifetime_hours > 14 * 24,
            "sessions.lifetime_hours",
            "longer than 14 days on a machine that may be shared; let \"keep me signed in\" do that, and set at most 336",
        );
    }

    /// ASVS 6.6.2 and the cheat sheets: a day for a confirmation, an hour for what opens an account (S27).
    fn look_at_accounts(&self, found: &mut Findings) {
        let accounts = &self.accounts;
        let outside = |hours: u32, most: u32| !(1..=most).contains(&hours);
        found.error_if(
            outside(accounts.confirm_hours, 24),
            "accounts.confirm_hours",
            "must be 1 to 24, or old mail would confirm addresses",
        );
        found.error_if(
            outside(accounts.reset_minutes, 60),
            "accounts.reset_minutes",
            "must be 1 to 60, or old mail would open accounts",
        );
        found.error_if(
            outside(accounts.proof_minutes, 60),
            "accounts.proof_minutes",
            "must be 1 to 60, or a browser left alone could do everything",
        );
        let weak = self.passwords.memory_kib < 19_456 || self.passwords.iterations < 2;
        found.error_if(
            weak || self.passwords.workers == 0,
            "passwords",
            "weaker than OWASP's minimum, passwords read from a stolen database could be guessed fast; set memory_kib \
             >= 19456, iterations >= 2, workers >= 1",
        );
        found.error_if(
            self.activity.keep_days == 0,
            "activity.keep_days",
            "nobody could see who came in; set at least 1",
        );
    }

    fn look_at_mail(&self, found: &mut Findings) {
        const URL: &str = "mail.smtp_url";
        let mail = &self.mail;
        let from = mail.from.parse::<Mailbox>().ok();
        found.error_if(from.is_none(), "mail.from", "must be an address, such as \"Vestibule <hello@example.com>\"");
        if mail.smtp_url.is_empty() {
            let why = format!(
                "is not set: no mail is sent, it is written to the folder {:?}; name a server, so that people can \
                 confirm addresses and choose new passwords",
                mail.outbox
            );
            found.advice_if(!self.is_development(), URL, why);
            return;
        }
        found.error_if(
            from.is_some_and(|from| from.email.domain() == "localhost"),
            "mail.from",
            "nobody takes mail from localhost; set an address of your own domain",
        );
        let url = Url::parse(&mail.smtp_url).ok();
        let Some(url) = url.filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.host().is_some()) else {
            return found.error(URL, "must be smtps://user:password@host or smtp://host");
        };
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        found.error_if(
            tls.as_deref().is_some_and(|tls| !matches!(tls, "required" | "opportunistic")),
            URL,
            "knows ?tls=required and ?tls=opportunistic",
        );
        let secure = url.scheme() == "smtps" || tls.as_deref() == Some("required");
        found.error_if(
            !secure && url.password().is_some() && !is_this_machine(&url),
            URL,
            "the password would travel in the clear; write smtps://… or add ?tls=required",
        );
    }

    fn look_at_throttle(&self, found: &mut Findings) {
        let Throttle {
            sign_ins_here,
            sign_ins_per_address,
            sign_ins_per_account,
            sign_ups_per_address,
            mails_per_address,
            mails_per_recipient,
        } = self.throttle;
        for (key, tries) in [
            ("throttle.sign_ins_here", sign_ins_here),
            ("throttle.sign_ins_per_address", sign_ins_per_address),
            ("throttle.sign_ins_per_account", sign_ins_per_account),
            ("throttle.sign_ups_per_address", sign_ups_per_address),
            ("throttle.mails_per_address", mails_per_address),
            ("throttle.mails_per_recipient", mails_per_recipient),
        ] {
            found.error_if(tries == 0, key, "nobody's first try would be free; set at least 1");
        }
        let limits = self.rate_limits;
        for (key, requests) in
            [("rate_limits.per_token", limits.per_token), ("rate_limits.per_address", limits.per_address)]
        {
            found.error_if(requests == 0, key, "every request would be one too many; set at least 1");
        }
        found.error_if(
            sign_ins_here > 100,
            "throttle.sign_ins_here",
            "a guesser should have at most 100 tries (NIST SP 800-63B)",
        );
    }

    fn look_at_tokens(&self, found: &mut Findings) {
        let tokens = &self.tokens;
        found.error_if(
            tokens.prefix.is_empty() || !tokens.prefix.bytes().all(|b| b.is_ascii_alphanumeric()),
            "tokens.prefix",
            "must be letters and digits, or tokens could not be told from other text",
        );
        found.error_if(
            tokens.max_days == 0 || tokens.login_hours == 0 || tokens.login_remember_days == 0,
            "tokens",
            "a lifetime of zero makes tokens that never work; set at least 1",
        );
        found.advice_if(
            tokens.max_days > 366,
            "tokens.max_days",
            "a token that nobody has looked at for more than a year is most likely forgotten; set at most 366",
        );
        found.error_if(
            tokens.login_remember_days > tokens.max_days || tokens.login_hours > tokens.max_days.saturating_mul(24),
            "tokens.login_remember_days",
            "a token from POST login would outlast tokens.max_days; set at most as much",
        );
        found.error_if(tokens.per_account == 0, "tokens.per_account", "nobody could have a token; set at least 1");
        found.error_if(
            !(1..=366).contains(&tokens.keep_days),
            "tokens.keep_days",
            "must be 1 to 366: what has ended is shown for a while, and not for ever",
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

/// Whether `origin` is one, spelt as browsers send it.
///
/// # Errors
/// The danger and the mend.
pub fn check_origin(origin: &str) -> Result<(), String> {
    if origin == "null" || origin.contains('*') {
        return Err(format!("{origin:?} would let every page read the answers; list exact origins instead"));
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
    fn a_login_token_does_not_outlast_the_longest() {
        let found = with(|settings| settings.tokens.max_days = 7);
        assert_eq!(found[0].1, "tokens.login_remember_days");
    }
}
