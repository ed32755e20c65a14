//! What a refusal says in headers about the credential (RFC 6750 section 3, RFC 9449 sections 7 to 9).

use super::Problem;

/// The algorithms that a proof may be signed with (RFC 9449 section 7.1), as in `WWW-Authenticate`.
pub const DPOP_ALGS: &str = "ES256 Ed25519 EdDSA";

impl Problem {
    /// The `WWW-Authenticate` challenge of the token API (RFC 6750 section 3). It has no `error` if no token was sent.
    pub fn challenge(&self) -> Option<String> {
        let realm = r#"Bearer realm="vestibule""#;
        match self {
            Self::TokenMissing | Self::CookieAtTokenDoor | Self::CredentialedCors | Self::OtherScheme => {
                Some(realm.into())
            }
            Self::TokenInvalid | Self::TokenExpired | Self::TokenRevoked => {
                Some(format!(r#"{realm}, error="invalid_token", error_description="{}""#, self.title()))
            }
            Self::ScopeMissing(scope) => Some(format!(r#"{realm}, error="insufficient_scope", scope="{scope}""#)),
            Self::TokenBound | Self::TokenNotBound => Some(dpop_challenge("invalid_token", self.title())),
            Self::DpopProofInvalid(reason) => Some(dpop_challenge(self.code(), reason)),
            Self::DpopNonceNeeded(_) => Some(dpop_challenge(self.code(), self.title())),
            _ => None,
        }
    }

    /// The `DPoP-Nonce` of the response, for [`Problem::DpopNonceNeeded`] (RFC 9449 sections 8 and 9).
    pub fn dpop_nonce(&self) -> Option<&str> {
        match self {
            Self::DpopNonceNeeded(nonce) => Some(nonce),
            _ => None,
        }
    }
}

/// The challenge of RFC 9449 section 7.1. A description is ASCII without quotes and backslashes (RFC 6750 section 3).
fn dpop_challenge(error: &str, description: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') || *c == ' ';
    let description: String = description.chars().filter(is_plain).collect();
    let realm = r#"DPoP realm="vestibule""#;
    format!(r#"{realm}, error="{error}", error_description="{description}", algs="{DPOP_ALGS}""#)
}
