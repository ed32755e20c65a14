//! `[activity]`: the log of security events that each account's owner can see.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[activity]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Activity {
    /// Days after which an event is deleted.
    pub keep_days: u32,
}

impl Default for Activity {
    fn default() -> Self {
        Self { keep_days: 90 }
    }
}

impl Activity {
    pub(super) fn check(self, found: &mut Findings) {
        let reason = "owners need time to notice a sign-in that was not theirs, but events are personal data that must \
                      not be kept forever";
        found.range("activity.keep_days", self.keep_days, 1..=3_660, reason);
    }
}
