//! Settings: `Leptos.toml`, overridden by the environment. Every setting has a default, so the file may be missing.
//!
//! Each section has a file with its settings, their defaults and its check. To add a setting, add a field to a section
//! and its default, check it there, and document it in `Leptos.toml`.

mod accounts;
mod activity;
mod address;
mod backup;
mod cors;
mod database;
mod dpop;
mod email_codes;
mod events;
mod factors;
mod findings;
mod flag;
mod hosts;
mod lab;
mod log;
mod mail;
mod metrics;
mod names;
mod oauth;
mod origins;
mod passkeys;
mod passwords;
mod rate_limits;
mod redirect_uris;
mod reports;
mod resources;
mod secret;
mod secret_files;
mod server;
mod sessions;
mod sources;
#[cfg(test)]
mod tests;
mod throttle;
mod tokens;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};

use self::findings::Findings;
pub use self::{
    accounts::{Accounts, Confirm},
    activity::Activity,
    address::ListenAddress,
    backup::Backup,
    cors::Cors,
    database::{Database, check_database_url, without_credentials},
    dpop::Dpop,
    email_codes::EmailCodes,
    events::Events,
    factors::{Factors, Required},
    findings::{Finding, SettingsError, Severity},
    hosts::is_loopback_host,
    lab::{Lab, LabEnabled, is_same_site},
    log::{Log, LogFormat},
    mail::Mail,
    metrics::{Metrics, is_private},
    oauth::{FirstPartyClient, OAuth, origins_of},
    origins::check_origin,
    passkeys::Passkeys,
    passwords::Passwords,
    rate_limits::RateLimits,
    redirect_uris::{RedirectMatch, check_redirect_uri, compare_redirect_uri, origin_of_redirect_uri},
    reports::Reports,
    resources::Resources,
    server::{Hsts, ProxyHeader, Server},
    sessions::{DeviceBinding, Sessions},
    sources::Sources,
    throttle::Throttle,
    tokens::{TokenLogin, Tokens},
};

/// The settings file that is read, if it exists.
pub const FILE: &str = "Leptos.toml";

/// All settings. `Leptos.toml` documents each of them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The address, the public URL, and limits on connections.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// Backups that the server makes.
    pub backup: Backup,
    /// How long browsers stay signed in.
    pub sessions: Sessions,
    /// Verification of addresses, and links in mails.
    pub accounts: Accounts,
    /// Second factors.
    pub factors: Factors,
    /// Codes that are sent by mail.
    pub email_codes: EmailCodes,
    /// Signing in with passkeys.
    pub passkeys: Passkeys,
    /// The cost of hashing passwords, and breached ones.
    pub passwords: Passwords,
    /// The mail server.
    pub mail: Mail,
    /// How many attempts are free before each takes longer than the one before.
    pub throttle: Throttle,
    /// Requests per minute at the token door.
    pub rate_limits: RateLimits,
    /// The log of security events that each account's owner can see.
    pub activity: Activity,
    /// The form of tokens, and how long they last.
    pub tokens: Tokens,
    /// Applications that get tokens by an authorization.
    pub oauth: OAuth,
    /// Tokens that are bound to a key.
    pub dpop: Dpop,
    /// Limits that apply to each kind of object that accounts create.
    pub resources: Resources,
    /// The streams of `GET events`.
    pub events: Events,
    /// What browsers report about our pages.
    pub reports: Reports,
    /// Pages of other origins that may read the responses of the token door.
    pub cors: Cors,
    /// The form of the log.
    pub log: Log,
    /// The listener that Prometheus reads.
    pub metrics: Metrics,
    /// The Lab's experiments.
    pub lab: Lab,
}

impl Settings {
    /// Reads the settings and rejects dangerous and contradictory ones.
    ///
    /// # Errors
    /// If the settings cannot be read, or one is wrong: one line that names the first.
    pub fn load(file: &Path, environment: &HashMap<String, String>) -> Result<Self, SettingsError> {
        let (settings, findings) = Self::examine(file, environment)?;
        SettingsError::refused(&findings)?;
        Ok(settings)
    }

    /// Reads the settings and returns everything that is wrong or odd about them, errors first: the result of
    /// [`Settings::findings`], and unknown names in the environment.
    ///
    /// # Errors
    /// If the settings cannot be read.
    pub fn examine(file: &Path, environment: &HashMap<String, String>) -> Result<(Self, Vec<Finding>), SettingsError> {
        let settings = Self::read(file, environment)?;
        let mut findings = sources::findings(&names::keys(&Self::default()), environment);
        findings.extend(settings.findings());
        findings.sort_by_key(|finding| finding.severity == Severity::Advice);
        Ok((settings, findings))
    }

    /// Reads `file`, if it exists, then `environment`: `VESTIBULE_<SECTION>__<KEY>`, and `DATABASE_URL`,
    /// `LEPTOS_SITE_ADDR` and `LEPTOS_SITE_ROOT`. [`Settings::findings`] checks them.
    ///
    /// # Errors
    /// If the settings cannot be read.
    pub fn read(file: &Path, environment: &HashMap<String, String>) -> Result<Self, SettingsError> {
        let mut settings: Self = sources::read(file, environment)?;
        if !sources::in_environment("server.public_url", environment) {
            settings.server.follow_address();
        }
        Ok(settings)
    }

    /// Where these settings, which were read from `file` and `environment`, come from.
    pub fn sources(&self, file: &Path, environment: &HashMap<String, String>) -> Sources {
        Sources::of(&self.database.url, file, environment)
    }

    /// The files with secrets that variables of `environment` name.
    pub fn secret_files(environment: &HashMap<String, String>) -> Vec<PathBuf> {
        secret_files::named(environment)
    }

    /// Everything that is wrong or odd, errors first, in the order of `Leptos.toml`.
    pub fn findings(&self) -> Vec<Finding> {
        let (mut found, development) = (Findings::default(), self.is_development());
        self.server.check(&mut found);
        self.database.check(&mut found);
        self.backup.check(&mut found);
        self.sessions.check(&self.server.public_url, &self.factors, &mut found);
        self.accounts.check(self.mail.has_server() || development, &mut found);
        self.factors.check(self.sessions.device_bound == DeviceBinding::RequiredForOperators, &mut found);
        self.email_codes.check(self.mail.has_server() || development, &mut found);
        self.passkeys.check(&self.server.public_url, &mut found);
        self.passwords.check(&mut found);
        self.mail.check(development, &mut found);
        self.throttle.check(&mut found);
        self.rate_limits.check(&mut found);
        self.activity.check(&mut found);
        self.tokens.check(&mut found);
        self.oauth.check(self.tokens.login == TokenLogin::On && !development, &mut found);
        self.dpop.check(&mut found);
        self.resources.check(&mut found);
        self.events.check(self.server.connections, &mut found);
        self.reports.check(&mut found);
        self.cors.check(&self.server.public_url, &mut found);
        self.metrics.check(self.server.address.tcp(), &mut found);
        self.lab.check(&self.server, &mut found);
        found.sorted()
    }

    /// Everything that this machine would not let the server do: create the database, write to the outbox, or read the certificates of the
    /// mail server's authority.
    pub fn machine_findings(&self) -> Vec<Finding> {
        let mut found = Findings::default();
        self.database.check_file(&mut found);
        self.mail.check_outbox(&mut found);
        self.mail.check_ca_file(&mut found);
        found.sorted()
    }

    /// The site's own origin, as browsers write it in `Origin`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// The hosts to answer for, see [`Server::hosts`].
    pub fn hosts(&self) -> Vec<String> {
        self.server.hosts()
    }

    /// Whether this is a development server, see [`Server::is_development`].
    pub fn is_development(&self) -> bool {
        self.server.is_development()
    }

    /// Whether browsers consider the public URL potentially trustworthy (W3C Secure Contexts section 3.1). They send
    /// Fetch Metadata to such origins only.
    pub fn is_trustworthy(&self) -> bool {
        self.server.public_url.scheme() == "https" || is_loopback_host(&self.server.public_url)
    }

    /// Whether calls of `/api/v1` take a password, such as `POST login`: on a site with an application of its own that
    /// gets tokens without one, only if the settings say so.
    pub fn takes_passwords_for_tokens(&self) -> bool {
        match self.tokens.login {
            TokenLogin::On => true,
            TokenLogin::Off => false,
            TokenLogin::Auto => self.is_development() || self.oauth.clients.is_empty(),
        }
    }

    /// The same in a sentence for the operator.
    pub fn token_login_summary(&self) -> &'static str {
        match (self.tokens.login, self.oauth.clients.is_empty()) {
            (TokenLogin::On, _) => "Calls of /api/v1 take passwords (tokens.login = true).",
            (TokenLogin::Off, _) => "No call of /api/v1 takes a password (tokens.login = false).",
            (TokenLogin::Auto, true) => "Calls of /api/v1 take passwords, until oauth.clients has an application.",
            (TokenLogin::Auto, false) if self.is_development() => {
                "Calls of /api/v1 take passwords, but only on a development server, since oauth.clients has an \
                 application (tokens.login = \"auto\")."
            }
            (TokenLogin::Auto, false) => {
                "No call of /api/v1 takes a password, since oauth.clients has an application that needs none \
                 (tokens.login = \"auto\")."
            }
        }
    }

    /// The allowed origins, those of the site's own applications among them, as header values.
    pub fn allowed_origins(&self) -> Vec<HeaderValue> {
        let own = self.oauth.origins().filter_map(|origin| HeaderValue::from_str(origin).ok());
        self.cors.allowed_origins().into_iter().chain(own).collect()
    }

    /// Who may call `/api/v1` from another origin, in sentences for the operator.
    pub fn allowed_origins_summary(&self) -> String {
        let (listed, own) = (self.cors.summary(), self.oauth.origins().cloned().collect::<Vec<_>>());
        match own.as_slice() {
            [] => listed,
            own => format!("{listed} So may those of the site's applications (oauth.clients): {}.", own.join(", ")),
        }
    }

    /// The origins of the Lab's peer, on the same site and on another; `None` if the Lab is off.
    pub fn lab_peer(&self) -> Option<(String, String)> {
        self.lab.peer(&self.server)
    }
}
