//! A passkey, as an authenticator and the browser in front of it answer (WebAuthn Level 3): ES256, no attestation.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Browser, Door, OURS, PageForm, Response};

/// The flags in authenticator data (section 6.1).
pub mod flags {
    /// The user was there.
    pub const PRESENT: u8 = 0x01;
    /// The user was verified.
    pub const VERIFIED: u8 = 0x04;
    /// The passkey may be copied to other devices.
    pub const ELIGIBLE: u8 = 0x08;
    /// It was.
    pub const BACKED_UP: u8 = 0x10;
    /// A new passkey follows.
    pub const ATTESTED: u8 = 0x40;
}

/// An authenticator with one passkey. What is public may be set wrong.
pub struct Authenticator {
    /// What it signs with.
    pub key: EcdsaKeyPair,
    /// What it calls the passkey.
    pub credential_id: Vec<u8>,
    /// The account that it says the passkey is of.
    pub user_handle: Vec<u8>,
    /// The domain that it says it answers.
    pub rp_id: String,
    /// The origin that the browser says the page has.
    pub origin: String,
    /// What it has counted; 0 if it does not count.
    pub sign_count: u32,
    /// What it says about its user and the passkey.
    pub flags: u8,
    /// Its model.
    pub model: Uuid,
}

impl Authenticator {
    /// One that verifies its user, keeps the passkey for itself, and counts.
    pub fn new() -> Self {
        Self::of(&Self::new_key())
    }

    /// A key for [`Self::of`].
    pub fn new_key() -> Vec<u8> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap().as_ref().to_vec()
    }

    /// One with the private key `pkcs8`.
    pub fn of(pkcs8: &[u8]) -> Self {
        Self {
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &SystemRandom::new()).unwrap(),
            credential_id: Uuid::now_v7().into_bytes().to_vec(),
            user_handle: Vec::new(),
            rp_id: "localhost".into(),
            origin: OURS.into(),
            sign_count: 1,
            flags: flags::PRESENT | flags::VERIFIED,
            model: Uuid::nil(),
        }
    }

    /// One that copies the passkey to other devices, and so does not count.
    pub fn synced() -> Self {
        let flags = flags::PRESENT | flags::VERIFIED | flags::ELIGIBLE | flags::BACKED_UP;
        Self { sign_count: 0, flags, ..Self::new() }
    }

    /// Makes the passkey that `options` ask for.
    pub fn make(&mut self, options: &Value) -> Value {
        self.user_handle = BASE64.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.data(self.flags | flags::ATTESTED);
        data.extend(self.model.as_bytes());
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        // COSE_Key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        self.credential(json!({
            "clientDataJSON": BASE64.encode(client_data),
            "attestationObject": BASE64.encode(attestation),
            "transports": ["internal"],
        }))
    }

    /// Signs in, as `options` ask for.
    pub fn sign(&mut self, options: &Value) -> Value {
        if self.sign_count > 0 {
            self.sign_count += 1;
        }
        self.sign_without_counting(options)
    }

    /// The same, with the count as it is.
    pub fn sign_without_counting(&self, options: &Value) -> Value {
        let (client_data, data) = (self.client_data("webauthn.get", options), self.data(self.flags));
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.credential(json!({
            "clientDataJSON": BASE64.encode(client_data),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(signature),
            "userHandle": BASE64.encode(&self.user_handle),
        }))
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let (challenge, origin) = (&options["challenge"], &self.origin);
        format!(r#"{{"type":"{kind}","challenge":{challenge},"origin":"{origin}","crossOrigin":false}}"#).into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.sign_count.to_be_bytes());
        data
    }

    fn credential(&self, response: Value) -> Value {
        let id = BASE64.encode(&self.credential_id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }
}

impl Browser {
    /// What the server asks of somebody who adds a passkey.
    pub async fn asked_to_add(&self) -> Value {
        self.post("/passkeys/options", json!({})).await.assert_status(200).json()["public_key"].take()
    }

    /// What the server asks of somebody who signs in.
    pub async fn asked_to_sign(&self) -> Value {
        self.post("/login/passkey/options", json!({})).await.assert_status(200).json()["public_key"].take()
    }

    /// What the server asks of somebody who signs up with a passkey.
    pub async fn asked_to_sign_up(&self, email: &str) -> Value {
        let body = json!({"name": "Ada", "email": email});
        self.post("/sign-up/passkey/options", body).await.assert_status(200).json()["public_key"].take()
    }

    /// The form of the sign-up page, as its script fills it in with the passkey of `authenticator`.
    pub async fn sign_up_form(&self, authenticator: &mut Authenticator, email: &str) -> PageForm {
        let credential = authenticator.make(&self.asked_to_sign_up(email).await).to_string();
        let typed = [("name", "Ada"), ("email", email), ("credential", &credential)];
        PageForm::to(&self.visit("/sign-up").await.page(200), "/passkeys/sign-up").with(&typed)
    }

    /// Signs up with the passkey of `authenticator`, without a password.
    pub async fn sign_up_with(&self, authenticator: &mut Authenticator, email: &str) -> Response {
        self.sign_up_form(authenticator, email).await.by(self).await
    }

    /// Adds the passkey of `authenticator` to the account that is signed in, and returns its id.
    pub async fn add_passkey(&self, authenticator: &mut Authenticator) -> String {
        let credential = authenticator.make(&self.asked_to_add().await);
        let added = self.post("/passkeys", json!({"credential": credential})).await.assert_status(201).json();
        added["id"].as_str().unwrap().to_owned()
    }

    /// Signs in with the passkey of `authenticator`.
    pub async fn sign_in_with(&self, authenticator: &mut Authenticator) -> Response {
        let credential = authenticator.sign(&self.asked_to_sign().await);
        self.post("/login/passkey", json!({"credential": credential})).await
    }
}
