//! Unicode normalization of passwords, so that the same password typed on another device still matches (S75).

use crate::text::nfc;

/// Returns `password` in the form that is hashed and checked: the `OpaqueString` profile of RFC 8265 section 4.2. Every
/// Unicode space becomes an ASCII space and characters are composed (NFC). Nothing else changes, including case.
pub fn normalize(password: &str) -> String {
    let space = |c| {
        if matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}') {
            ' '
        } else {
            c
        }
    };
    nfc(&password.chars().map(space).collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn one_password_has_one_form() {
        for (typed, one) in [
            ("e\u{301}te\u{301} à la mer", "été à la mer"),
            ("correct\u{a0}horse\u{3000}battery", "correct horse battery"),
            (" Case And  Blanks stay ", " Case And  Blanks stay "),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("\u{212b}", "Å"),
            ("ﬁ", "ﬁ"),
            ("", ""),
        ] {
            assert_eq!(normalize(typed), one, "{typed:?}");
            assert_eq!(normalize(one), one);
        }
    }
}
