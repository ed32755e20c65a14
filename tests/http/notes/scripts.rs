//! Search finds the same on both databases, in every script: what the definition says.

use proptest::{
    strategy::{Strategy, ValueTree},
    string::string_regex,
    test_runner::TestRunner,
};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::support::{Door, TestApp, on_both_databases};

on_both_databases! {
    what_is_found_is_what_the_definition_says,
    words_are_found_in_every_script,
}

/// Letters that are one in another case or composition, and signs that mean something to a database.
const LETTERS: [&str; 11] = [
    "uUüÜ\u{308}",
    "sSßẞſ",
    "iIıİ\u{307}",
    "σςΣοΟό\u{301}",
    "еЕёЁйЙ\u{306}",
    "اآأ\u{653}\u{64b}ب",
    "漢字語がか\u{3099}",
    "한글하\u{1112}\u{1161}\u{11ab}",
    "\u{995}\u{9cb}\u{9c7}\u{9be}\u{9be}\u{9c7}",
    "👩💻\u{200d}\u{fe0f}😀",
    "%_'\"*",
];

fn sample(runner: &mut TestRunner, pattern: &str) -> String {
    string_regex(pattern).unwrap().new_tree(runner).unwrap().current()
}

/// Without case and composition.
fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// The ids of the notes that a search finds.
async fn found(door: &dyn Door, q: &str) -> Vec<Value> {
    let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let list = door.get(&format!("/notes?limit=100&q={q}")).await.assert_status(200).json();
    assert_eq!(list["next_cursor"], Value::Null);
    list["items"].as_array().unwrap().iter().map(|note| note["id"].clone()).collect()
}

async fn what_is_found_is_what_the_definition_says(app: TestApp) {
    let (ada, mut runner) = (app.person("ada").await, TestRunner::deterministic());
    let mut notes = Vec::new();
    for letters in LETTERS.iter().cycle().take(88) {
        let title = sample(&mut runner, &format!("t[{letters}]{{0,5}}"));
        let body = sample(&mut runner, &format!("[{letters} ]{{0,12}}"));
        let note = ada.note(&title, &body).await;
        notes.insert(0, (note["id"].clone(), folded(&title), folded(&body)));
    }
    let (mut hits, mut misses) = (0, 0);
    for letters in LETTERS.iter().cycle().take(220) {
        let q = sample(&mut runner, &format!("[{letters}][{letters} ]{{0,2}}"));
        let q = q.trim();
        let folded = folded(q);
        let expected = notes.iter().filter(|(_, title, body)| title.contains(&folded) || body.contains(&folded));
        let expected: Vec<_> = expected.map(|(id, ..)| id.clone()).collect();
        assert_eq!(found(&ada.client, q).await, expected, "{q:?}");
        *(if expected.is_empty() { &mut misses } else { &mut hits }) += 1;
    }
    assert!(hits > 10 && misses > 10, "{hits} were found, {misses} were not");
}

async fn words_are_found_in_every_script(app: TestApp) {
    let ada = app.person("ada").await;
    for (text, finds, not) in [
        ("Übung macht den Meister", vec!["übung", "ÜBUNG", "u\u{308}b", "ü"], vec!["ubung", "uebung"]),
        ("Straße", vec!["STRASSE", "strasse", "ss", "ẞ", "aß"], vec!["strase"]),
        ("İstanbul, ısı", vec!["i\u{307}stanbul", "İSTANBUL", "ISI"], vec!["istanbul"]),
        ("Ὀδυσσεύς ΣΊΣΥΦΟΣ", vec!["ὈΔΥΣΣΕΎΣ", "σίσυφος", "σίσυφοσ", "ΦΟΣ"], vec!["σισυφος"]),
        ("Ёлка и ещё", vec!["ёлка", "ЁЛКА", "Е\u{308}", "щё"], vec!["елка"]),
        ("مُدَرِّسَة قرآن", vec!["قرآن", "قرا\u{653}ن", "مُدَ", "آ"], vec!["قران"]),
        ("東京都の漢字", vec!["東京", "漢字", "京都", "の", "東"], vec!["京東"]),
        ("ﾃｽﾄ がくせい", vec!["がく", "か\u{3099}く", "ﾃｽﾄ"], vec!["かく", "テスト"]),
        ("한국어 글", vec!["한국", "\u{1112}\u{1161}\u{11ab}", "어", "글"], vec!["하"]),
        ("नमस्ते दुनिया", vec!["नमस्ते", "दुनि", "स्"], vec!["नमसते"]),
        ("สวัสดีครับ", vec!["สวัสดี", "ดี"], vec!["สวสดี"]),
        ("👩\u{200d}💻 at 100% 'off'", vec!["👩\u{200d}💻", "💻", "0%", "'OFF'"], vec!["👨", "0_", "100% \"off"]),
    ] {
        let id = vec![ada.note("t", text).await["id"].clone()];
        for q in finds {
            for door in ada.doors() {
                assert_eq!(found(door, q).await, id, "{q:?}");
            }
        }
        for q in not {
            assert!(found(&ada.client, q).await.is_empty(), "{q:?}");
        }
    }
}
