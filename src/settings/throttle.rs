//! `[throttle]`: how many attempts are free before each takes longer than the one before.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[throttle]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Sign-ins to one account from one address, or from one browser that has signed in to it before.
    pub sign_ins_here: u32,
    /// Sign-ins to any account from one address.
    pub sign_ins_per_address: u32,
    /// Sign-ins to one account from all addresses that have not signed in to it recently.
    pub sign_ins_per_account: u32,
    /// Requests for a passkey from one address: each sign-in page makes one.
    pub passkeys_per_address: u32,
    /// Requests for the codes of a device from one address.
    pub device_codes_per_address: u32,
    /// Attempts to create an account from one address, whether or not they succeed.
    pub sign_ups_per_address: u32,
    /// Mails that are requested from one address.
    pub mails_per_address: u32,
    /// Mails of one kind that are sent to one recipient, whoever requests them.
    pub mails_per_recipient: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            sign_ins_here: 10,
            sign_ins_per_address: 60,
            sign_ins_per_account: 30,
            passkeys_per_address: 300,
            device_codes_per_address: 60,
            sign_ups_per_address: 30,
            mails_per_address: 30,
            mails_per_recipient: 5,
        }
    }
}

impl Throttle {
    pub(super) fn check(&self, found: &mut Findings) {
        let reason = "NIST SP 800-63B allows 100 attempts to guess a password";
        found.range("throttle.sign_ins_here", self.sign_ins_here, 1..=100, reason);
        for (key, attempts) in [
            ("throttle.sign_ins_per_address", self.sign_ins_per_address),
            ("throttle.sign_ins_per_account", self.sign_ins_per_account),
            ("throttle.passkeys_per_address", self.passkeys_per_address),
            ("throttle.device_codes_per_address", self.device_codes_per_address),
            ("throttle.sign_ups_per_address", self.sign_ups_per_address),
            ("throttle.mails_per_address", self.mails_per_address),
            ("throttle.mails_per_recipient", self.mails_per_recipient),
        ] {
            found.range(key, attempts, 1..=1_000_000, "the first attempt must be free, and not all of them");
        }
    }
}
