//! The list of notes without their bodies.

use serde_json::{Value, json};

use super::{list, path_of, titles, write};
use crate::support::{Door, TestApp, members, on_both_databases};

on_both_databases! {
    a_summary_has_everything_but_the_body,
    a_page_of_summaries_is_never_short,
    summaries_are_searched_and_paged_like_notes,
    a_list_of_summaries_that_is_known_is_304,
}

async fn a_summary_has_everything_but_the_body(app: TestApp) {
    let ada = app.person("ada").await;
    let (long, letters) = ("é".repeat(161), "👩".repeat(20_000));
    for (body, excerpt) in [("", ""), ("short\n", "short\n"), (&long, &long[..320]), (&letters, &letters[..640])] {
        let note = ada.note("a", body).await;
        for door in ada.doors() {
            let page = door.get("/notes/summaries?limit=1").await.assert_status(200).json();
            assert_eq!(members(&page), ["items", "next_cursor", "total"]);
            let mut summary = page["items"][0].clone();
            assert_eq!(summary["excerpt"], excerpt);
            summary.as_object_mut().unwrap().remove("excerpt");
            let mut rest = note.clone();
            rest.as_object_mut().unwrap().remove("body");
            assert_eq!(summary, rest);
        }
    }
}

async fn a_page_of_summaries_is_never_short(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..30 {
        ada.note(&number.to_string(), &"\u{1}".repeat(20_000)).await;
    }
    for door in ada.doors() {
        assert!(list(door, "?limit=100").await["items"].as_array().unwrap().len() < 30);
        let page = door.get("/notes/summaries?limit=100").await;
        assert!(page.assert_status(200).body.len() < 100_000);
        let expected: Vec<_> = (0..30).rev().map(|number| number.to_string()).collect();
        assert_eq!((titles(&page.json()), &page.json()["next_cursor"]), (expected, &Value::Null));
    }
}

async fn summaries_are_searched_and_paged_like_notes(app: TestApp) {
    let ada = app.person("ada").await;
    write(&ada, &["a 1", "b", "a 2"]).await;
    // The search looks at the whole body.
    ada.note("c", &format!("{}a needle", "x".repeat(10_000))).await;
    for door in ada.doors() {
        for query in ["", "q=a", "q=NEEDLE", "sort=-updated_at", "sort=updated_at&q=a", "limit=1", "limit=0", "sort=x"]
        {
            let (mut cursor, mut at_most) = (String::new(), 9);
            loop {
                let of = |path: &str| door.get(&format!("{path}?{query}&cursor={cursor}"));
                let (notes, summaries) = (of("/notes").await, of("/notes/summaries").await);
                assert_eq!(notes.status, summaries.status, "{query}");
                if notes.status != 200 {
                    break;
                }
                let (notes, summaries) = (notes.json(), summaries.json());
                assert_eq!(titles(&notes), titles(&summaries), "{query}");
                assert_eq!(notes["next_cursor"], summaries["next_cursor"], "{query}");
                at_most -= 1;
                let Some(next) = notes["next_cursor"].as_str().filter(|_| at_most > 0) else { break };
                cursor = next.to_owned();
            }
        }
    }
}

async fn a_list_of_summaries_that_is_known_is_304(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note("a", "b").await;
    for door in ada.doors() {
        let tag = door.get("/notes/summaries").await.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        door.get("/notes/summaries").header("if-none-match", &tag).await.assert_status(304);
        ada.client.patch(&path_of(&note), json!({"body": door.mount()})).await.assert_status(200);
        door.get("/notes/summaries").header("if-none-match", &tag).await.assert_status(200);
    }
}
