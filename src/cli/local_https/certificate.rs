//! The certificates of a developer's machine (RFC 5280), in DER: an authority, and what it has signed for `localhost`.
//!
//! The authority can be trusted without harm: it is constrained to the names of this machine, and its key is thrown away
//! once it has signed.

use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use time::{Duration, OffsetDateTime};

/// How long both last. Apple's systems accept no certificate of a local authority for more than 825 days.
pub(super) const LASTS: Duration = Duration::days(820);

/// What a server needs, and the authority to trust, in DER.
pub(crate) struct Certificates {
    pub authority: Vec<u8>,
    pub localhost: Vec<u8>,
    /// The key of `localhost`, in PKCS #8.
    pub key: Vec<u8>,
    /// When they end.
    pub until: OffsetDateTime,
}

/// Makes an authority and a certificate for the names of this machine, from `now` on.
///
/// # Errors
/// If the operating system has no randomness, or the year has more than four digits.
pub(crate) fn make(now: OffsetDateTime) -> Result<Certificates, String> {
    let random = SystemRandom::new();
    let (authority, _) = new_key(&random)?;
    let (localhost, key) = new_key(&random)?;
    // A clock that is a little behind shall accept it.
    let valid = [now - Duration::hours(1), now + LASTS];
    let of_authority = signed(&random, &authority, AUTHORITY, valid, &authority, &of_authority(&authority))?;
    let of_localhost = signed(&random, &localhost, "localhost", valid, &authority, &of_localhost(&authority, NAMES))?;
    Ok(Certificates { authority: of_authority, localhost: of_localhost, key, until: valid[1] })
}

/// The name of the authority, as systems list it.
const AUTHORITY: &str = "Vestibule: localhost only";
/// What the certificate is for.
const NAMES: &[Name<'static>] = &[Name::Dns("localhost"), Name::Ip(&[127, 0, 0, 1]), Name::Ip(&LOOPBACK_6)];
const LOOPBACK_6: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// A name, or a network for constraints, where the mask follows the address (RFC 5280 section 4.2.1.10).
#[derive(Clone, Copy)]
enum Name<'a> {
    Dns(&'a str),
    Ip(&'a [u8]),
}

impl Name<'_> {
    fn der(self) -> Vec<u8> {
        match self {
            Self::Dns(name) => tlv(0x82, &[name.as_bytes()]),
            Self::Ip(bytes) => tlv(0x87, &[bytes]),
        }
    }
}

fn new_key(random: &SystemRandom) -> Result<(EcdsaKeyPair, Vec<u8>), String> {
    let failed = |_| "the operating system has no randomness".to_owned();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, random).map_err(failed)?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), random);
    Ok((key.map_err(|error| error.to_string())?, pkcs8.as_ref().to_vec()))
}

// Tags.
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

// Object identifiers, encoded.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// Tag, length, and the `parts` as the value.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = value.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![tag];
    match (value.len(), u8::try_from(length.len())) {
        (short @ 0..=0x7f, _) => der.extend(u8::try_from(short)),
        (_, Ok(bytes)) => {
            der.push(0x80 | bytes);
            der.extend(length);
        }
        // A length has eight bytes at most.
        (_, Err(_)) => {}
    }
    der.extend(value);
    der
}

fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[unused], bytes])
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    tlv(SEQUENCE, &[&tlv(OID, &[id]), &critical, &tlv(OCTET_STRING, &[value])])
}

/// The first of the ways of RFC 7093 section 2: the leftmost 160 bits of SHA-256 of the public key.
fn key_id(key: &EcdsaKeyPair) -> Vec<u8> {
    digest(&SHA256, key.public_key().as_ref()).as_ref()[..20].to_vec()
}

fn of_authority(key: &EcdsaKeyPair) -> Vec<Vec<u8>> {
    let no_path = tlv(SEQUENCE, &[&tlv(BOOLEAN, &[&[0xff]]), &tlv(INTEGER, &[&[0]])]);
    let mask_6 = [LOOPBACK_6, [0xff; 16]].concat();
    let names = [Name::Dns("localhost"), Name::Ip(&[127, 0, 0, 0, 255, 0, 0, 0]), Name::Ip(&mask_6)];
    let trees = names.map(|name| tlv(SEQUENCE, &[&name.der()])).concat();
    vec![
        extension(BASIC_CONSTRAINTS, true, &no_path),
        // keyCertSign
        extension(KEY_USAGE, true, &bits(2, &[0x04])),
        extension(NAME_CONSTRAINTS, true, &tlv(SEQUENCE, &[&tlv(0xa0, &[&trees])])),
        extension(SUBJECT_KEY_ID, false, &tlv(OCTET_STRING, &[&key_id(key)])),
    ]
}

fn of_localhost(authority: &EcdsaKeyPair, names: &[Name<'_>]) -> Vec<Vec<u8>> {
    let names: Vec<u8> = names.iter().flat_map(|name| name.der()).collect();
    vec![
        extension(BASIC_CONSTRAINTS, true, &tlv(SEQUENCE, &[])),
        // digitalSignature
        extension(KEY_USAGE, true, &bits(7, &[0x80])),
        extension(EXTENDED_KEY_USAGE, false, &tlv(SEQUENCE, &[&tlv(OID, &[SERVER_AUTH])])),
        extension(SUBJECT_ALT_NAME, false, &tlv(SEQUENCE, &[&names])),
        extension(AUTHORITY_KEY_ID, false, &tlv(SEQUENCE, &[&tlv(0x80, &[&key_id(authority)])])),
    ]
}

fn name(common: &str) -> Vec<u8> {
    let pair = tlv(SEQUENCE, &[&tlv(OID, &[COMMON_NAME]), &tlv(UTF8, &[common.as_bytes()])]);
    tlv(SEQUENCE, &[&tlv(SET, &[&pair])])
}

/// `UTCTime` up to 2049, `GeneralizedTime` after it (RFC 5280 section 4.1.2.5).
fn moment(at: OffsetDateTime) -> Result<Vec<u8>, String> {
    let (year, rest) = (at.year(), (u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second()));
    let (month, day, hour, minute, second) = rest;
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    match year {
        2000..=2049 => Ok(tlv(UTC_TIME, &[format!("{:02}{rest}", year - 2000).as_bytes()])),
        2050..=9999 => Ok(tlv(GENERALIZED_TIME, &[format!("{year}{rest}").as_bytes()])),
        _ => Err(format!("the clock of this machine says {year}")),
    }
}

/// A certificate for `key`, whose subject is `subject`, signed by the `authority`.
fn signed(
    random: &SystemRandom,
    key: &EcdsaKeyPair,
    subject: &str,
    [from, until]: [OffsetDateTime; 2],
    authority: &EcdsaKeyPair,
    extensions: &[Vec<u8>],
) -> Result<Vec<u8>, String> {
    let mut serial = [0; 16];
    random.fill(&mut serial).map_err(|_| "the operating system has no randomness")?;
    // Positive, and without a zero in front.
    serial[0] = serial[0] & 0x3f | 0x40;
    let algorithm = tlv(SEQUENCE, &[&tlv(OID, &[ECDSA_WITH_SHA256])]);
    let curve = tlv(SEQUENCE, &[&tlv(OID, &[EC_PUBLIC_KEY]), &tlv(OID, &[PRIME256V1])]);
    let body = tlv(
        SEQUENCE,
        &[
            &tlv(0xa0, &[&tlv(INTEGER, &[&[2]])]),
            &tlv(INTEGER, &[&serial]),
            &algorithm,
            &name(AUTHORITY),
            &tlv(SEQUENCE, &[&moment(from)?, &moment(until)?]),
            &name(subject),
            &tlv(SEQUENCE, &[&curve, &bits(0, key.public_key().as_ref())]),
            &tlv(0xa3, &[&tlv(SEQUENCE, &[&extensions.concat()])]),
        ],
    );
    let signature = authority.sign(random, &body).map_err(|_| "the certificate cannot be signed")?;
    Ok(tlv(SEQUENCE, &[&body, &algorithm, &bits(0, signature.as_ref())]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_rustls::{
        TlsAcceptor, TlsConnector,
        rustls::{
            ClientConfig, RootCertStore, ServerConfig,
            crypto::ring::default_provider,
            pki_types::{PrivateKeyDer, ServerName},
        },
    };

    use super::*;

    /// Whether a client that trusts the `authority` accepts the certificate for `host`.
    async fn accepts(authority: &[u8], certificate: &[u8], key: &[u8], host: &'static str) -> bool {
        let provider = Arc::new(default_provider());
        let key = PrivateKeyDer::try_from(key.to_vec()).unwrap();
        let server = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let server = server.unwrap().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate.to_vec().into()], key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.to_vec().into()).unwrap();
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
        let (here, there) = tokio::io::duplex(16 * 1024);
        let accepted = TlsAcceptor::from(Arc::new(server)).accept(there);
        let name = ServerName::try_from(host).unwrap();
        let (connected, _) = tokio::join!(TlsConnector::from(Arc::new(client)).connect(name, here), accepted);
        connected.is_ok()
    }

    #[tokio::test]
    async fn a_client_that_trusts_the_authority_accepts_this_machine_and_no_other() {
        let Certificates { authority, localhost, key, .. } = make(OffsetDateTime::now_utc()).unwrap();
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(accepts(&authority, &localhost, &key, host).await, "{host}");
        }
        assert!(!accepts(&authority, &localhost, &key, "vestibule.example").await);
        let another = make(OffsetDateTime::now_utc()).unwrap().authority;
        assert!(!accepts(&another, &localhost, &key, "localhost").await);
    }

    #[tokio::test]
    async fn the_authority_can_speak_for_no_other_host() {
        let random = SystemRandom::new();
        let ((authority, _), (leaf, key)) = (new_key(&random).unwrap(), new_key(&random).unwrap());
        let now = OffsetDateTime::now_utc();
        let valid = [now - Duration::hours(1), now + LASTS];
        let root = signed(&random, &authority, AUTHORITY, valid, &authority, &of_authority(&authority)).unwrap();
        for (host, name, fine) in [
            ("localhost", Name::Dns("localhost"), true),
            ("127.1.2.3", Name::Ip(&[127, 1, 2, 3]), true),
            ("bank.example", Name::Dns("bank.example"), false),
            ("10.0.0.1", Name::Ip(&[10, 0, 0, 1]), false),
        ] {
            let extensions = of_localhost(&authority, &[name]);
            let forged = signed(&random, &leaf, host, valid, &authority, &extensions).unwrap();
            assert_eq!(accepts(&root, &forged, &key, host).await, fine, "{host}");
        }
    }

    #[test]
    fn lengths_and_moments_are_those_of_der() {
        assert_eq!(tlv(4, &[&[7]]), [4, 1, 7]);
        assert_eq!(tlv(4, &[])[..2], [4, 0]);
        assert_eq!(tlv(4, &[&[0; 127]])[..2], [4, 127]);
        assert_eq!(tlv(4, &[&[0; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[&[0; 300]])[..4], [4, 0x82, 1, 44]);
        let at = |seconds| moment(OffsetDateTime::from_unix_timestamp(seconds).unwrap());
        assert_eq!(at(1_796_000_000).unwrap()[2..], *b"261130005320Z");
        assert_eq!(at(2_524_608_000).unwrap()[2..], *b"20500101000000Z");
        assert!(at(0).is_err());
    }
}
