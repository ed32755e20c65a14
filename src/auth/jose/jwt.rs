//! A signed JWT in its compact form (RFC 7515 section 7.1): three parts in base64url, separated by dots.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde::de::DeserializeOwned;

use super::jwk::PublicKey;

/// The longest JWT that is read. One with a P-256 key has about 700 characters, and one with an RSA key of 4096 bits
/// about 1,600.
pub const LONGEST: usize = 4096;

/// The parts of a JWT. Nothing is known of its signature before [`Jwt::is_signed_by`].
#[derive(Debug)]
pub struct Jwt<'a> {
    /// The header, in base64url.
    pub header: &'a str,
    /// The claims, in base64url.
    pub claims: &'a str,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// The parts of `text`; `None` if it has not three parts, or its signature is not base64url.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
        Some(Self { header, claims, signed, signature: BASE64.decode(signature).ok()? })
    }

    /// Whether `key` has signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(self.signed.as_bytes(), &self.signature)
    }
}

/// The object in a part of a JWT. Members that come twice are refused (RFC 7519 section 4).
pub fn json<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}
