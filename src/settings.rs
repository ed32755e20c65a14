//! Settings: `Leptos.toml`, overridden by the environment. Every key has a default, so no file at all works too.

mod connections;
mod doctor;
mod hosts;
mod lab;
mod names;
mod ranges;
mod sources;
mod surroundings;

use std::{collections::HashMap, fmt, net::SocketAddr, path::Path};

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use time::Duration;
use url::Url;

use self::doctor::is_this_machine;
pub use self::{
    doctor::{Finding, Severity, check_origin},
    lab::{Lab, LabEnabled},
    sources::Sources,
};

/// Where the settings are read from, if the file is there.
pub const FILE: &str = "Leptos.toml";

/// Everything the server can be told. `Leptos.toml` documents each key.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the server is reached.
    pub server: Server,
    /// Where everything is kept.
    pub database: Database,
    /// How long browsers stay signed in.
    pub sessions: Sessions,
    /// How accounts are looked after.
    pub accounts: Accounts,
    /// What hashing a password costs.
    pub passwords: Passwords,
    /// Where mail goes.
    pub mail: Mail,
    /// How often somebody may try before it takes longer.
    pub throttle: Throttle,
    /// How many requests a minute the token door takes.
    pub rate_limits: RateLimits,
    /// What is kept of what happened.
    pub activity: Activity,
    /// What tokens look like and how long they last.
    pub tokens: Tokens,
    /// How many notes there may be.
    pub notes: Notes,
    /// Which pages elsewhere may read the token door's answers.
    pub cors: Cors,
    /// The essay's experiments.
    pub lab: Lab,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// What to listen on.
    pub address: SocketAddr,
    /// The origin people see in their address bar.
    pub public_url: Url,
    /// Further hosts to answer for.
    pub hosts: Vec<String>,
    /// Where the built site lies, for a binary that does not carry it.
    pub site_root: String,
    /// Addresses or networks of the proxies in front, which say where a request comes from.
    pub trusted_proxies: Vec<String>,
    /// The header they say it in.
    pub proxy_header: ProxyHeader,
    /// How much `Strict-Transport-Security` covers where the public URL is https.
    pub hsts: Hsts,
    /// How many connections there may be at once.
    pub connections: u32,
    /// How many of them from one network: an IPv4 address, or 64 bits of IPv6.
    pub connections_per_network: u32,
    /// How long what runs may take to come to its end when the server is stopped, in seconds.
    pub shutdown_seconds: u32,
}

/// What browsers are told to reach by https only, for two years (RFC 6797). They do not forget it before, whatever the
/// settings say by then.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Hsts {
    /// This host.
    #[default]
    Site,
    /// This host and every name below it, whoever serves those.
    Subdomains,
    /// The same, and asks for a place on the lists that browsers are shipped with.
    Preload,
    /// Nothing: no header is sent.
    Off,
}

impl Hsts {
    /// The value of the header, if one is sent.
    pub fn header(self) -> Option<&'static str> {
        match self {
            Self::Site => Some("max-age=63072000"),
            Self::Subdomains => Some("max-age=63072000; includeSubDomains"),
            Self::Preload => Some("max-age=63072000; includeSubDomains; preload"),
            Self::Off => None,
        }
    }
}

/// How a proxy says where a request comes from.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 3000)),
            #[expect(clippy::expect_used, reason = "a constant, covered by a test")]
            public_url: Url::parse("http://localhost:3000").expect("a constant URL"),
            hosts: Vec::new(),
            site_root: "target/site".into(),
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            hsts: Hsts::default(),
            connections: 4096,
            connections_per_network: 512,
            shutdown_seconds: 30,
        }
    }
}

/// `[database]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: String,
    /// Whether PostgreSQL on another machine may be spoken to without TLS.
    pub allow_plaintext: bool,
    /// Milliseconds a search may take before the answer is 503.
    pub search_ms: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:vestibule.db".into(), allow_plaintext: false, search_ms: 2_000 }
    }
}

/// `[sessions]`: NIST SP 800-63B by default.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Hours after which a sign-in that is not used ends.
    pub idle_hours: u32,
    /// Hours until it ends, used or not.
    pub lifetime_hours: u32,
    /// Days after which it ends unused with "keep me signed in".
    pub remember_idle_days: u32,
    /// Days until it ends with "keep me signed in", used or not.
    pub remember_days: u32,
    /// How many browsers an account may be signed in with at once (ASVS 7.1.2). The oldest makes room.
    pub per_account: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_hours: 2, lifetime_hours: 24, remember_idle_days: 14, remember_days: 30, per_account: 100 }
    }
}

impl Sessions {
    /// How long a sign-in lasts unused, and how long in all.
    pub fn lifetime(&self, remembered: bool) -> (Duration, Duration) {
        if remembered {
            (Duration::days(self.remember_idle_days.into()), Duration::days(self.remember_days.into()))
        } else {
            (Duration::hours(self.idle_hours.into()), Duration::hours(self.lifetime_hours.into()))
        }
    }
}

/// `[passwords]`: OWASP's Argon2id parameters by default.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory per hash, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// How many are hashed at once, each with memory of its own that is kept.
    pub workers: usize,
    /// How many more may wait; past that, 503. One network has a quarter of all places.
    pub queue: usize,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, workers: 2, queue: 126 }
    }
}

/// `[accounts]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// Whether an address has to be confirmed before its account can be used.
    pub confirm: Confirm,
    /// Hours a link that confirms an address is good for.
    pub confirm_hours: u32,
    /// Minutes a link to choose a new password is good for.
    pub reset_minutes: u32,
    /// Minutes for which the password, once given, is not asked for again.
    pub reauthentication_minutes: u32,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { confirm: Confirm::Optional, confirm_hours: 24, reset_minutes: 30, reauthentication_minutes: 10 }
    }
}

/// When addresses have to be confirmed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// Any time, or never.
    #[default]
    Optional,
    /// Before the first sign-in.
    Required,
}

/// `[mail]`
#[derive(Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The server that sends it; none if empty.
    pub smtp_url: String,
    /// Whom it comes from.
    pub from: String,
    /// The folder it is kept in where there is no server.
    pub outbox: String,
    /// Whether a mail server on another machine may be spoken to without TLS. A password goes there over TLS in any
    /// case.
    pub allow_plaintext: bool,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_url: String::new(),
            from: "Vestibule <vestibule@localhost>".into(),
            outbox: "outbox".into(),
            allow_plaintext: false,
        }
    }
}

/// The URL may hold a password.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let smtp_url = if self.smtp_url.is_empty() { "" } else { "…" };
        let Self { from, outbox, allow_plaintext, .. } = self;
        f.debug_struct("Mail")
            .field("smtp_url", &smtp_url)
            .field("from", from)
            .field("outbox", outbox)
            .field("allow_plaintext", allow_plaintext)
            .finish()
    }
}

/// `[throttle]`: how many tries are free, one after the other.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// To sign in to one account from one address, or from one browser that has signed in to it before.
    pub sign_ins_here: u32,
    /// To sign in to any account from one address.
    pub sign_ins_per_address: u32,
    /// To sign in to one account from any address it was not signed in from lately.
    pub sign_ins_per_account: u32,
    /// To make an account from one address, whether or not that succeeds.
    pub sign_ups_per_address: u32,
    /// To have mail sent, from one address.
    pub mails_per_address: u32,
    /// To have mail of one kind sent to one address, from anywhere.
    pub mails_per_recipient: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            sign_ins_here: 10,
            sign_ins_per_address: 60,
            sign_ins_per_account: 30,
            sign_ups_per_address: 30,
            mails_per_address: 30,
            mails_per_recipient: 5,
        }
    }
}

/// `[rate_limits]`: requests a minute at the token door.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// With one token.
    pub per_token: u32,
    /// Without a token that works, from one address.
    pub per_address: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { per_token: 600, per_address: 120 }
    }
}

/// `[activity]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Activity {
    /// Days until an event is forgotten.
    pub keep_days: u32,
}

impl Default for Activity {
    fn default() -> Self {
        Self { keep_days: 90 }
    }
}

/// `[tokens]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// What they begin with, for people and secret scanners.
    pub prefix: String,
    /// The longest a token may last, in days, however often it is renewed.
    pub max_days: u32,
    /// How many that work an account may have at once: of those its owner made, and as many again from `POST login`.
    pub per_account: u32,
    /// Days for which a token that has ended is still shown.
    pub keep_days: u32,
    /// Whether `POST login` gives a token for a password.
    pub login: bool,
    /// How long one from `POST login` lasts, in hours.
    pub login_hours: u32,
    /// The same with `remember`, in days.
    pub login_remember_days: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            prefix: "vst".into(),
            max_days: 366,
            per_account: 100,
            keep_days: 30,
            login: true,
            login_hours: 12,
            login_remember_days: 30,
        }
    }
}

/// `[notes]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notes {
    /// How many an account may have.
    pub per_account: u32,
}

impl Default for Notes {
    fn default() -> Self {
        Self { per_account: 10_000 }
    }
}

/// `[cors]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Exact origins, such as `https://app.example.com`.
    pub allowed_origins: Vec<String>,
}

/// A setting we do not start with: which, why, and what to do (S48).
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Unreadable, unknown or of the wrong type.
    #[error("{0}. See Leptos.toml for every key and its default")]
    Unreadable(#[from] config::ConfigError),
    /// Readable, but dangerous or contradictory.
    #[error("{key}: {why}")]
    Refused {
        /// The setting's name.
        key: &'static str,
        /// The danger and the mend.
        why: String,
    },
}

impl SettingsError {
    /// Refuses the first error among `findings`, and says how many more there are.
    ///
    /// # Errors
    /// [`SettingsError::Refused`] where there is one.
    pub fn refused(findings: &[Finding]) -> Result<(), Self> {
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let Some(Finding { key, why, .. }) = errors.next() else { return Ok(()) };
        let why = match errors.count() {
            0 => why.clone(),
            more => format!("{why}. {more} more: see `vestibule check`"),
        };
        Err(Self::Refused { key, why })
    }
}

impl Settings {
    /// Reads the settings and refuses what is dangerous or contradictory.
    ///
    /// # Errors
    /// One line that names the setting; the first, where there are several.
    pub fn load(file: &Path, environment: &HashMap<String, String>) -> Result<Self, SettingsError> {
        let (settings, findings) = Self::examine(file, environment)?;
        SettingsError::refused(&findings)?;
        Ok(settings)
    }

    /// Reads the settings and gives all that is wrong or odd about them, the errors first: what [`Settings::findings`]
    /// says, and what stands in the environment and means nothing.
    ///
    /// # Errors
    /// One line on what cannot be read.
    pub fn examine(file: &Path, environment: &HashMap<String, String>) -> Result<(Self, Vec<Finding>), SettingsError> {
        let settings = Self::read(file, environment)?;
        let mut findings = sources::findings(environment);
        findings.extend(settings.findings());
        findings.sort_by_key(|finding| finding.severity == Severity::Advice);
        Ok((settings, findings))
    }

    /// Reads `file` if it is there, then `environment`: `VESTIBULE_<SECTION>__<KEY>`, and the names everybody knows.
    /// Whether they are sound, [`Settings::findings`] says.
    ///
    /// # Errors
    /// One line on what cannot be read.
    pub fn read(file: &Path, environment: &HashMap<String, String>) -> Result<Self, SettingsError> {
        sources::read(file, environment)
    }

    /// The site's own origin, as browsers write it in `Origin`.
    pub fn origin(&self) -> String {
        self.server.public_url.origin().ascii_serialization()
    }

    /// The hosts to answer for, as browsers write them (IDNA, lower case): the public one, those named besides, and on
    /// a development server this machine by any of its names.
    pub fn hosts(&self) -> Vec<String> {
        let public = self.server.public_url.host_str().map(str::to_owned);
        let further = self.server.hosts.iter().filter_map(|host| hosts::canonical(host).ok());
        let own = ["localhost", "127.0.0.1", "[::1]"].into_iter().filter(|_| self.is_development());
        public.into_iter().chain(further).chain(own.map(str::to_owned)).collect()
    }

    /// Whether this is a development server: it listens on this machine only, and its people come from there, so what
    /// `/dev` shows is shown to nobody else.
    pub fn is_development(&self) -> bool {
        is_this_machine(&self.server.public_url) && self.server.address.ip().is_loopback()
    }

    /// Whether browsers take the public URL for potentially trustworthy (W3C Secure Contexts section 3.1): only there
    /// do they send Fetch Metadata.
    pub fn is_trustworthy(&self) -> bool {
        self.server.public_url.scheme() == "https" || is_this_machine(&self.server.public_url)
    }

    /// The allowed origins, as header values.
    pub fn allowed_origins(&self) -> Vec<HeaderValue> {
        self.cors.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Settings::load(Path::new("no such file"), &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_at_all_works() {
        let settings = load(&[]).unwrap();
        assert_eq!(settings.origin(), "http://localhost:3000");
        assert_eq!(settings.database.url, "sqlite:vestibule.db");
    }

    #[test]
    fn the_lab_is_open_where_nobody_else_comes() {
        let peer = |environment: &[(&str, &str)]| load(environment).map(|settings| settings.lab_peer());
        let here = ("http://localhost:3002".to_owned(), "http://127.0.0.1:3002".to_owned());
        assert_eq!(peer(&[]).unwrap(), Some(here.clone()));
        let (same, cross) = here;
        assert_eq!(peer(&[("VESTIBULE_SERVER__PUBLIC_URL", "http://127.0.0.1:3000")]).unwrap(), Some((cross, same)));
        assert_eq!(peer(&[("VESTIBULE_LAB__ENABLED", "never")]).unwrap(), None);
        assert_eq!(peer(&[("LEPTOS_SITE_ADDR", "0.0.0.0:3000")]).unwrap(), None);

        let site = ("VESTIBULE_SERVER__PUBLIC_URL", "https://vestibule.example");
        let always = ("VESTIBULE_LAB__ENABLED", "always");
        assert_eq!(peer(&[site]).unwrap(), None);
        assert!(peer(&[site, always]).unwrap_err().contains("lab.same_site_url"));
        let with = |same: &str, cross: &str| {
            let urls = [("VESTIBULE_LAB__SAME_SITE_URL", same), ("VESTIBULE_LAB__CROSS_SITE_URL", cross)];
            peer(&[&[site, always], &urls[..]].concat())
        };
        assert!(with("https://lab.vestibule.example", "https://stranger.test").unwrap().is_some());
        for (same, cross, named) in [
            ("http://lab.vestibule.example", "https://stranger.test", "lab.same_site_url"),
            ("https://lab.vestibule.test", "https://stranger.test", "lab.same_site_url"),
            ("https://lab.vestibule.example", "http://stranger.test", "lab.cross_site_url"),
            ("https://lab.vestibule.example", "https://other.vestibule.example", "lab.cross_site_url"),
            ("https://vestibule.example", "https://stranger.test", "lab.same_site_url"),
        ] {
            let error = with(same, cross).unwrap_err();
            assert!(error.contains(named), "{same} {cross}: {error}");
        }
    }

    #[test]
    fn a_development_server_is_one_nobody_else_reaches() {
        let is = |url, address| {
            load(&[("VESTIBULE_SERVER__PUBLIC_URL", url), ("LEPTOS_SITE_ADDR", address)]).unwrap().is_development()
        };
        assert!(is("http://localhost:3000", "127.0.0.1:3000"));
        assert!(is("http://[::1]:3000", "[::1]:3000"));
        assert!(!is("http://localhost:3000", "0.0.0.0:3000"), "the network reaches it");
        assert!(!is("https://vestibule.example", "127.0.0.1:3000"), "a proxy stands in front of it");
        assert!(!is("http://localhost.example", "127.0.0.1:3000"));
    }

    #[test]
    fn the_repository_file_holds_the_defaults() {
        let environment = HashMap::new();
        let file = Settings::load(Path::new(FILE), &environment).unwrap();
        assert_eq!(format!("{file:?}"), format!("{:?}", load(&[]).unwrap()));
    }

    #[test]
    fn the_environment_overrides() {
        let settings = load(&[
            ("VESTIBULE_CORS__ALLOWED_ORIGINS", "http://localhost:5173,https://app.example.com"),
            ("VESTIBULE_SERVER__PUBLIC_URL", "https://vestibule.example"),
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8"),
            ("VESTIBULE_SERVER__PROXY_HEADER", "forwarded"),
            ("VESTIBULE_SERVER__HOSTS", "www.vestibule.example,10.0.0.7"),
            ("VESTIBULE_PASSWORDS__QUEUE", "5"),
            ("VESTIBULE_TOOLS", "not a setting"),
            ("DATABASE_URL", "postgres://db/x?sslmode=require"),
            ("LEPTOS_SITE_ADDR", "0.0.0.0:8080"),
        ])
        .unwrap();
        assert_eq!(settings.cors.allowed_origins, ["http://localhost:5173", "https://app.example.com"]);
        assert_eq!(settings.origin(), "https://vestibule.example");
        assert_eq!(settings.server.trusted_proxies, ["127.0.0.1", "10.0.0.0/8"]);
        assert_eq!(settings.server.proxy_header, ProxyHeader::Forwarded);
        assert_eq!(settings.hosts(), ["vestibule.example", "www.vestibule.example", "10.0.0.7"]);
        assert_eq!(settings.passwords.queue, 5);
        assert_eq!(settings.database.url, "postgres://db/x?sslmode=require");
        assert_eq!(settings.server.address.to_string(), "0.0.0.0:8080");
    }

    #[test]
    fn a_mail_server_is_spoken_to_in_private() {
        let from = ("VESTIBULE_MAIL__FROM", "Vestibule <hello@vestibule.example>");
        let try_with = |url| load(&[from, ("VESTIBULE_MAIL__SMTP_URL", url)]);
        for good in [
            "smtps://me:s3cret@mail.example",
            "smtp://me:s3cret@mail.example:587?tls=required",
            "smtp://me:s3cret@localhost:1025",
            "smtp://me:s3cret@127.0.0.1:1025",
        ] {
            let settings = try_with(good).unwrap();
            assert_eq!(settings.mail.smtp_url, good);
            assert!(!format!("{settings:?}").contains("s3cret"));
        }
        for bad in [
            "smtp://mail.example",
            "smtp://me:s3cret@mail.example",
            "smtp://me:s3cret@mail.example?tls=opportunistic",
            "smtp://mail.example?tls=maybe",
            "https://mail.example",
            "mail.example",
        ] {
            let line = try_with(bad).unwrap_err();
            assert!(line.contains("mail.smtp_url") && !line.contains("s3cret"), "{line}");
        }
    }

    #[test]
    fn dangerous_and_mistyped_settings_are_named() {
        for (name, value, named) in [
            ("VESTIBULE_CORS__ALLOWED_ORIGINS", "*", "cors.allowed_origins"),
            ("VESTIBULE_CORS__ALLOWED_ORIGINS", "null", "cors.allowed_origins"),
            ("VESTIBULE_CORS__ALLOWED_ORIGINS", "https://app.example.com/", "https://app.example.com"),
            ("VESTIBULE_CORS__ALLOWED_ORIGINS", "app.example.com", "cors.allowed_origins"),
            ("VESTIBULE_SERVER__PUBLIC_URL", "https://x.example/app", "server.public_url"),
            ("VESTIBULE_SERVER__PUBLIC_URL", "nonsense", "public_url"),
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,proxy.internal", "server.trusted_proxies"),
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "0.0.0.0/0", "server.trusted_proxies"),
            ("VESTIBULE_SERVER__HOSTS", "app.example.com:8443", "server.hosts"),
            ("VESTIBULE_SERVER__HOSTS", "https://app.example.com", "server.hosts"),
            ("VESTIBULE_SERVER__PROXY_HEADER", "x-real-ip", "proxy_header"),
            ("VESTIBULE_PASSWORDS__MEMORY_KIB", "8", "passwords"),
            ("VESTIBULE_DATABASE__SEARCH_MS", "99", "database.search_ms"),
            ("VESTIBULE_DATABASE__SEARCH_MS", "10001", "database.search_ms"),
            ("VESTIBULE_TOKENS__PREFIX", "a b", "tokens.prefix"),
            ("VESTIBULE_TOKENS__MAX_DAYS", "29", "tokens.login_remember_days"),
            ("VESTIBULE_TOKENS__PER_ACCOUNT", "0", "tokens.per_account"),
            ("VESTIBULE_TOKENS__KEEP_DAYS", "0", "tokens.keep_days"),
            ("VESTIBULE_NOTES__PER_ACCOUNT", "0", "notes.per_account"),
            ("VESTIBULE_NOTES__PER_ACCOUNT", "1000001", "notes.per_account"),
            ("VESTIBULE_ACCOUNTS__RESET_MINUTES", "61", "accounts.reset_minutes"),
            ("VESTIBULE_ACCOUNTS__CONFIRM_HOURS", "0", "accounts.confirm_hours"),
            ("VESTIBULE_ACCOUNTS__REAUTHENTICATION_MINUTES", "0", "accounts.reauthentication_minutes"),
            ("VESTIBULE_ACCOUNTS__CONFIRM", "maybe", "confirm"),
            ("VESTIBULE_MAIL__FROM", "nobody", "mail.from"),
            ("VESTIBULE_MAIL__SMTP_URL", "smtps://mail.example", "mail.from"),
            ("VESTIBULE_SESSIONS__IDLE_HOURS", "0", "sessions.idle_hours"),
            ("VESTIBULE_SESSIONS__IDLE_HOURS", "25", "sessions.lifetime_hours"),
            ("VESTIBULE_SESSIONS__LIFETIME_HOURS", "337", "sessions.lifetime_hours"),
            ("VESTIBULE_SESSIONS__REMEMBER_IDLE_DAYS", "0", "sessions.remember_idle_days"),
            ("VESTIBULE_SESSIONS__REMEMBER_DAYS", "7", "sessions.remember_days"),
            ("VESTIBULE_THROTTLE__SIGN_INS_HERE", "0", "throttle.sign_ins_here"),
            ("VESTIBULE_THROTTLE__SIGN_INS_HERE", "101", "throttle.sign_ins_here"),
            ("VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS", "0", "throttle.sign_ups_per_address"),
            ("VESTIBULE_THROTTLE__MAILS_PER_RECIPIENT", "0", "throttle.mails_per_recipient"),
            ("VESTIBULE_RATE_LIMITS__PER_TOKEN", "0", "rate_limits.per_token"),
            ("VESTIBULE_RATE_LIMITS__PER_ADDRESS", "0", "rate_limits.per_address"),
            ("VESTIBULE_ACTIVITY__KEEP_DAYS", "0", "activity.keep_days"),
            ("VESTIBULE_LAB__ENABLED", "sometimes", "enabled"),
            ("VESTIBULE_LAB__ADDRESS", "127.0.0.1:3000", "lab.address"),
            ("VESTIBULE_LAB__SAME_SITE_URL", "http://localhost:3000", "lab.same_site_url"),
            ("VESTIBULE_LAB__SAME_SITE_URL", "http://localhost:3002/", "lab.same_site_url"),
            ("VESTIBULE_LAB__SAME_SITE_URL", "http://localhost:3002", "lab.cross_site_url"),
            ("VESTIBULE_LAB__CROSS_SITE_URL", "http://127.0.0.1:3002", "lab.same_site_url"),
            ("VESTIBULE_SERVER__PORT", "3000", "port"),
            ("LEPTOS_SITE_ADDR", "somewhere", "address"),
        ] {
            let error = load(&[(name, value)]).unwrap_err();
            assert!(error.contains(named), "{name}={value}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
