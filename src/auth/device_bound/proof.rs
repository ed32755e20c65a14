//! The JWT by which a browser proves that it has the key of a session (Device Bound Session Credentials, section 9.10).

use serde::Deserialize;

use crate::auth::jose::{Algorithm, Jwk, Jwt, LONGEST, PublicKey, is_there, json};

/// The one type of such a JWT, so that no other can be taken for one (RFC 8725 section 3.11).
const TYPE: &str = "dbsc+jwt";
/// The algorithms that the registration offers.
pub(super) const ALGORITHMS: &str = "ES256 RS256";

/// Why a proof is refused.
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

/// What the browser signed. Other claims are ignored.
#[derive(Deserialize)]
struct Claims {
    /// The challenge.
    jti: String,
}

/// A proof that is well-formed. Nothing is known of its signature before [`Proof::key`] or [`Proof::is_signed_by`].
pub(super) struct Proof<'a> {
    algorithm: Algorithm,
    jwk: Option<Jwk>,
    /// The challenge that it answers.
    pub(super) challenge: String,
    jwt: Jwt<'a>,
}

impl<'a> Proof<'a> {
    /// Parses `text`.
    ///
    /// # Errors
    /// Why it is no proof.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refused> {
        if text.len() > LONGEST {
            return Err("The proof is too long.");
        }
        let jwt = Jwt::parse(text).ok_or("The proof is not a JWT: three parts in base64url, separated by dots.")?;
        let header: Header = json(jwt.header).ok_or("The header of the proof needs `typ` and `alg`.")?;
        if header.typ != TYPE {
            return Err("`typ` of the proof is not `dbsc+jwt`.");
        }
        let offered = [Algorithm::Es256, Algorithm::Rs256];
        let algorithm = Algorithm::of_name(&header.alg).filter(|algorithm| offered.contains(algorithm));
        let algorithm = algorithm.ok_or("`alg` of the proof is neither ES256 nor RS256.")?;
        if header.crit {
            return Err("The header of the proof has `crit`, and no extension is known here.");
        }
        let Claims { jti } = json(jwt.claims).ok_or("The proof needs the claim `jti`.")?;
        Ok(Self { algorithm, jwk: header.jwk, challenge: jti, jwt })
    }

    /// The key of a registration, which has signed it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn key(&self) -> Result<PublicKey, Refused> {
        let jwk = self.jwk.as_ref().ok_or("The header of the proof has no `jwk`.")?;
        let key = PublicKey::of(self.algorithm, jwk)?;
        if self.jwt.is_signed_by(&key) { Ok(key) } else { Err(SIGNATURE) }
    }

    /// Checks that `key` has signed it. A key that the proof itself names does not count.
    ///
    /// # Errors
    /// If it has not.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> Result<(), Refused> {
        if key.algorithm() == self.algorithm && self.jwt.is_signed_by(key) { Ok(()) } else { Err(SIGNATURE) }
    }
}

const SIGNATURE: Refused = "The proof is not signed with the key of the session.";

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    use proptest::prelude::*;

    use super::*;

    /// As Chromium 156 has sent it, for the challenge `c0.abc-_`, but for the signature.
    const HEADER: &str = concat!(
        r#"{"alg":"ES256","jwk":{"crv":"P-256","kty":"EC","x":"rvpwJiikb0FNGXzklE1GsESf3xrVpd2DX4AN6q3j51I","#,
        r#""y":"PvtD1mA80XU3D3Fn-MaMJ0ykDyyLio3N-dZbzzA-OEc"},"typ":"dbsc+jwt"}"#,
    );

    fn text(header: &str, claims: &str) -> String {
        format!("{}.{}.{}", BASE64.encode(header), BASE64.encode(claims), BASE64.encode([1; 64]))
    }

    #[test]
    fn a_proof_of_chromium_is_one() {
        let text = text(HEADER, r#"{"jti":"c0.abc-_"}"#);
        let proof = Proof::parse(&text).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(proof.challenge, "c0.abc-_");
        assert_eq!(proof.key().err(), Some(SIGNATURE));
    }

    #[test]
    fn what_differs_is_refused() {
        for (from, to) in [
            ("dbsc+jwt", "dpop+jwt"),
            ("dbsc+jwt", "JWT"),
            ("\"ES256\"", "\"none\""),
            ("\"ES256\"", "\"HS256\""),
            ("\"ES256\"", "\"EdDSA\""),
            ("\"ES256\"", "\"PS256\""),
            ("{\"alg\"", "{\"crit\":[],\"alg\""),
            ("{\"alg\"", "{\"alg\":\"RS256\",\"alg\""),
        ] {
            assert!(Proof::parse(&text(&HEADER.replacen(from, to, 1), r#"{"jti":"c"}"#)).is_err(), "{to}");
        }
        for claims in ["{}", r#"{"jti":7}"#, r#"{"jti":"a","jti":"b"}"#, "[]", ""] {
            assert!(Proof::parse(&text(HEADER, claims)).is_err(), "{claims}");
        }
        let without = text(r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, r#"{"jti":"c"}"#);
        assert!(Proof::parse(&without).is_ok_and(|proof| proof.key().is_err()));
        assert!(Proof::parse(&"a".repeat(LONGEST + 1)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_refused(header in ".{0,80}", claims in ".{0,80}", text in "[-_A-Za-z0-9.]{0,300}") {
            prop_assert!(Proof::parse(&text).is_err());
            prop_assert!(Proof::parse(&self::text(&header, &claims)).is_err());
        }
    }
}
