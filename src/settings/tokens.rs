//! `[tokens]`: the form of tokens, and how long they last.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use time::Duration;

use super::{findings::Findings, flag::FlagOrWord};

/// `[tokens]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// The prefix of every token, by which people and secret scanners recognize it.
    pub prefix: String,
    /// The longest lifetime of a token in days, renewals included.
    pub max_days: u32,
    /// How many active tokens an account may have, and as many again from `POST login`.
    pub per_account: u32,
    /// Days for which an expired or revoked token is still listed.
    pub keep_days: u32,
    /// Whether `POST login` exchanges a password for a token, and other calls of the token API take one.
    /// [`super::Settings::takes_passwords_for_tokens`] says what it comes to.
    pub login: TokenLogin,
    /// How long a token from `POST login` lasts, in hours.
    pub login_hours: u32,
    /// How long a token from `POST login` with `remember` lasts, in days.
    pub login_remember_days: u32,
    /// How long after the login `POST token/renew` can prolong such a token, in hours.
    pub login_renew_hours: u32,
    /// How long after a login with `remember` `POST token/renew` can prolong its token, in days.
    pub login_remember_renew_days: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            prefix: "vst".into(),
            max_days: 366,
            per_account: 100,
            keep_days: 30,
            login: TokenLogin::Auto,
            login_hours: 12,
            login_remember_days: 30,
            login_renew_hours: 24,
            login_remember_renew_days: 90,
        }
    }
}

/// Whether the token API takes passwords: `true`, `false` or `"auto"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenLogin {
    /// On a development server, and elsewhere as long as the site has no application of its own that gets tokens without
    /// a password (RFC 9700 section 2.4).
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Serialize for TokenLogin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::On => serializer.serialize_bool(true),
            Self::Off => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for TokenLogin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match FlagOrWord::deserialize(deserializer)? {
            FlagOrWord::Flag(true) => Ok(Self::On),
            FlagOrWord::Flag(false) => Ok(Self::Off),
            FlagOrWord::Word(word) if word == "auto" => Ok(Self::Auto),
            FlagOrWord::Word(_) => Err(D::Error::custom("must be true, false or \"auto\"")),
        }
    }
}

impl Tokens {
    /// How long a token from `POST login` lasts unless it is renewed, and how long in all: never longer than
    /// `max_days`.
    pub fn login_lifetime(&self, remember: bool) -> (Duration, Duration) {
        let (lasts, in_all) = if remember {
            (Duration::days(self.login_remember_days.into()), Duration::days(self.login_remember_renew_days.into()))
        } else {
            (Duration::hours(self.login_hours.into()), Duration::hours(self.login_renew_hours.into()))
        };
        (lasts, in_all.min(Duration::days(self.max_days.into())).max(lasts))
    }

    pub(super) fn check(&self, found: &mut Findings) {
        found.error_if(
            self.prefix.is_empty() || !self.prefix.bytes().all(|b| b.is_ascii_alphanumeric()),
            "tokens.prefix",
            "must be letters and digits, or secret scanners could not recognize tokens",
        );
        found.range("tokens.max_days", self.max_days, 1..=3_660, "a token must expire within ten years");
        found.range("tokens.login_hours", self.login_hours, 1..=8_784, "at most a year");
        let reason = "and at most tokens.max_days";
        found.range("tokens.login_remember_days", self.login_remember_days, 1..=3_660, reason);
        let reason = "a page left open on a shared computer could stay signed in for so long";
        found.range("tokens.login_renew_hours", self.login_renew_hours, 1..=8_784, reason);
        let reason = "everybody must give their password again at some time";
        found.range("tokens.login_remember_renew_days", self.login_remember_renew_days, 1..=3_660, reason);
        found.advice_if(
            self.max_days > 366,
            "tokens.max_days",
            "lets tokens last for more than a year, and tokens that old are often forgotten; use at most 366",
        );
        found.error_if(
            self.login_remember_days > self.max_days || self.login_hours > self.max_days.saturating_mul(24),
            "tokens.login_remember_days",
            "must be at most tokens.max_days, and so must tokens.login_hours",
        );
        let reason = "an account needs one, and its owner must be able to review them all";
        found.range("tokens.per_account", self.per_account, 1..=10_000, reason);
        let reason = "the owner must be able to see which tokens have ended recently";
        found.range("tokens.keep_days", self.keep_days, 1..=366, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_login_ends() {
        let settings = Tokens::default();
        assert_eq!(settings.login_lifetime(false), (Duration::hours(12), Duration::hours(24)));
        assert_eq!(settings.login_lifetime(true), (Duration::days(30), Duration::days(90)));
        let short = Tokens { max_days: 40, login_renew_hours: 1, ..settings };
        assert_eq!(short.login_lifetime(false), (Duration::hours(12), Duration::hours(12)), "no shorter than without");
        assert_eq!(short.login_lifetime(true), (Duration::days(30), Duration::days(40)), "no longer than any token");
    }

    #[test]
    fn taking_passwords_is_a_flag_or_a_word() {
        for (text, login, written) in [
            ("true", TokenLogin::On, "true"),
            ("false", TokenLogin::Off, "false"),
            ("\"auto\"", TokenLogin::Auto, "\"auto\""),
            ("\"false\"", TokenLogin::Off, "false"),
        ] {
            assert_eq!(serde_json::from_str::<TokenLogin>(text).unwrap(), login);
            assert_eq!(serde_json::to_string(&login).unwrap(), written);
        }
        assert!(serde_json::from_str::<TokenLogin>("\"yes\"").is_err());
    }

    #[test]
    fn a_login_token_does_not_outlast_the_longest() {
        let mut found = Findings::default();
        Tokens { max_days: 7, ..Tokens::default() }.check(&mut found);
        assert_eq!(found.sorted()[0].key, "tokens.login_remember_days");
    }
}
