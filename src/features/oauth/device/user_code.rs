//! User codes (RFC 8628 section 6.1): eight letters that people read from one screen and type on another.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};

use crate::http::problem::Problem;

/// Consonants without Y, as the RFC proposes: they spell no words, and few are taken for each other. 20^8 codes are
/// 34.5 bits, of which only a few are tried: see [`super::limits`].
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters a code has.
const LENGTH: usize = 8;

/// A code such as `WDJB-MJHT`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UserCode(String);

/// Keeps the code out of logs.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode")
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl UserCode {
    /// A new code.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub(super) fn generate() -> Result<Self, Problem> {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let mut bytes = [0_u8; LENGTH];
            OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
            // 240 is the largest multiple of 20 in a byte: larger values would favor the first letters.
            let letters = bytes.into_iter().filter(|byte| *byte < 240).map(|byte| ALPHABET[usize::from(byte) % 20]);
            code.extend(letters.take(LENGTH - code.len()).map(char::from));
        }
        Ok(Self(code))
    }

    /// Reads what somebody typed: in any case, with any hyphens and spaces, or none. `None` if it is no code.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_between = |letter: char| letter.is_whitespace() || "-_.‐‑‒–—−".contains(letter);
        // One more than fits is enough to see that it is none.
        let letters = text.chars().filter(|letter| !is_between(*letter)).take(LENGTH + 1);
        let code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter));
        is_code.then_some(Self(code))
    }

    /// The hash to store.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["WDJB-MJHT", "wdjbmjht", " Wdjb mjht\n", "wdjb–mjht", "W-D-J-B M.J_H‑T"] {
            assert_eq!(UserCode::parse(typed).map(|code| code.to_string()).as_deref(), Some("WDJB-MJHT"), "{typed}");
        }
        let long = "W".repeat(100_000);
        for typed in ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH1", "ＷDJB-MJHT", "WDJB/MJHT", &long] {
            assert_eq!(UserCode::parse(typed), None, "{typed:.20}");
        }
    }

    #[test]
    fn codes_have_the_letters_of_the_rfc_and_differ() {
        let codes: BTreeSet<_> = (0..200).map(|_| UserCode::generate().unwrap().to_string()).collect();
        assert_eq!(codes.len(), 200);
        let letters: BTreeSet<_> = codes.iter().flat_map(|code| code.bytes()).collect();
        assert_eq!(letters.len(), ALPHABET.len() + 1, "all of them, and the hyphen");
        assert!(codes.iter().all(|code| code.len() == 9 && UserCode::parse(code).unwrap().to_string() == *code));
        assert_eq!(format!("{:?}", UserCode::generate().unwrap()), "UserCode");
    }
}
