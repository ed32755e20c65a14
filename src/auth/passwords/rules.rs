//! The rules for choosing a password.

use secrecy::{ExposeSecret, SecretString};
use zxcvbn::{
    Entropy,
    feedback::{Feedback, Warning},
    zxcvbn,
};

use super::{PasswordStrength, SHORTEST, breached::BreachedPasswords, normalize};
use crate::http::problem::{FieldCode, FieldError};

/// Passwords that became common after zxcvbn's list was made.
const COMMON_SINCE: [&str; 19] = [
    "admin1234",
    "admin12345",
    "changeme123",
    "contraseña",
    "correcthorsebatterystaple",
    "facebook1",
    "fortnite",
    "guest123",
    "login123",
    "passwort1",
    "spring2025",
    "spring2026",
    "summer2024",
    "summer2025",
    "summer2026",
    "user1234",
    "winter2024",
    "winter2025",
    "winter2026",
];

/// The length of the longest entry in zxcvbn's list of the 30,000 most common passwords (Mark Burnett's ten million).
/// More than 11,000 of them have 8 characters or more; ASVS 6.2.4 asks for at least 3,000.
const LONGEST_COMMON: usize = 20;

/// The most guesses for an entry of that list: one for each entry before it, and one more, as zxcvbn counts. An entry
/// that is also a pattern, such as a row of keys, takes no more.
const GUESSES_OF_COMMON: u64 = 30_001;

const COMMON: &str = "This is one of the most common passwords. Choose another.";

const BREACHED: &str = "This password is in a list of passwords that were stolen from other sites. Choose another one.";

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

/// Why a password is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// For the person who chose it.
    pub message: String,
    code: FieldCode,
}

impl Rejection {
    fn new(code: FieldCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }
}

/// What is found out about a password.
#[derive(Debug)]
pub(crate) struct Rating {
    /// The zxcvbn score, from 0 to 4.
    pub(crate) score: u8,
    /// Why it is rejected; `None` if it is accepted.
    pub(crate) rejection: Option<Rejection>,
    /// How to make it stronger.
    pub(crate) feedback: String,
}

impl From<Rating> for PasswordStrength {
    fn from(Rating { score, rejection, feedback }: Rating) -> Self {
        Self { score, rejection: rejection.map(|rejection| rejection.message), feedback }
    }
}

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
pub(crate) fn quick_rejection(password: &SecretString, context: &PasswordContext) -> Option<Rejection> {
    let normalized = normalized(password);
    let password = normalized.expose_secret();
    let length = password.chars().count();
    if length < SHORTEST {
        let message = "Use at least 8 characters; 15 or more is better. A few words in a row make a good password.";
        let code = if length == 0 { FieldCode::Required } else { FieldCode::TooShort };
        return Some(Rejection::new(code, message));
    }
    if length > LONGEST {
        return Some(Rejection::new(FieldCode::TooLong, "Use at most 128 characters."));
    }
    let lower = password.to_lowercase();
    if COMMON_SINCE.contains(&lower.as_str()) {
        return Some(Rejection::new(FieldCode::Weak, COMMON));
    }
    let bare = lower.trim_matches(|c: char| c.is_ascii_digit());
    let message = "This is easy to guess from your email address, your name or the site name. Choose another.";
    let known = context.0.iter().any(|word| *word == lower || word == bare);
    known.then(|| Rejection::new(FieldCode::Weak, message))
}

/// `rejection` of `password`, as the error of `field`.
pub fn password_error(field: &str, password: &SecretString, rejection: Rejection) -> FieldError {
    let Rejection { message, code } = rejection;
    let length = normalized(password).expose_secret().chars().count();
    match code {
        FieldCode::TooLong => FieldError::too_long(field, message, LONGEST, length),
        FieldCode::TooShort => {
            FieldError::new(field, message).code(code).param("min", SHORTEST).param("actual", length)
        }
        code => FieldError::new(field, message).code(code),
    }
}

/// Rates `password`. Any characters are allowed and none is required (S24); those that are known from breaches are
/// rejected (S79).
pub(crate) fn rate(password: &SecretString, context: &PasswordContext, breached: Option<&BreachedPasswords>) -> Rating {
    let rejected = |rejection| Rating { score: 0, rejection: Some(rejection), feedback: String::new() };
    if let Some(rejection) = quick_rejection(password, context) {
        return rejected(rejection);
    }
    if breached.is_some_and(|breached| breached.contains(password.expose_secret())) {
        return rejected(Rejection::new(FieldCode::Breached, BREACHED));
    }
    let normalized = normalized(password);
    let beginning = beginning(normalized.expose_secret());
    let beginning = beginning.expose_secret();
    let words: Vec<_> = context.0.iter().map(String::as_str).collect();
    let found = zxcvbn(beginning, &words);
    // Capitals do not make a common password another one.
    let lower = SecretString::from(beginning.to_lowercase());
    let may_be_common = beginning == normalized.expose_secret() && beginning.chars().count() <= LONGEST_COMMON;
    let lower = (may_be_common && lower.expose_secret() != beginning).then(|| zxcvbn(lower.expose_secret(), &[]));
    let lower = lower.as_ref().unwrap_or(&found);
    if is_common(lower) {
        return rejected(Rejection::new(FieldCode::Weak, COMMON));
    }
    let easy = lower.guesses() <= GUESSES_OF_COMMON;
    let (score, found) = if easy { (u8::from(lower.score()), lower) } else { (u8::from(found.score()), &found) };
    let feedback = found.feedback().map(ToString::to_string).unwrap_or_default().trim_end().to_owned();
    let message = || format!("This is too easy to guess. {feedback}").trim_end().to_owned();
    let rejection = (score <= WEAK).then(|| Rejection::new(FieldCode::Weak, message()));
    Rating { score, rejection, feedback }
}

/// Whether the whole password is an entry of zxcvbn's list of passwords.
fn is_common(found: &Entropy) -> bool {
    use Warning::{ThisIsACommonPassword, ThisIsATop10Password, ThisIsATop100Password};
    let warning = found.feedback().and_then(Feedback::warning);
    matches!(warning, Some(ThisIsATop10Password | ThisIsATop100Password | ThisIsACommonPassword))
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
        rate(&password.into(), &PasswordContext::new("ada.lovelace@example.org", "Ada Lovelace"), None).into()
    }

    #[test]
    fn the_most_common_are_refused() {
        for common in ["password", "Password1", "12345678", "QWERTYUIOP", "iloveyou1", "trustno1", "summer2025"] {
            assert!(of(common).rejection.is_some_and(|text| text.contains("most common")), "{common:?}");
        }
        for common in COMMON_SINCE {
            assert!(common.chars().count() >= SHORTEST && common.to_lowercase() == common, "{common}");
            assert!(of(&common.to_uppercase()).rejection.is_some_and(|text| text.contains("most common")), "{common}");
        }
    }

    #[test]
    fn the_whole_list_is_refused_in_any_case() {
        // From the end of zxcvbn's list. Without the list, capitals would save all of them.
        for rare in
            ["berliner", "boondock", "doma77ns", "fightclu", "harrypot", "lost4815162342", "rottweil", "vonnegut"]
        {
            let mixed: String =
                rare.chars().enumerate().map(|(n, c)| if n % 2 == 0 { c } else { c.to_ascii_uppercase() }).collect();
            for common in [rare, &rare.to_uppercase(), &mixed] {
                let rejection = of(common).rejection.unwrap_or_default();
                assert!(rejection.contains("common") || rejection.contains("too easy"), "{common}: {rejection}");
            }
        }
        assert_eq!(of("berliner boondock").rejection, None);
    }

    #[test]
    fn breached_ones_are_refused_before_anything_is_said_about_their_strength() {
        use crate::{auth::passwords::breached, settings::Passwords};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        let list = b"aaaaaaaaaaaa\nan umbrella nobody guesses".as_slice();
        let learned = breached::learn(list, breached::Format::Plain, 10, |_| {}).unwrap();
        learned.write(&path, "2026-11-28T12:00:00Z".parse().unwrap()).unwrap();
        let settings = Passwords { breached: path.display().to_string(), ..Passwords::default() };
        let breached = BreachedPasswords::open(&settings).unwrap();
        let rated = |password: &str| rate(&password.into(), &PasswordContext::default(), breached.as_ref());
        for password in ["aaaaaaaaaaaa", "an umbrella nobody guesses"] {
            let rejection = rated(password).rejection.unwrap();
            let error = password_error("password", &password.into(), rejection);
            assert_eq!((&*error.code, error.message.as_str()), ("breached", BREACHED));
        }
        assert_eq!(rated("an umbrella Nobody guesses").rejection, None);
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
