//! `[rate_limits]`: requests per minute at the token door.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[rate_limits]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// With one token.
    pub per_token: u32,
    /// From one address, without a valid token.
    pub per_address: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { per_token: 600, per_address: 120 }
    }
}

impl RateLimits {
    pub(super) fn check(self, found: &mut Findings) {
        let reason = "requests per minute";
        found.range("rate_limits.per_token", self.per_token, 1..=10_000_000, reason);
        found.range("rate_limits.per_address", self.per_address, 1..=10_000_000, reason);
    }
}
