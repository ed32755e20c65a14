//! Public keys (RFC 7517, RFC 8037), their thumbprints (RFC 7638), and the signatures they verify (RFC 7518, RFC 8037).

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use sha2::{Digest, Sha256};

/// A key as it is sent. Members that are not listed are ignored.
#[derive(Debug, Deserialize)]
pub(super) struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// Whether there is a member of a private or a symmetric key. Several of them are a duplicate member, and refused.
    #[serde(
        default,
        deserialize_with = "is_there",
        rename = "d",
        alias = "p",
        alias = "q",
        alias = "dp",
        alias = "dq",
        alias = "qi",
        alias = "oth",
        alias = "k",
        alias = "priv"
    )]
    is_private: bool,
}

/// Whatever the member is, it is there.
pub(super) fn is_there<'de, D: Deserializer<'de>>(member: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(member).map(|_| true)
}

/// The algorithms there are: asymmetric ones, so neither `none` nor a MAC (S82).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// `ES256`: ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// `Ed25519` (RFC 9864), or by its older name `EdDSA` (RFC 8037).
    Ed25519,
}

impl Algorithm {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "Ed25519" | "EdDSA" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

/// A public key.
#[derive(Debug)]
pub(super) struct PublicKey {
    algorithm: Algorithm,
    /// The uncompressed point of P-256, or the 32 bytes of Ed25519.
    bytes: Vec<u8>,
    /// Its thumbprint.
    pub(super) thumbprint: Thumbprint,
}

impl PublicKey {
    /// The key in `jwk`, for `algorithm`.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn of(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, &'static str> {
        const MALFORMED: &str = "The coordinates of `jwk` are not 32 bytes in base64url each.";
        if jwk.is_private {
            return Err("`jwk` has members of a private key. Replace that key, and send the public one only.");
        }
        let coordinate = |text: &Option<String>| {
            let bytes = BASE64.decode(text.as_ref()?).ok()?;
            <[u8; 32]>::try_from(bytes).ok()
        };
        let crv = jwk.crv.as_deref().unwrap_or_default();
        let x = coordinate(&jwk.x).ok_or(MALFORMED);
        match (algorithm, jwk.kty.as_str(), crv) {
            (Algorithm::Es256, "EC", "P-256") => {
                let (x, y) = (x?, coordinate(&jwk.y).ok_or(MALFORMED)?);
                let (text_x, text_y) = (BASE64.encode(x), BASE64.encode(y));
                let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{text_x}","y":"{text_y}"}}"#);
                let bytes = [[4].as_slice(), &x, &y].concat();
                Ok(Self { algorithm, bytes, thumbprint: Thumbprint::of(&canonical) })
            }
            (Algorithm::Ed25519, "OKP", "Ed25519") => {
                let x = x?;
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64.encode(x));
                Ok(Self { algorithm, bytes: x.to_vec(), thumbprint: Thumbprint::of(&canonical) })
            }
            _ => Err("`jwk` is not a key of `alg`: ES256 takes P-256, Ed25519 and EdDSA take Ed25519."),
        }
    }

    /// Whether `signature` is the key's, of `signed`. A point that is not on the curve verifies nothing.
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Es256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.bytes).verify(signed, signature).is_ok()
            }
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.bytes).verify(signed, signature).is_ok(),
        }
    }
}

/// The SHA-256 thumbprint of a key in base64url: 43 characters (RFC 7638; `jkt` of RFC 9449 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// Hashes the required members in the order of their names, without blanks.
    fn of(canonical: &str) -> Self {
        Self(BASE64.encode(Sha256::digest(canonical)))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: Algorithm, json: &str) -> Result<PublicKey, &'static str> {
        PublicKey::of(algorithm, &serde_json::from_str(json).map_err(|_| "no JWK")?)
    }

    /// RFC 7638 section 3.1.
    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF\
                 V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9\
                 c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1\
                 jF44-csFCur-kEgU8awapJzKnqDKgw";
        let canonical = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{n}"}}"#);
        assert_eq!(Thumbprint::of(&canonical).as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// RFC 8037 appendix A: the thumbprint of A.3, the signature of A.4.
    #[test]
    fn ed25519_is_that_of_the_rfc() {
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = key(Algorithm::Ed25519, jwk).unwrap();
        assert_eq!(key.thumbprint.as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let signature = BASE64.decode(signature).unwrap();
        assert!(key.verifies(signed, &signature));
        assert!(!key.verifies(&signed[1..], &signature) && !key.verifies(signed, &signature[1..]));
    }

    const X: &str = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
    const Y: &str = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";

    #[test]
    fn only_a_public_key_of_the_algorithm_is_one() {
        let with = |members: &str| format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{members}}}"#);
        for fine in ["", r#","kid":"1""#, r#","use":"sig","alg":"ES256""#, r#","ext":true,"key_ops":["verify"]"#] {
            let key = key(Algorithm::Es256, &with(fine)).unwrap();
            assert_eq!(key.thumbprint.as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "RFC 9449 section 6.1");
        }
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            for value in ["\"AAAA\"", "null", "{}"] {
                let refused = key(Algorithm::Es256, &with(&format!(r#","{private}":{value}"#))).unwrap_err();
                assert!(refused.contains("private"), "{private}: {refused}");
            }
        }
        for (algorithm, other) in [
            (Algorithm::Ed25519, with("")),
            (Algorithm::Es256, with("").replace("P-256", "P-384")),
            (Algorithm::Es256, with("").replace("P-256", "secp256k1")),
            (Algorithm::Es256, with("").replace("\"EC\"", "\"RSA\"")),
            (Algorithm::Es256, with("").replace("\"x\"", "\"X\"")),
            (Algorithm::Es256, with("").replace("\"y\"", "\"z\"")),
            (Algorithm::Es256, with("").replace(X, &X[..42])),
            (Algorithm::Es256, with("").replace(X, &format!("{X}="))),
            // Other bits behind the last byte would be another text of the same key.
            (Algorithm::Es256, with("").replace(X, &X.replace("WBFs", "WBFt"))),
            (Algorithm::Es256, with(&format!(r#","x":"{X}""#))),
            (Algorithm::Es256, "[]".into()),
        ] {
            assert!(key(algorithm, &other).is_err(), "{algorithm:?} {other}");
        }
    }

    #[test]
    fn a_point_off_the_curve_verifies_nothing() {
        let key = key(Algorithm::Es256, &format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{X}"}}"#)).unwrap();
        assert!(!key.verifies(b"", &[0; 64]) && !key.verifies(b"", &[1; 64]));
    }
}
