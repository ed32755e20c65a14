//! `[sessions]`: how long browsers stay signed in. The defaults follow NIST SP 800-63B.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::findings::Findings;

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
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_hours: 2, lifetime_hours: 24, remember_idle_days: 14, remember_days: 30, per_account: 100 }
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
    pub(super) fn check(&self, found: &mut Findings) {
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
    }
}
