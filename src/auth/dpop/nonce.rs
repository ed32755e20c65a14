//! Nonces (RFC 9449 sections 8 and 9): a proof that names a recent one was made recently, whatever the client's clock
//! says, and by somebody who had the key then.
//!
//! A nonce is the MAC of a stretch of time with a key that all instances share, so none is stored, and each instance
//! knows those of the others. It is the same for all clients: what makes a proof unique is its `jti`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// For how many seconds a nonce is given.
pub(super) const STEP: i64 = 300;

/// The key of the MAC.
#[derive(Clone)]
pub(super) struct NonceKey(Vec<u8>);

impl NonceKey {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The nonce that is given at `now`, in seconds since 1970.
    pub(super) fn current(&self, now: i64) -> String {
        self.of_step(now.div_euclid(STEP))
    }

    /// Whether `nonce` was given lately: in this stretch of time or in the one before, so that it works for at least
    /// [`STEP`] seconds. An instance whose clock is ahead may have given the next one.
    pub(super) fn knows(&self, nonce: &str, now: i64) -> bool {
        let step = now.div_euclid(STEP);
        [step, step - 1, step + 1].into_iter().any(|step| self.of_step(step) == nonce)
    }

    fn of_step(&self, step: i64) -> String {
        // A MAC takes a key of any length.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        BASE64.encode(&mac.chain_update(b"dpop-nonce").chain_update(step.to_be_bytes()).finalize().into_bytes()[..18])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_works_for_a_while_with_its_key() {
        let (key, other) = (NonceKey::new(vec![1; 32]), NonceKey::new(vec![2; 32]));
        let nonce = key.current(600);
        assert_eq!(nonce.len(), 24);
        assert!(nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(key.current(899), nonce);
        assert_ne!(key.current(900), nonce);
        for (now, works) in [(299, false), (300, true), (600, true), (899, true), (1_199, true), (1_200, false)] {
            assert_eq!(key.knows(&nonce, now), works, "{now}");
        }
        assert!(!other.knows(&nonce, 600) && !key.knows("", 600) && !key.knows(&nonce[1..], 600));
    }
}
