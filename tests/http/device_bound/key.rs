//! Keys of devices, and what browsers sign with them.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64},
};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

/// A key in a device.
pub enum Key {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    pub fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap())
    }

    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(RSA).unwrap()).unwrap())
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    pub fn jwk(&self) -> Value {
        match self {
            Self::P256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
                json!({"crv": "P-256", "kty": "EC", "x": x, "y": y})
            }
            Self::Rsa(key) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "n": BASE64.encode(public.n), "e": BASE64.encode(public.e)})
            }
        }
    }

    /// What a browser sends to register.
    pub fn registration(&self, challenge: &str) -> String {
        self.sign(&json!({"alg": self.algorithm(), "jwk": self.jwk(), "typ": "dbsc+jwt"}), challenge)
    }

    /// What a browser sends to refresh.
    pub fn proof(&self, challenge: &str) -> String {
        self.sign(&json!({"alg": self.algorithm(), "typ": "dbsc+jwt"}), challenge)
    }

    pub fn sign(&self, header: &Value, challenge: &str) -> String {
        let claims = json!({"jti": challenge}).to_string();
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::P256(key) => key.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

/// A key of 2048 bits that was made for these tests.
const RSA: &str = "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDGOJVdHwDDmR/f47xR08VcJtn/p8o4n9vjlIT9Is56Cil9DwKv\
    mBp9Z8quDeEW/osK5LtiQTA4s5LcsqpFHGTNHnNJLMo9c3RxD6I4B9t2ZFkJA89K8of/fu8+4uhqmt3tBN0/g4SWELOkdyPSvyW+\
    2sp2UrYaFxbnDm+XKC+ZD/n7G3XZhkF4OsRYjRwLPbHAf2OjnErw4PzH/QGnMUX39jxejz7eBxBYFIkoG9CmPVB8VTSqPbUM0ooJ\
    5eCp2CT9hqMWvyFmCxajNEg/erJN8iHVIV5xE0ZNLcnzOUO31JoVtgPLapCU2QcFEeGyZVE0WvCBn+vZpuRXe5w9F2VZAgMBAAEC\
    ggEACjX0+KJSJ895ipYe5826mhRaC3VM2J1SKEAsX5Z4BvQfY8agj4PTtJ0NLD7oOni57Ww6X/dkeASaSw3Hf4H/ii9r+6m31Crg\
    UA/ERUr0i6iObyG5uC4+exbe41oF8lzFk/A5tTay+87bqiM+GwB1mj75WCyurKLULz/SSaRzd64V8jP9zqeprhYAKug7YBUoFN7C\
    hzqT3wI+MGpoITewZTm02X/r7lqg9JzjLSLHNnKbhpZRBqaKFUJioJnO1BSxuvHxXBaPEG4XwkFz1ACqudIX/yrbLO1TSs/OQo7Y\
    6kN7P4sh9ob29YtFgVNZqLsM1DwT8VQ/bQg9prD18GyDNwKBgQDqiPg/KQrAYXNQkCw6tdhoO4s4umrSIw6wAPvsA3yyila05/y/\
    pQWLCahKHcwhlQdDR9HTfp1d+aGhLW0cSjn8WZhzLH9KAYoC6dgwYoHFRDHP2hkvU0H0uIA+6JAM5rFE12yekUsDmethvHWlL74M\
    QZHUwRDqh67HttSWOoZnnwKBgQDYXMvEejPelPkNMwVRjlADPk76cX/MH2cChMrolRrYk0yOa3SD8gYgjAno7+Iu6tq+vlsTT8v6\
    1GJ3ENZz6KaExtII/H4poKa5q3mishPwIZjIwPG4eY5I3MxMtfVd8hCVxwoX2/fYke1xo8uCbsYsmQjRZhynf6cmEthKdctwBwKB\
    gDpajfmZCpXHKVvYI0kQSaHVftREfaN/GX5tIEEetP3vMZedSOOd+X0YkAiw1UNdwwrYabqHfDwPikmB9e3eAgNpf2bYoWsWavJC\
    oImZWNRuHT6r8yw1OOncpfwA/SZYl66bMulZGSLyPwB4VYUeFdkSz2fyCXVxAOmr8cTXFu3dAoGAKifCZ/CrZIXAFKtJMP+6ZTdh\
    qfgtPzcrGdmHs1NB3MquUt1q4T5ppTPDxofemOeXYSyzkAqvIpr46Fv2fLTqpNocGDYh2rh7Y5eeZm2t5s6U9yBouFmuuFGU2Kln\
    OjussZILTGTGYILmMYsJXst4fz398tajZJtBlPB9Bdz3m0cCgYBAwRe//UbFWHqhTykQyZ86PYhWSVrIMDPCYM2NQU8nB8DLl68T\
    h9J/N4ihtF/boSqemdY5hoP2fV3Sy0BD6uhtAm7hMA5jdM1WoaGKIf+4ppQzOMntsa4Z1V+VzCh6CdCbj8S3BprZ8GjwW5mhdYkl\
    voLg5RjuAq3hT1rP70hINQ==";
