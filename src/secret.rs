//! The format of tokens: `vst_` + 32 random base62 characters + 6 characters of checksum.
//!
//! ```text
//! ^vst_[0-9A-Za-z]{38}$
//! ```
//!
//! 32 base62 characters hold 190 bits of randomness. The checksum (CRC-32 of everything before it, in base62) lets
//! secret scanners recognize tokens, and rejects mistyped ones without a database query. It adds no security.

use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH: usize = 32;
const CHECKSUM_LENGTH: usize = 6;

/// A token in plain text. It exists while it is created and shown, or while a request is checked. It is never stored,
/// its `Debug` output is redacted, and its memory is zeroed on drop.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Generates a token from the operating system's randomness.
    ///
    /// # Errors
    /// If the operating system provides no randomness.
    pub fn generate(prefix: &str) -> Result<Self, rand::rand_core::OsError> {
        let mut text = format!("{prefix}_");
        let length = text.len() + RANDOM_LENGTH;
        while text.len() < length {
            let mut bytes = [0_u8; RANDOM_LENGTH];
            OsRng.try_fill_bytes(&mut bytes)?;
            // 248 is the largest multiple of 62 in a byte: larger values would favor the first letters.
            let emails = bytes.into_iter().filter(|byte| *byte < 248).map(|byte| letter(u32::from(byte)));
            text.extend(emails.take(length - text.len()));
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self(text.into()))
    }

    /// Parses `text`; `None` if its format or its checksum is wrong.
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let random = text.strip_prefix(prefix)?.strip_prefix('_')?;
        let shaped =
            random.len() == RANDOM_LENGTH + CHECKSUM_LENGTH && random.bytes().all(|b| b.is_ascii_alphanumeric());
        if !shaped {
            return None;
        }
        let (content, given) = text.split_at(text.len() - CHECKSUM_LENGTH);
        (checksum(content) == given).then(|| Self(text.into()))
    }

    /// The SHA-256 hash to store. With 190 random bits, no salt or stretching is needed.
    pub fn hash(&self) -> Vec<u8> {
        self.digest().to_vec()
    }

    /// The same hash, as an array.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.reveal().as_bytes()).into()
    }

    /// The token itself, for the one response that shows it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The base62 digit for `value` modulo 62.
fn letter(value: u32) -> char {
    char::from(ALPHABET[(value % 62) as usize])
}

/// The CRC-32 of `content` as six base62 digits, most significant first.
fn checksum(content: &str) -> String {
    let crc = crc32fast::hash(content.as_bytes());
    (0..6).rev().map(|place| letter(crc / 62_u32.pow(place))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_for_a_token_is_one(text in ".{0,60}|vst_[0-9A-Za-z]{36,40}|vst_.{38}") {
            if let Some(secret) = Secret::parse("vst", &text) {
                prop_assert_eq!(secret.reveal(), &text);
                prop_assert_eq!(text.len(), 42);
                let (content, sum) = text.split_at(36);
                prop_assert_eq!(checksum(content), sum);
            }
        }

        #[test]
        fn with_its_checksum_anything_of_the_form_is_one(prefix in "[0-9A-Za-z]{1,8}", random in "[0-9A-Za-z]{32}") {
            let content = format!("{prefix}_{random}");
            let text = format!("{content}{}", checksum(&content));
            prop_assert!(Secret::parse(&prefix, &text).is_some());
        }

        #[test]
        fn one_other_character_is_noticed(random in "[0-9A-Za-z]{32}", place in 4_usize..42, other in "[0-9A-Za-z]") {
            let content = format!("vst_{random}");
            let mut text = format!("{content}{}", checksum(&content));
            prop_assume!(text[place..=place] != other);
            text.replace_range(place..=place, &other);
            prop_assert!(Secret::parse("vst", &text).is_none(), "CRC-32 finds every burst of up to 32 bits");
        }

        #[test]
        fn nothing_around_a_token_belongs_to_it(before in "[ -~]{0,3}", after in "[ -~]{0,3}") {
            prop_assume!(!(before.is_empty() && after.is_empty()));
            let secret = Secret::generate("vst").unwrap();
            let text = format!("{before}{}{after}", secret.reveal());
            prop_assert!(Secret::parse("vst", &text).is_none());
        }
    }

    #[test]
    fn a_generated_token_has_the_documented_form() {
        for _ in 0..1_000 {
            let secret = Secret::generate("vst").unwrap();
            let random = secret.reveal().strip_prefix("vst_").unwrap();
            assert_eq!(random.len(), 38);
            assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(Secret::parse("vst", secret.reveal()).unwrap().hash(), secret.hash());
        }
    }

    #[test]
    fn one_wrong_character_anywhere_is_noticed() {
        let secret = Secret::generate("vst").unwrap();
        for place in 0..secret.reveal().len() {
            let mut bytes = secret.reveal().as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
            assert!(Secret::parse("vst", std::str::from_utf8(&bytes).unwrap()).is_none(), "place {place}");
        }
    }

    #[test]
    fn nonsense_is_no_token() {
        for text in ["", "vst", "vst_", "vst_ä", "Bearer", &"a".repeat(42), &format!("vst_{}", "é".repeat(19))] {
            assert!(Secret::parse("vst", text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn the_checksum_is_base62_of_crc32() {
        // CRC-32 of "123456789" is 0xCBF43926 = 3421780262 = 3·62⁵ + 45·62⁴ + 35·62³ + 27·62² + 22·62 + 14.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn debug_tells_nothing() {
        let secret = Secret::generate("vst").unwrap();
        assert!(!format!("{secret:?}").contains(&secret.reveal()[4..]), "{secret:?}");
    }
}
