//! Comparing text for searching: without case, in every script, however it was composed.

use std::sync::LazyLock;

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::canonical_combining_class, is_nfc_quick};

/// How many code points [`SIMPLE`] has: the planes of all living scripts, and of emoji.
const PLANES: u32 = 0x2_0000;

/// By code point, what a simple character becomes, and NUL for the others. Simple is what becomes one character and
/// composes with nothing before it, folded or not, so it can be folded alone. The table takes 512 KB, and makes folding
/// text that is not in ASCII several times as fast.
static SIMPLE: LazyLock<Vec<char>> = LazyLock::new(|| {
    let composes = |c| canonical_combining_class(c) != 0 || is_nfc_quick([c].into_iter()) != IsNormalized::Yes;
    let simple = |c| {
        let mut folds = without_case(c);
        let fold = folds.next().filter(|fold| !composes(c) && !composes(*fold));
        fold.filter(|_| folds.next().is_none()).unwrap_or_default()
    };
    (0..PLANES).map(|point| char::from_u32(point).map_or('\0', simple)).collect()
});

/// The character's lower case, mapped to upper case, mapped to lower case.
fn without_case(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// `text` for searching: without case, in every script, and in NFC.
///
/// Each character is mapped to lower, upper and lower case. This differs from Unicode's full case folding only in that
/// the dotless ı becomes i and that Cherokee is in lower case, and needs only the tables of the standard library.
pub fn folded(text: &str) -> String {
    let mut folded = String::new();
    fold(text, &mut folded);
    folded
}

/// Puts [`folded`] of `text` into `folded`, in linear time.
///
/// What lies between two simple characters is folded together with the first of them, by the definition. Nothing
/// composes across the border before a simple character.
fn fold(text: &str, folded: &mut String) {
    folded.clear();
    if text.is_ascii() {
        folded.push_str(text);
        folded.make_ascii_lowercase();
        return;
    }
    let table = &**SIMPLE;
    let simple = |c: char| table.get(c as usize).copied().filter(|fold| *fold != '\0');
    folded.reserve(text.len());
    let mut chars = text.char_indices();
    // Where the last simple character begins, and up to where everything was taken over.
    let (mut last, mut taken) = (0, 0);
    while let Some((at, c)) = chars.next() {
        if let Some(fold) = simple(c) {
            if fold != c {
                folded.push_str(&text[taken..at]);
                folded.push(fold);
                taken = at + c.len_utf8();
            }
            last = at;
            continue;
        }
        let end = loop {
            let ahead = chars.clone();
            match chars.next() {
                None => break text.len(),
                Some((at, c)) if simple(c).is_some() => {
                    chars = ahead;
                    break at;
                }
                Some(_) => {}
            }
        };
        if last < taken {
            folded.pop();
        } else {
            folded.push_str(&text[taken..last]);
        }
        folded.extend(text[last..end].nfc().flat_map(without_case).nfc());
        (last, taken) = (end, end);
    }
    folded.push_str(&text[taken..]);
}

/// What is searched for. Texts contain it regardless of case and composition, see [`folded`].
#[derive(Clone, Debug)]
pub struct Term {
    folded: String,
    /// The folded text, kept for its memory.
    text: String,
}

impl Term {
    /// The term that a person typed.
    pub fn new(typed: &str) -> Self {
        Self { folded: folded(typed), text: String::new() }
    }

    /// Whether `text` contains it.
    pub fn is_in(&mut self, text: &str) -> bool {
        fold(text, &mut self.text);
        self.text.contains(&self.folded)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition.
    fn by_definition(text: &str) -> String {
        text.nfc().flat_map(without_case).nfc().collect()
    }

    #[test]
    fn every_character_is_folded_by_the_definition_alone_and_among_others() {
        // Compatibility ideographs are the only ones above that change.
        for c in ('\0'..=char::from_u32(PLANES).unwrap()).chain('\u{2f800}'..='\u{2fa1f}') {
            for text in [c.to_string(), format!("É{c}o{c}\u{323}\u{301}\u{1100}{c}")] {
                assert_eq!(folded(&text), by_definition(&text), "{text:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn texts_are_folded_by_the_definition(
            // Latin, Greek and Cyrillic with marks; Hangul in parts; Indic and Thai vowels; what Unicode decomposes.
            text in "[a-zA-ZÀ-\u{345}\u{370}-\u{4ff}\u{59a}-\u{65f}\u{900}-\u{9ff}\u{e00}-\u{e4f}\u{1100}-\u{11ff}\
                \u{ac00}-\u{ac20}\u{1e00}-\u{1fff}\u{2126}-\u{212b}\u{f900}-\u{fb20}\u{1d15e}-\u{1d165}👩\u{200d}]{0,24}"
        ) {
            prop_assert_eq!(folded(&text), by_definition(&text));
        }
    }

    #[test]
    fn letters_of_every_script_are_found_in_either_case_and_however_composed() {
        for (one, other) in [
            ("ABC", "abc"),
            ("Übung", "u\u{308}BUNG"),
            ("STRASSE", "straße"),
            ("STRAẞE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("Ёлка", "ёЛКА"),
            ("ԱՅԲ", "այբ"),
            ("ნინო", "ᲜᲘᲜᲝ"),
            ("İ", "i\u{307}"),
            ("Kırmızı", "KIRMIZI"),
            ("آ", "\u{627}\u{653}"),
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("が", "\u{304b}\u{3099}"),
            ("\u{9cb}", "\u{9c7}\u{9be}"),
            ("\u{1c4}", "\u{1c6}"),
            ("\u{212a}elvin", "KELVIN"),
            ("\u{399}\u{308}\u{301}", "\u{390}"),
            ("ﬁn", "FIN"),
            ("𐐀", "𐐨"),
            ("ΑΝΆΛΥΣΗ 👩\u{200d}💻", "ανάλυση 👩\u{200d}💻"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?}");
            assert_eq!(folded(&folded(one)), folded(one), "{one:?}");
        }
        assert_ne!(folded("u"), folded("ü"));
        assert_ne!(folded("が"), folded("か"));
    }

    #[test]
    fn a_term_is_compared_with_one_text_after_the_other() {
        let mut term = Term::new("ÜB");
        let found = ["Ein Stück", "Übung", "", "ueb", "trüb", "u\u{308}b", "üb\u{301}"].map(|text| term.is_in(text));
        assert_eq!(found, [false, true, false, false, true, true, true]);
    }
}
