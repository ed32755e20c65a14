//! Recovery codes: 120 random bits in six groups of letters and digits. A plain hash protects what has 112 bits or more
//! (ASVS 6.5.2).

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{auth::sign_in::letters, http::problem::Problem};

/// How many letters a code has: too many to be found from its hash.
const LETTERS: usize = 24;
/// How many those have that an earlier version made.
const EARLIER: usize = 16;

/// A new code, as it is shown.
///
/// # Errors
/// [`Problem::Internal`] if the operating system has no randomness.
pub(super) fn generate() -> Result<String, Problem> {
    letters::generate(LETTERS)
}

/// The letters of a code, however it was typed; `None` if it is none.
pub(super) fn parsed(typed: &str) -> Option<String> {
    letters::parsed(LETTERS, typed).or_else(|| letters::parsed(EARLIER, typed))
}

/// What is stored of the code with these `letters`: its hash, which differs from one account to another.
pub(super) fn hash(account: Uuid, letters: &str) -> Vec<u8> {
    Sha256::new().chain_update(account).chain_update(letters).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_code_is_stored_differently_for_each_account() {
        let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(hash(ada, "0000"), hash(ada, "0000"));
        assert_ne!(hash(ada, "0000"), hash(bob, "0000"));
    }

    #[test]
    fn a_code_has_enough_bits_for_a_plain_hash_and_one_of_an_earlier_version_is_read() {
        let code = generate().unwrap();
        assert_eq!((code.len(), parsed(&code)), (29, Some(code.replace('-', ""))));
        const { assert!(LETTERS * 5 >= 112) };
        assert_eq!(parsed("AB12-cd34 ef56gh78").as_deref(), Some("ab12cd34ef56gh78"));
        for other in ["ab12-cd34", "ab12-cd34-ef56-gh78-jk90", &format!("{code}0")] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }
}
