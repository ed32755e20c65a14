//! Keys of clients, and the proofs they sign.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::url;
use crate::support::TestApp;

/// A key of a client.
#[derive(Clone)]
pub enum Key {
    Es256(Arc<EcdsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

impl Key {
    pub fn es256() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::Es256(Arc::new(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()))
    }

    pub fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Arc::new(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()))
    }

    pub fn jwk(&self) -> Value {
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
                json!({"crv": "P-256", "kty": "EC", "x": x, "y": y})
            }
            Self::Ed25519(key) => {
                json!({"crv": "Ed25519", "kty": "OKP", "x": BASE64.encode(key.public_key().as_ref())})
            }
        }
    }

    /// RFC 7638. `serde_json` sorts the members by their names.
    pub fn thumbprint(&self) -> String {
        BASE64.encode(Sha256::digest(self.jwk().to_string()))
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        match self {
            Self::Es256(key) => key.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed25519(key) => key.sign(text.as_bytes()).as_ref().to_vec(),
        }
    }

    /// A proof for a request of `path`, made now.
    pub fn proof(&self, app: &TestApp, method: &str, path: &str) -> Proof {
        let alg = if matches!(self, Self::Es256(_)) { "ES256" } else { "EdDSA" };
        let header = json!({"typ": "dpop+jwt", "alg": alg, "jwk": self.jwk()});
        let (jti, iat) = (Uuid::now_v7(), app.db.now().get().unix_timestamp());
        Proof { key: self.clone(), header, claims: json!({"jti": jti, "htm": method, "htu": url(path), "iat": iat}) }
    }
}

/// A proof that is not signed yet. Both parts may be set wrong.
#[derive(Clone)]
pub struct Proof {
    key: Key,
    pub header: Value,
    pub claims: Value,
}

impl Proof {
    pub fn nonce(self, nonce: &str) -> Self {
        self.claim("nonce", json!(nonce))
    }

    pub fn token(self, token: &str) -> Self {
        self.claim("ath", json!(BASE64.encode(Sha256::digest(token))))
    }

    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    pub fn without(mut self, claim: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(claim);
        self
    }

    pub fn sign(&self) -> String {
        let signed = self.signed();
        format!("{signed}.{}", BASE64.encode(self.key.sign(&signed)))
    }

    /// What the key signs.
    pub fn signed(&self) -> String {
        format!("{}.{}", BASE64.encode(self.header.to_string()), BASE64.encode(self.claims.to_string()))
    }
}
