//! By what `vestibule doctor` tells this server from another one behind the same name.
//!
//! Whoever asks `/readyz` with a value of their own gets its MAC. The key is in the database and for nothing else: all
//! servers of one database answer alike, no other does, and the answer tells nothing about anything else.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::time::timeout;

use crate::{auth::server_key::ServerKey, db::Db};

/// The header with the value, of 16 to 64 bytes.
pub const CHALLENGE: &str = "vestibule-challenge";
/// The header with the answer.
pub const IDENTITY: &str = "vestibule-identity";
/// How long the key may take to be read, which is done once.
const PATIENCE: Duration = Duration::from_millis(500);

/// The key.
#[derive(Clone)]
pub(super) struct Identity(Arc<ServerKey<Vec<u8>>>);

impl Identity {
    pub(super) fn new(db: Db) -> Self {
        Self(Arc::new(ServerKey::new(db, "identity", |bytes| bytes)))
    }

    /// The answer to the value in `headers`; `None` if there is none, or the key cannot be read.
    pub(super) async fn answer(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let challenge = headers.get(CHALLENGE).filter(|value| (16..=64).contains(&value.len()))?;
        let key = timeout(PATIENCE, self.0.get()).await.ok()?.ok()?;
        HeaderValue::from_str(&mac(key, challenge.as_bytes())?).ok()
    }
}

fn mac(key: &[u8], challenge: &[u8]) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(BASE64.encode(&mac.chain_update(b"identity").chain_update(challenge).finalize().into_bytes()[..18]))
}

#[cfg(test)]
mod tests {
    use super::mac;

    #[test]
    fn an_answer_is_of_one_key_and_one_value() {
        let answer = mac(&[1; 32], b"0123456789abcdef").unwrap();
        assert_eq!(mac(&[1; 32], b"0123456789abcdef").unwrap(), answer);
        assert_ne!(mac(&[2; 32], b"0123456789abcdef").unwrap(), answer);
        assert_ne!(mac(&[1; 32], b"0123456789abcdeg").unwrap(), answer);
    }
}
