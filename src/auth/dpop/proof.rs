//! A proof: a JWT of its own kind, signed with the client's key (RFC 9449 sections 4.2 and 4.3).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::target::Target;
use crate::auth::jose::{Algorithm, Jwk, Jwt, LONGEST, PublicKey, Thumbprint, is_there, json};

/// The longest `jti`. A UUID has 36 characters.
const JTI_LONGEST: usize = 256;
/// The one type of such a JWT, so that no other can be taken for one (RFC 8725 section 3.11).
const TYPE: &str = "dpop+jwt";

/// Why a proof is refused, for the developer of the client.
pub(super) type Refused = &'static str;

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Option<Jwk>,
    /// Extensions that must be understood (RFC 7515 section 4.1.11). There are none.
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

/// What the client signed. Other claims are ignored.
#[derive(Debug, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    /// Seconds since 1970, perhaps with a fraction (RFC 7519 section 2).
    iat: f64,
    ath: Option<String>,
    nonce: Option<String>,
}

/// What a proof has to fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// The method of the request.
    pub(super) method: &'a str,
    /// The URL of the request.
    pub(super) target: &'a Target,
    /// The hash of the token that comes with it, if one does, and the thumbprint of the key that it is bound to.
    pub(super) token: Option<(&'a [u8], &'a str)>,
    /// The time, in seconds since 1970.
    pub(super) now: f64,
    /// How far `iat` may be from it, in seconds.
    pub(super) window: f64,
}

/// A proof that is well-formed. Nothing is known of its signature before [`Proof::is_signed`].
#[derive(Debug)]
pub(super) struct Proof<'a> {
    key: PublicKey,
    claims: Claims,
    jwt: Jwt<'a>,
}

impl<'a> Proof<'a> {
    /// Parses `text`.
    ///
    /// # Errors
    /// Why it is no proof.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refused> {
        const PARTS: Refused = "The proof is not a JWT: three parts in base64url, separated by dots.";
        if text.len() > LONGEST {
            return Err("The proof is too long.");
        }
        let jwt = Jwt::parse(text).ok_or(PARTS)?;
        let header: Header = json(jwt.header).ok_or("The header of the proof needs `typ`, `alg` and `jwk`.")?;
        if header.typ != TYPE {
            return Err("`typ` of the proof is not `dpop+jwt`.");
        }
        let algorithm = Algorithm::of_name(&header.alg).filter(|algorithm| *algorithm != Algorithm::Rs256);
        let algorithm = algorithm.ok_or("`alg` of the proof is none of ES256, Ed25519, EdDSA.")?;
        if header.crit {
            return Err("The header of the proof has `crit`, and no extension is known here.");
        }
        let key = PublicKey::of(algorithm, &header.jwk.ok_or("The header of the proof has no `jwk`.")?)?;
        let claims = json(jwt.claims).ok_or("The proof needs the claims `jti`, `htm`, `htu` and `iat`.")?;
        Ok(Self { key, claims, jwt })
    }

    /// Checks the claims that need no more than the request, and the key where a token names one.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn fits(&self, expected: Expected<'_>) -> Result<(), Refused> {
        let Claims { jti, htm, htu, iat, ath, .. } = &self.claims;
        if jti.is_empty() || jti.len() > JTI_LONGEST {
            return Err("`jti` of the proof has to be a text of 1 to 256 bytes.");
        }
        if htm != expected.method {
            return Err("`htm` of the proof is not the method of the request.");
        }
        if Target::parse(htu).as_ref() != Some(expected.target) {
            return Err("`htu` of the proof is not the URL of the request.");
        }
        if *iat < expected.now - expected.window {
            return Err("`iat` of the proof is too long ago. Make a new proof for each request.");
        }
        if *iat > expected.now + expected.window {
            return Err("`iat` of the proof is in the future. Compare the client's clock with the `Date` header.");
        }
        let Some((hash, key)) = expected.token else { return Ok(()) };
        if ath.as_deref() != Some(BASE64.encode(hash).as_str()) {
            return Err("`ath` of the proof is not the SHA-256 hash of the token in base64url.");
        }
        if self.key.thumbprint.as_str() != key {
            return Err("The proof is signed with another key than the one the token is bound to.");
        }
        Ok(())
    }

    /// Whether the key in the proof has signed it.
    pub(super) fn is_signed(&self) -> bool {
        self.jwt.is_signed_by(&self.key)
    }

    /// The nonce that it names.
    pub(super) fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// When it was made, in seconds since 1970.
    pub(super) fn made_at(&self) -> f64 {
        self.claims.iat
    }

    /// What is the same for two uses of one proof, and differs between keys.
    pub(super) fn identity(&self) -> Vec<u8> {
        let key = Sha256::new().chain_update(self.key.thumbprint.as_str()).chain_update([0]);
        key.chain_update(&self.claims.jti).finalize().to_vec()
    }

    /// The thumbprint of the key.
    pub(super) fn into_key(self) -> Thumbprint {
        self.key.thumbprint
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
