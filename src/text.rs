//! Unicode rules for text that people type: normalization, case folding, and characters that cannot be seen.

pub mod email_address;
pub mod folding;
pub mod hex;

use std::{borrow::Cow, ops::RangeInclusive};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Characters that are not visible: `Default_Ignorable_Code_Point` of Unicode 16, and the blank Braille pattern.
pub const INVISIBLE: [RangeInclusive<char>; 18] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether `c` is not visible: white space, or a character that fonts draw nothing for.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace() || INVISIBLE.iter().any(|range| range.contains(&c))
}

/// Whether `text` has no visible character (UTS 39).
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether `text` changes the direction of the text around it, by the embeddings, overrides and isolates of UAX 9. With
/// them, one name can look like another. The marks that Hebrew and Arabic names need are not among them.
pub fn turns_direction(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// `text` in NFC, so that a character compares equal however the keyboard composed it.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// `text` with a full stop, unless it ends a sentence already, such as a question.
pub fn sentence(text: &str) -> Cow<'_, str> {
    if text.ends_with(['.', '?', '!']) { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for blank in ["", " \t\n", "\u{200b}", "\u{3164}\u{2800}", "\u{feff}\u{202e} \u{ad}", "\u{e0041}", "\u{fe0f}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in ["a", "\u{200b}a", "م", "👩\u{200d}💻", "é", "."] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn a_sentence_ends_once() {
        for (text, ended) in [("Done", "Done."), ("Done.", "Done."), ("did you mean x?", "did you mean x?")] {
            assert_eq!(sentence(text), ended);
        }
    }

    #[test]
    fn names_keep_the_marks_their_scripts_need() {
        for fine in ["שרה\u{200f}", "می\u{200c}خواهم", "👨\u{200d}👩\u{200d}👧"] {
            assert!(!turns_direction(fine), "{fine:?}");
        }
        for turning in ["Ada\u{202e}nimda", "\u{2066}Ada", "\u{202a}Ada"] {
            assert!(turns_direction(turning), "{turning:?}");
        }
    }
}
