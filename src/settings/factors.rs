//! `[factors]`: second factors.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[factors]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Factors {
    /// How long the removal of an account's second factors by an operator can be stopped by its owner, in hours.
    pub reset_hours: u32,
}

impl Default for Factors {
    fn default() -> Self {
        Self { reset_hours: 24 }
    }
}

impl Factors {
    pub(super) fn check(self, found: &mut Findings) {
        let reason = "the owner of the account needs time to read the mail about it, and somebody waits for it";
        found.range("factors.reset_hours", self.reset_hours, 1..=720, reason);
    }
}
