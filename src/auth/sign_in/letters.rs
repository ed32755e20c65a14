//! Codes that people type: random letters and digits in groups, without those that look alike (Crockford's Base32).

use rand::{TryRngCore, rngs::OsRng};

use crate::http::problem::Problem;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many letters stand together.
const GROUP: usize = 4;

/// `letters` random letters of five bits each, in groups of four.
///
/// # Errors
/// [`Problem::Internal`] if the operating system has no randomness.
pub fn generate(letters: usize) -> Result<String, Problem> {
    let mut bytes = vec![0; letters];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    let letters: Vec<_> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// The letters of a code that has so many `letters`, however it was typed; `None` if it is none.
pub fn parsed(letters: usize, typed: &str) -> Option<String> {
    let typed = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    let plain: String = typed.take(letters + 1).map(plain).collect();
    (plain.len() == letters && plain.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(plain)
}

/// What a letter that looks like another stands for.
fn plain(letter: char) -> char {
    match letter.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for (length, groups) in [(16, 4), (8, 2)] {
            let code = generate(length).unwrap();
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), vec![4; groups]);
            let letters = code.replace('-', "");
            for typed in [code.clone(), code.to_uppercase(), letters.clone(), format!(" {} ", code.replace('-', " "))] {
                assert_eq!(parsed(length, &typed), Some(letters.clone()), "{typed:?}");
            }
            for typed in ["", &code[1..], &format!("{code}0"), &"u".repeat(length), &"é".repeat(length), "1234"] {
                assert_eq!(parsed(length, typed), None, "{typed:?}");
            }
            assert_ne!(generate(length).unwrap(), code);
        }
        assert_eq!(parsed(16, "OIL0-oil0-0000-0000"), Some("0110011000000000".into()));
    }
}
