//! PKCE (RFC 7636), with S256 alone.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Whether `challenge` can be one of S256: the base64url of 32 bytes.
pub(super) fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && URL_SAFE_NO_PAD.decode(challenge).is_ok()
}

/// Whether `verifier` has the form of one (section 4.1).
pub(super) fn is_verifier(verifier: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(allowed)
}

/// Whether `challenge` was made of `verifier` (section 4.6).
pub(super) fn verifies(verifier: &str, challenge: &str) -> bool {
    is_verifier(verifier) && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_example_of_the_rfc_holds() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge) && verifies(verifier, challenge));
        assert!(!verifies(challenge, challenge), "plain");
        assert!(!verifies(&verifier.replace('d', "e"), challenge));
    }

    #[test]
    fn only_what_the_rfc_allows_is_one() {
        assert!(is_verifier(&"~".repeat(43)) && is_verifier(&"a".repeat(128)));
        for bad in [String::new(), "a".repeat(42), "a".repeat(129), "+".repeat(43), format!("{} ", "a".repeat(43))] {
            assert!(!is_verifier(&bad), "{bad:?}");
        }
        for bad in [String::new(), "a".repeat(42), "a".repeat(44), "=".repeat(43), "+".repeat(43)] {
            assert!(!is_challenge(&bad), "{bad:?}");
        }
    }
}
