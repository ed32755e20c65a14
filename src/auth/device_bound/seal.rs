//! Short texts that a server recognises as its own: a number, and the MAC of it with the session and the use that it is
//! for (HMAC-SHA-256, RFC 2104). None is stored, and all instances share the key.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// The bytes of the MAC that are kept: 128 bits, as RFC 2104 section 5 allows at least half.
const MAC_BYTES: usize = 16;

/// What a text is for, so that none is taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// The short cookie. Its number is the second in which it ends.
    Cookie,
    /// The challenge of a registration. Its number is the millisecond in which it was made.
    Registration,
    /// The challenge of a refresh. Its number is the millisecond in which it was made, or a little later.
    Refresh,
}

impl Use {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Cookie => b"bound-cookie",
            Self::Registration => b"bound-registration",
            Self::Refresh => b"bound-refresh",
        }
    }
}

/// The key of the MAC.
pub(super) struct SealKey(Vec<u8>);

impl SealKey {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The text of `number` for `session`.
    pub(super) fn seal(&self, what: Use, session: Uuid, number: i64) -> String {
        let mac = self.mac(what, session, number).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        format!("{number}.{}", BASE64.encode(&mac[..MAC_BYTES]))
    }

    /// The number in `text`, if this key has sealed it for `session`. It is written in one way only.
    pub(super) fn open(&self, what: Use, session: Uuid, text: &str) -> Option<i64> {
        let (number, mac) = text.split_once('.')?;
        let value = number.parse::<i64>().ok().filter(|value| value.to_string() == number)?;
        let mac = BASE64.decode(mac).ok().filter(|mac| mac.len() == MAC_BYTES)?;
        self.mac(what, session, value)?.verify_truncated_left(&mac).ok().map(|()| value)
    }

    fn mac(&self, what: Use, session: Uuid, number: i64) -> Option<Hmac<Sha256>> {
        // A MAC takes a key of any length.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        Some(mac.chain_update(what.name()).chain_update([0]).chain_update(session).chain_update(number.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_for_its_use_its_session_and_its_key_only() {
        let (key, other) = (SealKey::new(vec![1; 32]), SealKey::new(vec![2; 32]));
        let (session, another) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let text = key.seal(Use::Cookie, session, 1_700_000_000);
        assert_eq!(key.open(Use::Cookie, session, &text), Some(1_700_000_000));
        assert_eq!(key.open(Use::Refresh, session, &text), None);
        assert_eq!(key.open(Use::Registration, session, &text), None);
        assert_eq!(key.open(Use::Cookie, another, &text), None);
        assert_eq!(other.open(Use::Cookie, session, &text), None);
        let mac = text.split_once('.').unwrap().1;
        for changed in [
            format!("1700000001.{mac}"),
            format!("+1700000000.{mac}"),
            format!("01700000000.{mac}"),
            format!("1700000000.{}", &mac[..8]),
            "1700000000.".into(),
            mac.into(),
            String::new(),
        ] {
            assert_eq!(key.open(Use::Cookie, session, &changed), None, "{changed}");
        }
    }
}
