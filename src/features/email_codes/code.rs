//! Codes that are sent by mail: 40 random bits in two groups of letters and digits.

use sha2::{Digest, Sha256};
use time::Duration;

use crate::{auth::sign_in::letters, http::problem::Problem};

/// How long a code works.
pub(super) const LASTS: Duration = Duration::minutes(10);
/// How many letters a code has. Five guesses among 2^40 are none.
const LETTERS: usize = 8;

/// A new code, as it is sent.
///
/// # Errors
/// [`Problem::Internal`] if the operating system has no randomness.
pub(super) fn generate() -> Result<String, Problem> {
    letters::generate(LETTERS)
}

/// The letters of a code, however it was typed; `None` if it is none.
pub(super) fn parsed(typed: &str) -> Option<String> {
    letters::parsed(LETTERS, typed)
}

/// By what a code is found: the hash of what it is bound to.
pub(super) fn key(bound_to: &str) -> Vec<u8> {
    Sha256::digest(bound_to).to_vec()
}

/// What is stored of the code with these `letters`. Without what it is bound to, which is not stored, the code cannot
/// be found from it.
pub(super) fn hash(bound_to: &str, letters: &str) -> Vec<u8> {
    Sha256::new().chain_update(bound_to).chain_update([0]).chain_update(letters).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_stored_differently_for_each_handle() {
        assert_eq!(hash("a", "00000000"), hash("a", "00000000"));
        assert_ne!(hash("a", "00000000"), hash("b", "00000000"));
        assert_ne!(hash("a", "00000000"), key("a"));
        assert_eq!(generate().unwrap().len(), 9);
    }
}
