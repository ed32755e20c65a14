//! `[dpop]`: tokens that are bound to a key.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[dpop]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dpop {
    /// Whether `POST login` gives only tokens that are bound to a key.
    pub required: bool,
    /// Whether a proof must name a nonce of this server.
    pub nonces: bool,
    /// How far the time in a proof may be from the server's, in seconds.
    pub window_seconds: u32,
}

impl Default for Dpop {
    fn default() -> Self {
        Self { required: false, nonces: true, window_seconds: 120 }
    }
}

impl Dpop {
    pub(super) fn check(self, found: &mut Findings) {
        let reason = "the clocks of clients are seldom exact, and a proof that is old may have been stolen";
        found.range("dpop.window_seconds", self.window_seconds, 5..=600, reason);
    }
}
