//! `[accounts]`: verification of addresses, and links in mails.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[accounts]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// Whether an account's address must be verified before the first sign-in.
    pub confirm: Confirm,
    /// How long a link that verifies an address works, in hours.
    pub confirm_hours: u32,
    /// How long a link to choose a new password works, in minutes.
    pub reset_minutes: u32,
    /// How long a password that was entered is not asked for again, in minutes.
    pub reauthentication_minutes: u32,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { confirm: Confirm::Optional, confirm_hours: 24, reset_minutes: 30, reauthentication_minutes: 10 }
    }
}

/// When addresses must be verified.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// At any time, or never.
    #[default]
    Optional,
    /// Before the first sign-in.
    Required,
}

impl Accounts {
    /// ASVS 6.6.2 and the OWASP cheat sheets: a day for verifying an address, an hour for a new password (S27).
    /// `can_mail` is whether mail reaches people.
    pub(super) fn check(&self, can_mail: bool, found: &mut Findings) {
        found.error_if(
            self.confirm == Confirm::Required && !can_mail,
            "accounts.confirm",
            "is \"required\", but no mail is sent, so nobody could sign in for the first time; set mail.smtp_url, or \
             use \"optional\"",
        );
        let reason = "a link in an old mail must not verify an address";
        found.range("accounts.confirm_hours", self.confirm_hours, 1..=24, reason);
        let reason = "a link in an old mail must not give access to an account";
        found.range("accounts.reset_minutes", self.reset_minutes, 1..=60, reason);
        let reason = "an unattended browser must not be able to change everything";
        found.range("accounts.reauthentication_minutes", self.reauthentication_minutes, 1..=60, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_confirmation_needs_mail() {
        let errors = |confirm, can_mail| {
            let mut found = Findings::default();
            Accounts { confirm, ..Accounts::default() }.check(can_mail, &mut found);
            found.sorted().into_iter().map(|finding| finding.key).collect::<Vec<_>>()
        };
        assert_eq!(errors(Confirm::Required, false), ["accounts.confirm"]);
        assert!(errors(Confirm::Required, true).is_empty() && errors(Confirm::Optional, false).is_empty());
    }
}
