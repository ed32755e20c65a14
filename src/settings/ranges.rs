//! What the doctor says of numbers: each has its range, and some have to fit to each other (S73).

use std::ops::RangeInclusive;

use super::{Confirm, Settings, Throttle, doctor::Findings};

impl Findings {
    /// Every number has a range: what is outside makes the server useless, or a date that cannot be written (S73).
    fn range(&mut self, key: &'static str, number: impl TryInto<u64>, range: RangeInclusive<u64>, why: &str) {
        let number = number.try_into().unwrap_or(u64::MAX);
        let (least, most) = (range.start(), range.end());
        self.error_if(!range.contains(&number), key, format!("must be {least} to {most}, {why}"));
    }
}

impl Settings {
    /// Browsers forget a cookie after 400 days (6265bis section 5.5).
    pub(super) fn look_at_sessions(&self, found: &mut Findings) {
        let sessions = self.sessions;
        let why = "because a browser left open on a shared machine stays signed in so long; \"keep me signed in\" is \
                   for more";
        found.range("sessions.idle_hours", sessions.idle_hours, 1..=336, why);
        found.range("sessions.lifetime_hours", sessions.lifetime_hours, 1..=336, why);
        let why = "which is how long browsers keep a cookie";
        found.range("sessions.remember_idle_days", sessions.remember_idle_days, 1..=400, why);
        found.range("sessions.remember_days", sessions.remember_days, 1..=400, why);
        for (remembered, idle, whole) in [
            (false, "sessions.idle_hours", "sessions.lifetime_hours"),
            (true, "sessions.remember_idle_days", "sessions.remember_days"),
        ] {
            let (unused, in_all) = sessions.lifetime(remembered);
            let why = format!("a sign-in would end before {idle} is over; set at least as much");
            found.error_if(unused > in_all, whole, why);
        }
    }

    /// ASVS 6.6.2 and the cheat sheets: a day for a confirmation, an hour for what opens an account (S27).
    pub(super) fn look_at_accounts(&self, found: &mut Findings) {
        let (accounts, passwords) = (&self.accounts, &self.passwords);
        found.error_if(
            accounts.confirm == Confirm::Required && self.mail.smtp_url.is_empty() && !self.is_development(),
            "accounts.confirm",
            "nobody could sign in for the first time without mail; set mail.smtp_url, or \"optional\"",
        );
        let why = "or old mail would confirm addresses";
        found.range("accounts.confirm_hours", accounts.confirm_hours, 1..=24, why);
        found.range("accounts.reset_minutes", accounts.reset_minutes, 1..=60, "or old mail would open accounts");
        let why = "or a browser left alone could do everything";
        found.range("accounts.reauthentication_minutes", accounts.reauthentication_minutes, 1..=60, why);
        let why = "or passwords read from a stolen database could be guessed fast (OWASP's minimum), or every sign-in \
                   would take the machine's memory";
        found.range("passwords.memory_kib", passwords.memory_kib, 19_456..=4_194_304, why);
        let why = "or passwords read from a stolen database could be guessed fast (OWASP's minimum), or every sign-in \
                   would take seconds";
        found.range("passwords.iterations", passwords.iterations, 2..=100, why);
        found.range(
            "passwords.parallelism",
            passwords.parallelism,
            1..=64,
            "or Argon2 would have more lanes than a machine has cores",
        );
        found.range("passwords.workers", passwords.workers, 1..=1_024, "each of which takes passwords.memory_kib");
        let why = "or people would wait for minutes instead of trying again";
        found.range("passwords.queue", passwords.queue, 0..=10_000, why);
        let why = "so that owners notice who came in, and not for ever, since these are personal data";
        found.range("activity.keep_days", self.activity.keep_days, 1..=3_660, why);
    }

    pub(super) fn look_at_throttle(&self, found: &mut Findings) {
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
            // A guesser should have at most 100 tries at one account (NIST SP 800-63B).
            let most = if key == "throttle.sign_ins_here" { 100 } else { 1_000_000 };
            found.range(key, tries, 1..=most, "so that the first try is free, and not every one");
        }
        let server = &self.server;
        let why = "each of which takes a file and some 20 KB";
        found.range("server.connections", server.connections, 1..=1_000_000, why);
        found.range("server.connections_per_network", server.connections_per_network, 1..=1_000_000, why);
        let why = "because a service manager kills what takes longer (systemd after 90 s), with whatever still runs";
        found.range("server.shutdown_seconds", server.shutdown_seconds, 1..=80, why);
        let limits = self.rate_limits;
        for (key, requests) in
            [("rate_limits.per_token", limits.per_token), ("rate_limits.per_address", limits.per_address)]
        {
            found.range(key, requests, 1..=10_000_000, "requests a minute");
        }
    }

    pub(super) fn look_at_tokens(&self, found: &mut Findings) {
        let tokens = &self.tokens;
        found.error_if(
            tokens.prefix.is_empty() || !tokens.prefix.bytes().all(|b| b.is_ascii_alphanumeric()),
            "tokens.prefix",
            "must be letters and digits, or tokens could not be told from other text",
        );
        found.range("tokens.max_days", tokens.max_days, 1..=3_660, "which is ten years: a token is to end some day");
        found.range("tokens.login_hours", tokens.login_hours, 1..=8_784, "which is a year");
        found.range("tokens.login_remember_days", tokens.login_remember_days, 1..=3_660, "and at most tokens.max_days");
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
        let why = "or nobody could have a token, or nobody could look through them";
        found.range("tokens.per_account", tokens.per_account, 1..=10_000, why);
        let why = "because the account page lists them all, so that its owner finds the one that is not theirs";
        found.range("sessions.per_account", self.sessions.per_account, 1..=1_000, why);
        let why = "because less finds nothing, and more keeps everybody else who searches waiting";
        found.range("database.search_ms", self.database.search_ms, 100..=10_000, why);
        let why = "because they are counted whenever one is written";
        found.range("notes.per_account", self.notes.per_account, 1..=1_000_000, why);
        let why = "because what has ended is shown for a while, and not for ever";
        found.range("tokens.keep_days", tokens.keep_days, 1..=366, why);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::{Severity, names};

    /// By the settings themselves, so that one which is added later is among them.
    #[test]
    fn every_number_has_a_range() {
        let numbers = names::keys().into_iter().filter(|(_, default)| default.is_number()).map(|(key, _)| key);
        for key in numbers {
            let name = names::PREFIX.to_owned() + &key.to_uppercase().replacen('.', "__", 1);
            for (outside, named) in [("4294967295", Some("must be ")), ("4294967296", None), ("-1", None)] {
                let environment = [(name.clone(), outside.to_owned())].into();
                match Settings::examine(Path::new("no such file"), &environment) {
                    Ok((_, found)) => {
                        let found = found.iter().find(|found| found.severity == Severity::Error && found.key == key);
                        let found = found.unwrap_or_else(|| panic!("{key} = {outside} is taken"));
                        assert!(named.is_none_or(|named| found.why.contains(named)), "{found:?}");
                    }
                    Err(error) => assert!(error.to_string().contains(&key), "{key} = {outside}: {error}"),
                }
            }
        }
    }

    #[test]
    fn a_required_confirmation_needs_mail() {
        let mut settings = Settings::default();
        settings.accounts.confirm = Confirm::Required;
        assert!(settings.findings().is_empty(), "a development server has its outbox");
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        let found = settings.findings();
        assert_eq!((found[0].severity, found[0].key), (Severity::Error, "accounts.confirm"));
        settings.mail.smtp_url = "smtps://mail.example".into();
        settings.mail.from = "hello@vestibule.example".into();
        assert!(settings.findings().iter().all(|found| found.severity == Severity::Advice));
    }
}
