//! Recovery codes: 80 random bits in four groups of letters and digits.

use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::http::problem::Problem;

/// Without letters and digits that look alike (Crockford's Base32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many letters a code has: too many to be found from its hash.
const LETTERS: usize = 16;
/// How many letters stand together.
const GROUP: usize = 4;

/// A new code, as it is shown.
///
/// # Errors
/// [`Problem::Internal`] if the operating system has no randomness.
pub(super) fn generate() -> Result<String, Problem> {
    let mut bytes = [0; LETTERS];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    let letters: Vec<_> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// The letters of a code, however it was typed; `None` if it is none.
pub(super) fn parsed(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    let plain: String = letters.take(LETTERS + 1).map(plain).collect();
    (plain.len() == LETTERS && plain.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(plain)
}

/// What a letter that looks like another stands for.
fn plain(letter: char) -> char {
    match letter.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        letter => letter,
    }
}

/// What is stored of the code with these `letters`: its hash, which differs from one account to another.
pub(super) fn hash(account: Uuid, letters: &str) -> Vec<u8> {
    Sha256::new().chain_update(account).chain_update(letters).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = generate().unwrap();
        assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
        let letters = code.replace('-', "");
        for typed in [code.clone(), code.to_uppercase(), letters.clone(), format!(" {} ", code.replace('-', " "))] {
            assert_eq!(parsed(&typed), Some(letters.clone()), "{typed:?}");
        }
        assert_eq!(parsed("OIL0-oil0-0000-0000"), Some("0110011000000000".into()));
        for typed in ["", &code[1..], &format!("{code}0"), "uuuu-uuuu-uuuu-uuuu", "éééé-éééé-éééé-éééé", "1234"]
        {
            assert_eq!(parsed(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn the_same_code_is_stored_differently_for_each_account() {
        let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(hash(ada, "0000"), hash(ada, "0000"));
        assert_ne!(hash(ada, "0000"), hash(bob, "0000"));
        assert_ne!(generate().unwrap(), generate().unwrap());
    }
}
