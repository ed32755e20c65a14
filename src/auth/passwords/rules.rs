//! The rules for choosing a password.

use zxcvbn::zxcvbn;

use super::{SHORTEST, Verdict, normalize};

/// Chosen so often that they are tried first, one per line. The most common of at least 8 characters in zxcvbn's list,
/// which is Mark Burnett's of ten million, the most common first (ASVS 6.2.4 wants 3000), and some that came up since.
const COMMON: &str = include_str!("common.txt");

/// The longest, in characters (ASVS 6.2.9).
const LONGEST: usize = 128;

/// Scores up to this are refused: less than a million guesses, which a stolen hash does not outlast by an hour.
const WEAK: u8 = 1;

/// zxcvbn takes time by the square of the length, and what begins with so many good characters is good.
const JUDGED: usize = 64;

/// It also tries every reading of characters that stand for letters. Whatever it reads for one letter, as in its table:
const READINGS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// How many readings times the square of the length it may take: a few hundredths of a second.
const WORK: usize = 8 * JUDGED * JUDGED;

const SITE: &str = "vestibule";

/// What somebody who knows the person would try.
#[derive(Clone, Debug, Default)]
pub struct About(Vec<String>);

impl About {
    /// Whose password it is to be. Either may be empty.
    pub fn new(email: &str, name: &str) -> Self {
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        let words = [email, local, domain, name, SITE].into_iter().chain(name.split_whitespace());
        let short = |word: &str| word.chars().take(JUDGED).collect::<String>().to_lowercase();
        Self(words.filter(|word| !word.is_empty()).take(10).map(short).collect())
    }
}

/// Why `password` is refused, if that takes no more than a look (S24).
pub(crate) fn objection_at_sight(password: &str, about: &About) -> Option<String> {
    let password = &normalize(password);
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
        return Some("This is one of the most common passwords, so it is tried first. Choose another.".into());
    }
    let bare = lower.trim_matches(|c: char| c.is_ascii_digit());
    about
        .0
        .iter()
        .any(|word| *word == lower || word == bare)
        .then(|| "This is easy to guess from your address, your name or the name of this site. Choose another.".into())
}

/// What there is to say of `password`. Any characters will do and none is demanded (S24).
pub(crate) fn verdict(password: &str, about: &About) -> Verdict {
    if let Some(objection) = objection_at_sight(password, about) {
        return Verdict { score: 0, objection: Some(objection), advice: String::new() };
    }
    let beginning = beginning(&normalize(password));
    let words: Vec<_> = about.0.iter().map(String::as_str).collect();
    let found = zxcvbn(&beginning, &words);
    let score = u8::from(found.score());
    let advice = found.feedback().map(ToString::to_string).unwrap_or_default().trim_end().to_owned();
    let objection = (score <= WEAK).then(|| format!("This is too easy to guess. {advice}").trim_end().to_owned());
    Verdict { score, objection, advice }
}

/// As much of `password` as may be judged in bounded time.
fn beginning(password: &str) -> String {
    let all: Vec<char> = password.chars().take(JUDGED).collect();
    let is_affordable = |length: &usize| {
        let some = &all[..*length];
        let readings = READINGS.iter().map(|of_one| of_one.chars().filter(|c| some.contains(c)).count().max(1));
        readings.product::<usize>() * length * length <= WORK
    };
    let length = (0..=all.len()).rev().find(is_affordable).unwrap_or_default();
    all[..length].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(password: &str) -> Verdict {
        verdict(password, &About::new("ada.lovelace@example.org", "Ada Lovelace"))
    }

    #[test]
    fn the_most_common_are_refused() {
        let known: std::collections::HashSet<_> = COMMON.lines().collect();
        assert!(known.len() >= 3000, "{}", known.len());
        assert!(known.iter().all(|word| word.chars().count() >= 8 && *word == word.to_lowercase()));
        for common in ["password", "Password1", "12345678", "QWERTYUIOP", "iloveyou1", "trustno1", "summer2025"] {
            assert!(of(common).objection.is_some_and(|text| text.contains("most common")), "{common:?}");
        }
    }

    #[test]
    fn short_long_and_obvious_ones_are_refused() {
        for bad in
            ["", "short", "1234567", "vestibule", "Vestibule1", "ada.lovelace@example.org", "AdaLovelace", "lovelace99"]
        {
            assert!(of(bad).objection.is_some(), "{bad:?}");
        }
        assert!(of(&"x".repeat(129)).objection.is_some_and(|text| text.contains("128")));
    }

    #[test]
    fn what_is_found_in_a_million_guesses_is_refused_and_the_advice_says_why() {
        for weak in
            ["aaaaaaaaaaaa", "abcdefghijklm", "P@ssw0rd!", "qwertyuiop[]", "19840101", "monkeymonkey", &"é".repeat(128)]
        {
            let verdict = of(weak);
            let text = verdict.objection.unwrap_or_default();
            assert!(text.contains("guess") || text.contains("common"), "{weak:?}: {text}");
            assert!(verdict.score <= 1, "{weak:?}");
        }
        assert!(of("aaaaaaaaaaaa").advice.contains("Repeats"));
    }

    #[test]
    fn what_would_take_long_is_judged_by_less() {
        let readings = "4@8({[<63#9!1|7$50+%2z";
        let begun = beginning(&readings.repeat(5)).chars().count();
        assert!((12..=22).contains(&begun), "{begun}");
        assert_eq!(of(&readings.repeat(5)).objection, None);
        for usual in ["p4$$w0rd|7!1 and some more", &"long words in a row ".repeat(6), "kT9#vQ2x!mB4$zL7@wR1"] {
            assert_eq!(beginning(usual).chars().count(), usual.chars().count().min(JUDGED), "{usual}");
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
            "the quick brown fox jumps over the lazy dog and then goes home to sleep under the old apple tree until morning",
        ] {
            assert_eq!(of(good).objection, None, "{good:?}");
        }
        // What counts is what people see.
        assert_eq!(of("la mer e\u{301}tait").score, of("la mer était").score);
        assert!(of(&"e\u{301}".repeat(7)).objection.is_some_and(|text| text.contains("at least 8")));
        let long: String = (0..128_u32).filter_map(|n| char::from_u32(33 + (n * n * 37 + n * 11) % 94)).collect();
        assert_eq!(long.chars().count(), 128);
        assert_eq!(of(&long).objection, None);
    }
}
