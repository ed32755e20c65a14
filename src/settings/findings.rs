//! The result of checking settings: errors, with which the server does not start, and advice (S48).

use std::ops::RangeInclusive;

use config::ConfigError;
use serde::Serialize;

use crate::text::sentence;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The server does not start.
    Error,
    /// The server starts, but the setting is probably a mistake.
    Advice,
}

/// One problem with the settings.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// The name of the setting, such as `server.public_url`, or `environment`.
    pub key: &'static str,
    /// The risk, and how to fix it.
    pub message: String,
}

/// Why the server does not start with the settings it was given (S48).
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings cannot be read, or one is unknown or of the wrong type.
    #[error("{}", unreadable(.0))]
    Unreadable(#[from] ConfigError),
    /// A setting is dangerous, or contradicts another.
    #[error("{key}: {message}")]
    Refused {
        /// The name of the setting.
        key: &'static str,
        /// The risk, and how to fix it.
        message: String,
    },
}

impl SettingsError {
    /// Fails with the first error among `findings`, and says how many more there are.
    ///
    /// # Errors
    /// [`SettingsError::Refused`] if there is an error among them.
    pub fn refused(findings: &[Finding]) -> Result<(), Self> {
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let Some(Finding { key, message, .. }) = errors.next() else { return Ok(()) };
        let message = match errors.count() {
            0 => message.clone(),
            more => format!("{} {more} more: see `vestibule check`", sentence(message)),
        };
        Err(Self::Refused { key, message })
    }
}

fn unreadable(error: &ConfigError) -> String {
    format!("{} See Leptos.toml for every setting and its default", sentence(&error.to_string()))
}

/// Collects findings while the sections are checked.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// All findings, errors first.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.severity == Severity::Advice);
        self.0
    }

    pub(super) fn error(&mut self, key: &'static str, message: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Error, key, message: message.into() });
    }

    pub(super) fn error_if(&mut self, wrong: bool, key: &'static str, message: impl Into<String>) {
        if wrong {
            self.error(key, message);
        }
    }

    pub(super) fn advice(&mut self, key: &'static str, message: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Advice, key, message: message.into() });
    }

    pub(super) fn advice_if(&mut self, odd: bool, key: &'static str, message: impl Into<String>) {
        if odd {
            self.advice(key, message);
        }
    }

    /// Requires `number` to be in `range`. Every number has a range: outside of it the server would be useless, or
    /// would compute a date that cannot be stored (S73).
    pub(super) fn range(
        &mut self,
        key: &'static str,
        number: impl TryInto<u64>,
        range: RangeInclusive<u64>,
        reason: &str,
    ) {
        let number = number.try_into().unwrap_or(u64::MAX);
        let (least, most) = (range.start(), range.end());
        self.error_if(!range.contains(&number), key, format!("must be {least} to {most}: {reason}"));
    }
}
