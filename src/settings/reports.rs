//! `[reports]`: what browsers report about our pages.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[reports]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reports {
    /// Whether browsers are asked for reports.
    pub enabled: bool,
    /// Days after which a report that did not come again is deleted.
    pub keep_days: u32,
}

impl Default for Reports {
    fn default() -> Self {
        Self { enabled: true, keep_days: 30 }
    }
}

impl Reports {
    pub(super) fn check(self, found: &mut Findings) {
        let reason = "what was reported longer ago tells little about the pages of today";
        found.range("reports.keep_days", self.keep_days, 1..=366, reason);
    }
}
