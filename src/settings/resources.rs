//! `[resources]`: limits that apply to each kind of object that accounts create.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[resources]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// How many objects of each kind an account may have. Past that, the response is 409.
    pub per_account: u32,
}

impl Default for Resources {
    fn default() -> Self {
        Self { per_account: 10_000 }
    }
}

impl Resources {
    pub(super) fn check(self, found: &mut Findings) {
        let reason = "the objects of an account are counted whenever one is created";
        found.range("resources.per_account", self.per_account, 1..=1_000_000, reason);
    }
}
