//! Public keys (RFC 7517, RFC 8037), their thumbprints (RFC 7638), and the signatures they verify (RFC 7518, RFC 8037).

use std::{fmt, ops::RangeInclusive};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use sha2::{Digest, Sha256};

/// A key as it is sent. Members that are not listed are ignored.
#[derive(Debug, Deserialize)]
pub struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
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
pub fn is_there<'de, D: Deserializer<'de>>(member: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(member).map(|_| true)
}

/// The algorithms there are: asymmetric ones, so neither `none` nor a MAC (S82). Each use of a key takes some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `ES256`: ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// `Ed25519` (RFC 9864), or by its older name `EdDSA` (RFC 8037).
    Ed25519,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    Rs256,
}

impl Algorithm {
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "Ed25519" | "EdDSA" => Some(Self::Ed25519),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// The bytes of an RSA modulus: 2048 bits at least (RFC 7518 section 3.3), and 4096 at most, because a longer one takes
/// the server more time for each signature.
const RSA_BYTES: RangeInclusive<usize> = 256..=512;

/// A public key.
#[derive(Debug)]
pub struct PublicKey {
    key: Key,
    /// Its required members, in the order of their names and without blanks.
    pub canonical: String,
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
}

#[derive(Debug)]
enum Key {
    /// The uncompressed point.
    P256(Vec<u8>),
    Ed25519([u8; 32]),
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

impl PublicKey {
    /// The key in `jwk`, for `algorithm`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn of(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, &'static str> {
        const MALFORMED: &str = "The coordinates of `jwk` are not 32 bytes in base64url each.";
        if jwk.is_private {
            return Err("`jwk` has members of a private key. Replace that key, and send the public one only.");
        }
        let bytes = |text: &Option<String>| BASE64.decode(text.as_ref()?).ok();
        let coordinate = |text: &Option<String>| <[u8; 32]>::try_from(bytes(text)?).ok();
        let x = || coordinate(&jwk.x).ok_or(MALFORMED);
        match (algorithm, jwk.kty.as_str(), jwk.crv.as_deref().unwrap_or_default()) {
            (Algorithm::Es256, "EC", "P-256") => {
                let (x, y) = (x()?, coordinate(&jwk.y).ok_or(MALFORMED)?);
                let (text_x, text_y) = (BASE64.encode(x), BASE64.encode(y));
                let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{text_x}","y":"{text_y}"}}"#);
                Ok(Self::new(Key::P256([[4].as_slice(), &x, &y].concat()), canonical))
            }
            (Algorithm::Ed25519, "OKP", "Ed25519") => {
                let x = x()?;
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64.encode(x));
                Ok(Self::new(Key::Ed25519(x), canonical))
            }
            (Algorithm::Rs256, "RSA", _) => {
                let (n, e) = (bytes(&jwk.n).unwrap_or_default(), bytes(&jwk.e).unwrap_or_default());
                if !RSA_BYTES.contains(&n.len()) || !(1..=4).contains(&e.len()) || n[0] == 0 || e[0] == 0 {
                    return Err("`n` and `e` of `jwk` are not those of an RSA key of 2048 to 4096 bits.");
                }
                let canonical = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, BASE64.encode(&e), BASE64.encode(&n));
                Ok(Self::new(Key::Rsa(n, e), canonical))
            }
            _ => {
                Err("`jwk` is not a key of `alg`: ES256 takes P-256, Ed25519 and EdDSA take Ed25519, RS256 takes RSA.")
            }
        }
    }

    fn new(key: Key, canonical: String) -> Self {
        Self { key, thumbprint: Thumbprint::of(&canonical), canonical }
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.key {
            Key::P256(_) => Algorithm::Es256,
            Key::Ed25519(_) => Algorithm::Ed25519,
            Key::Rsa(..) => Algorithm::Rs256,
        }
    }

    /// The key that was kept as [`PublicKey::canonical`].
    pub fn kept(canonical: &str) -> Option<Self> {
        let jwk: Jwk = serde_json::from_str(canonical).ok()?;
        let algorithms = [Algorithm::Es256, Algorithm::Rs256, Algorithm::Ed25519];
        algorithms.into_iter().find_map(|algorithm| Self::of(algorithm, &jwk).ok())
    }

    /// Whether `signature` is the key's, of `signed`. A point that is not on the curve verifies nothing.
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            Key::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            Key::Ed25519(bytes) => UnparsedPublicKey::new(&ED25519, bytes).verify(signed, signature).is_ok(),
            Key::Rsa(n, e) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
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

    /// RFC 7515 appendix A.2.
    #[test]
    fn rs256_is_that_of_the_rfc() {
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS\
                 -pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2\
                 CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9\
                 gb54h4FRWyuXpoQ";
        let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#);
        let rsa = key(Algorithm::Rs256, &jwk).unwrap();
        let signed =
            b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc1\
                       9yb290Ijp0cnVlfQ";
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9u\
                         JdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_\
                         eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqV\
                         t5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let signature = BASE64.decode(signature).unwrap();
        assert!(rsa.verifies(signed, &signature));
        assert!(!rsa.verifies(&signed[1..], &signature) && !rsa.verifies(signed, &signature[1..]));
        let kept = PublicKey::kept(&rsa.canonical).unwrap();
        assert!(kept.algorithm() == Algorithm::Rs256 && kept.verifies(signed, &signature));
        for other in [
            jwk.replace(n, &n[..340]),
            jwk.replace(n, &n.repeat(3)),
            jwk.replace("\"n\"", "\"N\""),
            jwk.replace("AQAB", ""),
            jwk.replace("RSA", "EC"),
        ] {
            assert!(key(Algorithm::Rs256, &other).is_err(), "{other}");
        }
        assert!(key(Algorithm::Es256, &jwk).is_err() && PublicKey::kept("{}").is_none());
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
