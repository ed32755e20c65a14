//! The proofs of RFC 9449, and variations of proofs of our own.

use proptest::prelude::*;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::*;

/// The header of every proof in RFC 9449.
const HEADER: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDU\
                      kRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R\
                      1JEQSIsImNydiI6IlAtMjU2In19";
/// Figure 2: a request of a token.
const OF_A_TOKEN_REQUEST: &str = "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW\
                                  1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUv\
                                  wnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// Figure 7: a request with a refresh token.
const OF_A_REFRESH: &str = "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUu\
                            Y29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7\
                            _X620BxqhvYC8ynrrvZLTk41mSRroapUA";
/// Figure 13: a request with a bound token.
const OF_A_RESOURCE: &str = "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxl\
                             Lm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0Ji\
                             MHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyV\
                             nmcw6Fy1dqd-jfxSYoMxhAJpLjA";
const KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

#[test]
fn the_proofs_of_the_rfc_are_proofs() {
    let token: &[u8] = &Sha256::digest(TOKEN);
    for (rest, made_at, method, url, token) in [
        (OF_A_TOKEN_REQUEST, 1_562_262_616.0, "POST", "https://server.example.com/token", None),
        (OF_A_REFRESH, 1_562_265_296.0, "POST", "https://server.example.com/token", None),
        (OF_A_RESOURCE, 1_562_262_618.0, "GET", "https://resource.example.org/protectedresource", Some((token, KEY))),
    ] {
        let text = format!("{HEADER}.{rest}");
        let proof = Proof::parse(&text).unwrap();
        let target = &Target::parse(url).unwrap();
        let at = |now| Expected { method, target, token, now, window: 60.0 };
        assert!((proof.made_at() - made_at).abs() < 1e-6);
        for (now, fits) in [(-60.1, false), (-60.0, true), (0.0, true), (60.0, true), (60.1, false)] {
            assert_eq!(proof.fits(at(made_at + now)).is_ok(), fits, "{now}");
        }
        assert!(proof.is_signed() && proof.nonce().is_none());
        assert_eq!(proof.into_key().as_str(), KEY);
        // Any other signature, or anything else signed.
        for at in [text.len() - 1, text.len() - 40, text.len() - 87, HEADER.len() + 20] {
            let other = if &text[at - 1..at] == "A" { "B" } else { "A" };
            let changed = [&text[..at - 1], other, &text[at..]].concat();
            assert!(!Proof::parse(&changed).is_ok_and(|proof| proof.is_signed()), "{at}");
        }
    }
}

/// A key of a client.
struct Client {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Client {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap(), random }
    }

    fn header(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}})
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

fn claims() -> Value {
    json!({"jti": "1", "htm": "GET", "htu": "https://a.example/b", "iat": 1000, "ath": BASE64.encode(Sha256::digest("t"))})
}

/// What a changed proof is refused for, or that it is taken.
fn checked(change: impl FnOnce(&mut Value, &mut Value)) -> Result<(), Refused> {
    let (client, mut claims) = (Client::new(), claims());
    let mut header = client.header();
    change(&mut header, &mut claims);
    check(&client.sign(&header.to_string(), &claims.to_string()))
}

fn check(text: &str) -> Result<(), Refused> {
    let (proof, token) = (Proof::parse(text)?, Sha256::digest("t"));
    let target = &Target::parse("https://a.example/b").unwrap();
    let key = proof.key.thumbprint.as_str().to_owned();
    let expected = Expected { method: "GET", target, token: Some((&token, &key)), now: 1000.0, window: 60.0 };
    proof.fits(expected)?;
    if proof.is_signed() { Ok(()) } else { Err("signature") }
}

#[test]
fn every_claim_is_checked() {
    assert_eq!(checked(|_, _| {}), Ok(()));
    assert_eq!(checked(|header, claims| (header["kid"], claims["exp"]) = (json!("1"), json!(7))), Ok(()), "ignored");
    assert_eq!(checked(|_, claims| claims["iat"] = json!(1000.25)), Ok(()));
    for (claim, values) in [
        ("jti", vec![json!(null), json!(""), json!(7), json!("x".repeat(257))]),
        ("htm", vec![json!(null), json!("POST"), json!("get"), json!(["GET"])]),
        ("htu", vec![json!(null), json!("https://a.example/"), json!("/b"), json!("https://b.example/b")]),
        ("iat", vec![json!(null), json!("1000"), json!(939), json!(1061), json!(1e300), json!(-1)]),
        ("ath", vec![json!(null), json!("t"), json!(BASE64.encode(Sha256::digest("u"))), json!(7)]),
        ("nonce", vec![json!(7)]),
    ] {
        for value in values {
            let refused = checked(|_, claims| claims[claim] = value.clone());
            assert!(refused.is_err_and(|why| why.contains(claim) || why.contains("claims")), "{claim}: {value}");
        }
        if claim != "nonce" {
            assert!(checked(|_, claims| drop(claims.as_object_mut().unwrap().remove(claim))).is_err(), "{claim}");
        }
    }
}

#[test]
fn every_parameter_of_the_header_is_checked() {
    for (name, values) in [
        ("typ", vec![json!(null), json!("JWT"), json!("jwt"), json!("application/dpop+jwt"), json!(["dpop+jwt"])]),
        (
            "alg",
            ["none", "None", "", "HS256", "RS256", "PS256", "ES384", "ES256K", "es256", "EdDSA"]
                .map(Value::from)
                .into(),
        ),
        ("jwk", vec![json!(null), json!({}), json!([]), json!("x"), json!({"kty": "oct", "k": "AAAA"})]),
        ("crit", vec![json!(["exp"]), json!([]), json!(null)]),
    ] {
        for value in values {
            assert!(checked(|header, _| header[name] = value.clone()).is_err(), "{name}: {value}");
        }
    }
    let refused = checked(|header, _| header["jwk"]["d"] = json!("AAAA"));
    assert!(refused.is_err_and(|why| why.contains("private")));
}

#[test]
fn a_member_that_comes_twice_is_refused() {
    let client = Client::new();
    let (header, claims) = (client.header().to_string(), claims().to_string());
    assert_eq!(check(&client.sign(&header, &claims)), Ok(()));
    for (name, value) in [("htm", "GET"), ("htu", "https://a.example/b"), ("jti", "2"), ("ath", "")] {
        let twice = claims.replacen('{', &format!(r#"{{"{name}":"{value}","#), 1);
        assert!(check(&client.sign(&header, &twice)).is_err(), "{name}");
    }
    let twice = header.replacen('{', r#"{"alg":"ES256","#, 1);
    assert!(check(&client.sign(&twice, &claims)).is_err());
}

#[test]
fn it_is_the_same_proof_whoever_signs_it_again() {
    let (one, other) = (Client::new(), Client::new());
    let of = |client: &Client, jti: &str| {
        let claims = json!({"jti": jti, "htm": "GET", "htu": "https://a.example/b", "iat": 1000});
        Proof::parse(&client.sign(&client.header().to_string(), &claims.to_string())).unwrap().identity()
    };
    assert_eq!(of(&one, "a"), of(&one, "a"));
    assert_ne!(of(&one, "a"), of(&one, "b"));
    assert_ne!(of(&one, "a"), of(&other, "a"), "nobody uses up the proof of another");
}

#[test]
fn what_is_longer_than_any_proof_is_not_read() {
    assert_eq!(checked(|_, claims| claims["x"] = json!("x".repeat(LONGEST))), Err("The proof is too long."));
    for text in ["", ".", "..", "...", "....", "e30.e30.", "e30.e30.AA", "a.b.c", &".".repeat(LONGEST)] {
        assert!(Proof::parse(text).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_refused(text in ".{0,300}|[-_A-Za-z0-9.]{0,300}") {
        prop_assert!(Proof::parse(&text).is_err());
    }

    #[test]
    fn whatever_the_parts_hold_is_refused(header in ".{0,80}", claims in ".{0,80}", signature in "[-_A-Za-z0-9]{0,90}") {
        let text = format!("{}.{}.{signature}", BASE64.encode(header), BASE64.encode(claims));
        prop_assert!(Proof::parse(&text).is_err());
    }

    #[test]
    fn a_proof_that_was_changed_or_cut_is_refused(at in 0_usize..2_000, to in "[-_A-Za-z0-9.]") {
        let text = format!("{HEADER}.{OF_A_RESOURCE}");
        let at = at % text.len();
        prop_assert!(!Proof::parse(&text[..at]).is_ok_and(|proof| proof.is_signed()));
        prop_assume!(text[at..=at] != to);
        let changed = [&text[..at], &to, &text[at + 1..]].concat();
        prop_assert!(!Proof::parse(&changed).is_ok_and(|proof| proof.is_signed()));
    }
}
