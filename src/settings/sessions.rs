//! `[sessions]`: how long browsers stay signed in. The defaults follow NIST SP 800-63B.

use serde::{Deserialize, Serialize};
use time::Duration;
use url::Url;

use super::{factors::Factors, findings::Findings};

/// `[sessions]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Hours without a request after which a session ends.
    pub idle_hours: u32,
    /// Hours after which a session ends even if it is used.
    pub lifetime_hours: u32,
    /// Days without a request after which a session with "Keep me signed in" ends.
    pub remember_idle_days: u32,
    /// Days after which a session with "Keep me signed in" ends even if it is used.
    pub remember_days: u32,
    /// How many sessions an account may have at once (ASVS 7.1.2). One more ends the oldest.
    pub per_account: u32,
    /// Whether sessions are bound to a key of the device, in browsers that can do that.
    pub device_bound: DeviceBinding,
    /// For how many seconds a copy of a bound session's cookies works elsewhere: the life of its short cookie.
    pub bound_cookie_seconds: u32,
}

/// Whether sessions are bound to a key of the device (Device Bound Session Credentials). It needs https.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceBinding {
    /// New sessions are not.
    Off,
    /// In browsers that can do it.
    #[default]
    Offered,
    /// The same, and the accounts in `factors.operators` can be used in such browsers only.
    RequiredForOperators,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle_hours: 2,
            lifetime_hours: 24,
            remember_idle_days: 14,
            remember_days: 30,
            per_account: 100,
            device_bound: DeviceBinding::Offered,
            bound_cookie_seconds: 300,
        }
    }
}

impl Sessions {
    /// How long a session lasts without a request, and how long in all.
    pub fn lifetime(&self, remembered: bool) -> (Duration, Duration) {
        if remembered {
            (Duration::days(self.remember_idle_days.into()), Duration::days(self.remember_days.into()))
        } else {
            (Duration::hours(self.idle_hours.into()), Duration::hours(self.lifetime_hours.into()))
        }
    }

    /// Browsers forget a cookie after 400 days (6265bis section 5.5).
    pub(super) fn check(&self, public_url: &Url, factors: &Factors, found: &mut Findings) {
        let reason = "a browser left open on a shared computer stays signed in for so long; for longer sessions there \
                      is \"Keep me signed in\"";
        found.range("sessions.idle_hours", self.idle_hours, 1..=336, reason);
        found.range("sessions.lifetime_hours", self.lifetime_hours, 1..=336, reason);
        let reason = "browsers keep a cookie for 400 days at most";
        found.range("sessions.remember_idle_days", self.remember_idle_days, 1..=400, reason);
        found.range("sessions.remember_days", self.remember_days, 1..=400, reason);
        for (remembered, idle, total) in [
            (false, "sessions.idle_hours", "sessions.lifetime_hours"),
            (true, "sessions.remember_idle_days", "sessions.remember_days"),
        ] {
            let (unused, in_all) = self.lifetime(remembered);
            found.error_if(unused > in_all, total, format!("must be at least {idle}"));
        }
        let reason = "the account page lists all of them, so that the owner can find one that is not theirs";
        found.range("sessions.per_account", self.per_account, 1..=1_000, reason);
        self.check_binding(public_url, factors, found);
    }

    fn check_binding(&self, public_url: &Url, factors: &Factors, found: &mut Findings) {
        const BINDING: &str = "sessions.device_bound";
        if self.device_bound == DeviceBinding::RequiredForOperators {
            found.error_if(
                public_url.scheme() != "https",
                BINDING,
                "is \"required-for-operators\", but server.public_url is http: browsers bind sessions on https only, so \
                 the accounts in factors.operators could not be used",
            );
            found.error_if(
                factors.operators.is_empty(),
                BINDING,
                "is \"required-for-operators\", but factors.operators is empty, so nothing is required of anybody; list \
                 the email addresses of the operators' accounts",
            );
        }
        let reason = "so long does a copy of the cookies work elsewhere, and so often do browsers sign";
        found.range("sessions.bound_cookie_seconds", self.bound_cookie_seconds, 10..=3_600, reason);
        found.advice_if(
            self.device_bound != DeviceBinding::Off && (10..180).contains(&self.bound_cookie_seconds),
            "sessions.bound_cookie_seconds",
            "is under 3 minutes: Chrome limits how often it signs for a site, and a session for which it does not sign is \
             signed out",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str, operators: &[&str], change: impl FnOnce(&mut Sessions)) -> Vec<&'static str> {
        let (mut settings, mut found) = (Sessions::default(), Findings::default());
        change(&mut settings);
        let factors =
            Factors { operators: operators.iter().map(|named| (*named).into()).collect(), ..Factors::default() };
        settings.check(&url.parse().unwrap(), &factors, &mut found);
        found.sorted().into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn binding_is_required_only_where_it_can_work_and_of_somebody() {
        const BINDING: &str = "sessions.device_bound";
        let required = |settings: &mut Sessions| settings.device_bound = DeviceBinding::RequiredForOperators;
        let (https, operators) = ("https://vestibule.example", ["root@example.org"]);
        assert!(found(https, &operators, required).is_empty());
        assert_eq!(found("http://localhost:3000", &operators, required), [BINDING]);
        assert_eq!(found(https, &[], required), [BINDING]);
        assert_eq!(found("http://localhost:3000", &[], required), [BINDING; 2]);
        for (seconds, keys) in [(9, 1), (10, 1), (179, 1), (180, 0), (300, 0), (3_600, 0), (3_601, 1)] {
            let changed = found(https, &[], |settings| settings.bound_cookie_seconds = seconds);
            assert_eq!(changed, vec!["sessions.bound_cookie_seconds"; keys], "{seconds}");
        }
    }
}
