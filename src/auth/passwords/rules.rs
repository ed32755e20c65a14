//! The rules for choosing a password.

use secrecy::{ExposeSecret, SecretString};
use zxcvbn::zxcvbn;

use super::{PasswordStrength, SHORTEST, normalize};
use crate::http::problem::{FieldCode, FieldError};

/// The most common passwords, one per line: those of at least 8 characters in zxcvbn's list (Mark Burnett's ten million
/// passwords), most common first, plus some that became common since. ASVS 6.2.4 asks for at least 3,000.
const COMMON: &str = include_str!("common.txt");

/// The maximum length, in characters (ASVS 6.2.9).
const LONGEST: usize = 128;

/// The highest score that is rejected: fewer than a million guesses, which takes less than an hour with a stolen hash.
const WEAK: u8 = 1;

/// How many characters zxcvbn looks at. Its time grows with the square of the length, and a password that starts with
/// this many strong characters is strong.
const RATED: usize = 64;

/// zxcvbn also tries every letter a symbol can stand for. Each entry lists the symbols for one letter, as in its table.
const SUBSTITUTIONS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// The limit for the number of substitutions times the square of the length: a few hundredths of a second of work.
const MAX_WORK: usize = 8 * RATED * RATED;

const SITE: &str = "vestibule";

/// What an attacker who knows the person would try: parts of their email address and name, and the site's name.
#[derive(Clone, Debug, Default)]
pub struct PasswordContext(Vec<String>);

impl PasswordContext {
    /// Takes the person's email address and name. Either may be empty.
    pub fn new(email: &str, name: &str) -> Self {
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        let words = [email, local, domain, name, SITE].into_iter().chain(name.split_whitespace());
        let short = |word: &str| word.chars().take(RATED).collect::<String>().to_lowercase();
        Self(words.filter(|word| !word.is_empty()).take(10).map(short).collect())
    }
}

/// Why `password` is rejected, by the checks that cost no noticeable time (S24). `None` if they pass.
pub(crate) fn quick_rejection(password: &SecretString, context: &PasswordContext) -> Option<String> {
    let normalized = normalized(password);
    let password = normalized.expose_secret();
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(
            "Use at least 8 characters; 15 or more is better. A few words in a row make a good password.".into(),
        );
    }
    if length > LONGEST {
        return Some("Use at most 128 characters.".into());
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Some("This is one of the most common passwords. Choose another.".into());
    }
    let bare = lower.trim_matches(|c: char| c.is_ascii_digit());
    context
        .0
        .iter()
        .any(|word| *word == lower || word == bare)
        .then(|| "This is easy to guess from your email address, your name or the site name. Choose another.".into())
}

/// `message`, why `password` is rejected, as the error of `field`.
pub fn password_error(field: &str, password: &SecretString, message: String) -> FieldError {
    let length = normalized(password).expose_secret().chars().count();
    if length > LONGEST {
        return FieldError::too_long(field, message, LONGEST, length);
    }
    let error = FieldError::new(field, message);
    if length == 0 {
        error.code(FieldCode::Required)
    } else if length < SHORTEST {
        error.code(FieldCode::TooShort).param("min", SHORTEST).param("actual", length)
    } else {
        error.code(FieldCode::Weak)
    }
}

/// Rates `password`. Any characters are allowed and none is required (S24).
pub(crate) fn strength(password: &SecretString, context: &PasswordContext) -> PasswordStrength {
    if let Some(rejection) = quick_rejection(password, context) {
        return PasswordStrength { score: 0, rejection: Some(rejection), feedback: String::new() };
    }
    let beginning = beginning(normalized(password).expose_secret());
    let words: Vec<_> = context.0.iter().map(String::as_str).collect();
    let found = zxcvbn(beginning.expose_secret(), &words);
    let score = u8::from(found.score());
    let feedback = found.feedback().map(ToString::to_string).unwrap_or_default().trim_end().to_owned();
    let rejection = (score <= WEAK).then(|| format!("This is too easy to guess. {feedback}").trim_end().to_owned());
    PasswordStrength { score, rejection, feedback }
}

fn normalized(password: &SecretString) -> SecretString {
    normalize(password.expose_secret()).into()
}

/// As much of the start of `password` as can be rated in bounded time.
fn beginning(password: &str) -> SecretString {
    let all: Vec<char> = password.chars().take(RATED).collect();
    let is_affordable = |length: &usize| {
        let some = &all[..*length];
        let readings = SUBSTITUTIONS.iter().map(|of_one| of_one.chars().filter(|c| some.contains(c)).count().max(1));
        readings.product::<usize>() * length * length <= MAX_WORK
    };
    let length = (0..=all.len()).rev().find(is_affordable).unwrap_or_default();
    all[..length].iter().collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(password: &str) -> PasswordStrength {
        strength(&password.into(), &PasswordContext::new("ada.lovelace@example.org", "Ada Lovelace"))
    }

    #[test]
    fn the_most_common_are_refused() {
        let known: std::collections::HashSet<_> = COMMON.lines().collect();
        assert!(known.len() >= 3000, "{}", known.len());
        assert!(known.iter().all(|word| word.chars().count() >= 8 && *word == word.to_lowercase()));
        for common in ["password", "Password1", "12345678", "QWERTYUIOP", "iloveyou1", "trustno1", "summer2025"] {
            assert!(of(common).rejection.is_some_and(|text| text.contains("most common")), "{common:?}");
        }
    }

    #[test]
    fn short_long_and_obvious_ones_are_refused() {
        for bad in
            ["", "short", "1234567", "vestibule", "Vestibule1", "ada.lovelace@example.org", "AdaLovelace", "lovelace99"]
        {
            assert!(of(bad).rejection.is_some(), "{bad:?}");
        }
        assert!(of(&"x".repeat(129)).rejection.is_some_and(|text| text.contains("128")));
    }

    #[test]
    fn what_is_found_in_a_million_guesses_is_refused_and_the_advice_says_why() {
        for weak in
            ["aaaaaaaaaaaa", "abcdefghijklm", "P@ssw0rd!", "qwertyuiop[]", "19840101", "monkeymonkey", &"é".repeat(128)]
        {
            let strength = of(weak);
            let text = strength.rejection.unwrap_or_default();
            assert!(text.contains("guess") || text.contains("common"), "{weak:?}: {text}");
            assert!(strength.score <= 1, "{weak:?}");
        }
        assert!(of("aaaaaaaaaaaa").feedback.contains("Repeats"));
    }

    #[test]
    fn what_would_take_long_is_judged_by_less() {
        let readings = "4@8({[<63#9!1|7$50+%2z";
        let begun = beginning(&readings.repeat(5)).expose_secret().chars().count();
        assert!((12..=22).contains(&begun), "{begun}");
        assert_eq!(of(&readings.repeat(5)).rejection, None);
        for usual in ["p4$$w0rd|7!1 and some more", &"long words in a row ".repeat(6), "kT9#vQ2x!mB4$zL7@wR1"] {
            assert_eq!(beginning(usual).expose_secret().chars().count(), usual.chars().count().min(RATED), "{usual}");
        }
    }

    #[test]
    fn any_kind_of_character_will_do_and_long_ones_pass() {
        for good in [
            "correct horse battery",
            "three quiet words",
            "дом у реки",
            "夜の静かな図書館",
            "        ä b c",
            "kT9#vQ2x",
            "the quick brown fox jumps over the lazy dog and then goes home to sleep under the old apple tree",
        ] {
            assert_eq!(of(good).rejection, None, "{good:?}");
        }
        // Composed and decomposed characters count the same.
        assert_eq!(of("la mer e\u{301}tait").score, of("la mer était").score);
        assert!(of(&"e\u{301}".repeat(7)).rejection.is_some_and(|text| text.contains("at least 8")));
        let long: String = (0..128_u32).filter_map(|n| char::from_u32(33 + (n * n * 37 + n * 11) % 94)).collect();
        assert_eq!(long.chars().count(), 128);
        assert_eq!(of(&long).rejection, None);
    }
}
