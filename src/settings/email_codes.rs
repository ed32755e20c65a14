//! `[email_codes]`: codes that are sent by mail.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[email_codes]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailCodes {
    /// Whether people can sign in with a code that is sent by mail.
    pub enabled: bool,
    /// Whether accounts without a second factor are asked for such a code after the password.
    pub second_step: bool,
}

impl Default for EmailCodes {
    fn default() -> Self {
        Self { enabled: true, second_step: false }
    }
}

impl EmailCodes {
    /// `can_mail` is whether mails reach anybody.
    pub(super) fn check(self, can_mail: bool, found: &mut Findings) {
        let key = "email_codes.second_step";
        found.error_if(
            self.second_step && !self.enabled,
            key,
            "is true, but email_codes.enabled is false, so nobody would be asked for a code; set both or neither",
        );
        found.error_if(
            self.second_step && self.enabled && !can_mail,
            key,
            "needs a mail server, or nobody can sign in with a password; set mail.smtp_url",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_gets_keeps_everybody_out() {
        let found = |settings: EmailCodes, can_mail| {
            let mut found = Findings::default();
            settings.check(can_mail, &mut found);
            found.sorted().into_iter().map(|finding| finding.key).collect::<Vec<_>>()
        };
        assert!(found(EmailCodes::default(), true).is_empty());
        assert!(found(EmailCodes::default(), false).is_empty(), "mail.smtp_url says so");
        let both = EmailCodes { enabled: true, second_step: true };
        assert!(found(both, true).is_empty());
        assert_eq!(found(both, false), ["email_codes.second_step"]);
        assert_eq!(found(EmailCodes { enabled: false, second_step: true }, true), ["email_codes.second_step"]);
        assert!(found(EmailCodes { enabled: false, second_step: false }, false).is_empty());
    }
}
