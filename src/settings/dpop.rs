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
        found.advice_if(
            !self.nonces,
            "dpop.nonces",
            "is off, so a script in a client's page can make proofs for as long as the token lasts and use them \
             elsewhere (RFC 9449 section 11.2); turn it on, or let tokens last for hours only",
        );
        let reason = "the clocks of clients are seldom exact, and a proof that is old may have been stolen";
        found.range("dpop.window_seconds", self.window_seconds, 5..=600, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_proofs_be_made_in_advance_is_said() {
        let keys = |settings: Dpop| {
            let mut found = Findings::default();
            settings.check(&mut found);
            found.sorted().into_iter().map(|finding| finding.key).collect::<Vec<_>>()
        };
        assert!(keys(Dpop::default()).is_empty());
        assert_eq!(keys(Dpop { nonces: false, ..Dpop::default() }), ["dpop.nonces"]);
        assert_eq!(keys(Dpop { window_seconds: 601, ..Dpop::default() }), ["dpop.window_seconds"]);
    }
}
