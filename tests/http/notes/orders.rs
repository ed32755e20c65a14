//! The list of notes in the order of changes, what changed since, and how many there are.

use serde_json::{Value, json};
use time::Duration;

use super::{list, path_of, titles, write};
use crate::support::{Door, Person, TestApp, on_both_databases};

on_both_databases! {
    notes_come_in_the_order_of_their_changes,
    notes_of_one_moment_come_once_each,
    what_changes_while_pages_are_read_is_met_again,
    what_changed_since_a_moment_is_listed,
    a_copy_is_kept_up_to_date,
    an_order_or_a_time_that_cannot_be_read_is_refused,
    a_cursor_is_good_for_its_own_list_only,
    what_is_listed_is_counted,
}

/// Writes them, ten seconds apart.
async fn write_slowly(app: &TestApp, person: &Person, titles: &[&str]) -> Vec<Value> {
    let mut notes = Vec::new();
    for title in titles {
        app.clock.advance(Duration::seconds(10));
        notes.push(person.note(title, "").await);
    }
    app.clock.advance(Duration::seconds(10));
    notes
}

/// The titles of all pages of `limit` notes; `query` is without `?`.
async fn all(door: &dyn Door, query: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(door, &format!("?{query}&limit={limit}&cursor={cursor}")).await;
        seen.extend(titles(&page));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        next.clone_into(&mut cursor);
    }
}

fn updated_at(note: &Value) -> &str {
    note["updated_at"].as_str().unwrap()
}

async fn notes_come_in_the_order_of_their_changes(app: TestApp) {
    let ada = app.person("ada").await;
    let notes = write_slowly(&app, &ada, &["a", "b", "c", "d"]).await;
    ada.client.patch(&path_of(&notes[1]), json!({"body": "changed"})).await.assert_status(200);
    app.clock.advance(Duration::seconds(10));
    // What changes nothing is no change.
    ada.client.patch(&path_of(&notes[0]), json!({"title": "a"})).await.assert_status(200);
    for door in ada.doors() {
        for limit in [1, 2, 3, 100] {
            assert_eq!(all(door, "sort=-updated_at", limit).await, ["b", "d", "c", "a"]);
            assert_eq!(all(door, "sort=updated_at", limit).await, ["a", "c", "d", "b"]);
            assert_eq!(all(door, "sort=-created_at", limit).await, ["d", "c", "b", "a"]);
        }
        assert_eq!(list(door, "?sort=-created_at").await, list(door, "").await);
    }
}

async fn notes_of_one_moment_come_once_each(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.clock.stop();
    let expected: Vec<_> = (0..9).map(|number| number.to_string()).collect();
    for title in &expected {
        ada.note(title, "").await;
        bob.note("Bob's", "").await;
    }
    for door in ada.doors() {
        for sort in ["updated_at", "-updated_at"] {
            for limit in [1, 2, 4, 9, 10] {
                let mut seen = all(door, &format!("sort={sort}"), limit).await;
                seen.sort();
                assert_eq!(seen, expected, "{sort} {limit}");
            }
        }
    }
}

async fn what_changes_while_pages_are_read_is_met_again(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let notes = write_slowly(&app, &ada, &["a", "b", "c", "d"]).await;
        let since = updated_at(&notes[0]);
        let first = list(door, &format!("?updated_since={since}&limit=2")).await;
        assert_eq!(titles(&first), ["a", "b"]);
        for (number, title) in [(0, "a again"), (2, "c again")] {
            app.clock.advance(Duration::seconds(10));
            ada.client.patch(&path_of(&notes[number]), json!({"title": title})).await.assert_status(200);
        }
        ada.client.delete(&path_of(&notes[1])).await.assert_status(204);
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = list(door, &format!("?updated_since={since}&cursor={cursor}")).await;
        assert_eq!(titles(&rest), ["d", "a again", "c again"]);
        for note in [0, 2, 3] {
            ada.client.delete(&path_of(&notes[note])).await.assert_status(204);
        }
    }
}

async fn what_changed_since_a_moment_is_listed(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let notes = write_slowly(&app, &ada, &["a", "b", "c"]).await;
    write_slowly(&app, &bob, &["Bob's"]).await;
    ada.client.patch(&path_of(&notes[0]), json!({"body": "changed"})).await.assert_status(200);
    let changed = ada.client.get(&path_of(&notes[0])).await.json();
    for door in ada.doors() {
        for (since, expected) in [
            // The moment itself counts.
            (updated_at(&notes[1]), &["b", "c", "a"][..]),
            (updated_at(&notes[2]), &["c", "a"]),
            (updated_at(&changed), &["a"]),
            ("2000-01-01T00:00:00Z", &["b", "c", "a"]),
            ("0001-01-01T00:00:00Z", &["b", "c", "a"]),
            ("9999-12-31T23:59:59.999Z", &[]),
        ] {
            for limit in [1, 2, 100] {
                assert_eq!(all(door, &format!("updated_since={since}"), limit).await, expected, "{since}");
                let named = all(door, &format!("updated_since={since}&sort=updated_at"), limit).await;
                assert_eq!(named, expected);
                let mut latest_first = all(door, &format!("updated_since={since}&sort=-updated_at"), limit).await;
                latest_first.reverse();
                assert_eq!(latest_first, expected, "{since}");
            }
        }
        // In another zone, with finer digits.
        let later = "2000-01-01T00:00:00.123456%2B02:00";
        assert_eq!(all(door, &format!("updated_since={later}"), 100).await, ["b", "c", "a"]);
    }
}

/// As the description of `GET notes` says.
async fn a_copy_is_kept_up_to_date(app: TestApp) {
    let ada = app.person("ada").await;
    let notes = write_slowly(&app, &ada, &["a", "b", "c"]).await;
    for door in ada.doors() {
        let mut copy: Vec<(Value, Value)> = Vec::new();
        let mut last = "2000-01-01T00:00:00Z".to_owned();
        for round in 0..4 {
            let page = list(door, &format!("?updated_since={last}")).await;
            for note in page["items"].as_array().unwrap() {
                copy.retain(|(id, _)| *id != note["id"]);
                copy.push((note["id"].clone(), note["version"].clone()));
                updated_at(note).clone_into(&mut last);
            }
            let theirs = list(door, "?sort=updated_at").await;
            let theirs: Vec<_> =
                theirs["items"].as_array().unwrap().iter().map(|n| (n["id"].clone(), n["version"].clone())).collect();
            assert_eq!(copy, theirs);
            app.clock.advance(Duration::seconds(10));
            let body = format!("{} {round}", door.mount());
            ada.client.patch(&path_of(&notes[round % 3]), json!({"body": body})).await.assert_status(200);
        }
    }
}

async fn an_order_or_a_time_that_cannot_be_read_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    write(&ada, &["a"]).await;
    for door in ada.doors() {
        for path in ["/notes", "/notes/summaries"] {
            let ask = |query: &str| door.get(&format!("{path}?{query}"));
            for sort in ["", "created_at", "title", "-title", "updated_at,title", "-UPDATED_AT", "%2Bupdated_at", "'"] {
                let said = ask(&format!("sort={sort}")).await.names_field("sort");
                assert!(said.contains("`-updated_at`"), "{said}");
            }
            for since in [
                "",
                "now",
                "1769850300",
                "2026-01-31",
                "2026-01-31T09:05:00",
                "2026-13-01T00:00:00Z",
                "2026-01-31T09:05:00+01:00",
                "-2026-01-31T09:05:00Z",
                "%00",
            ] {
                let said = ask(&format!("updated_since={since}")).await.names_field("updated_since");
                assert!(said.contains("RFC 3339") && said.contains("%2B"), "{said}");
            }
            let said = ask("sort=-created_at&updated_since=2026-01-31T09:05:00Z").await.names_field("sort");
            assert!(said.contains("`updated_since`"), "{said}");
            let all = ask("sort=x&updated_since=x&limit=0&cursor=x").await;
            for field in ["sort", "updated_since", "limit", "cursor"] {
                all.names_field(field);
            }
        }
    }
}

async fn a_cursor_is_good_for_its_own_list_only(app: TestApp) {
    let ada = app.person("ada").await;
    let notes = write_slowly(&app, &ada, &["ab 1", "ab 2", "ab 3", "ab 4"]).await;
    let (since, later) = (updated_at(&notes[0]), updated_at(&notes[1]));
    let lists = [
        "q=",
        "q=a",
        "q=ab",
        "sort=-updated_at",
        "sort=updated_at",
        "sort=-updated_at&q=a",
        &format!("updated_since={since}"),
        &format!("updated_since={later}"),
        &format!("updated_since={since}&sort=-updated_at"),
        &format!("updated_since={since}&q=a"),
    ];
    for door in ada.doors() {
        for made in lists {
            let first = list(door, &format!("?{made}&limit=1")).await;
            let cursor = first["next_cursor"].as_str().unwrap();
            for used in lists {
                let reply = door.get(&format!("/notes?{used}&limit=2&cursor={cursor}")).await;
                if used == made {
                    assert_eq!(titles(&reply.assert_status(200).json()).len(), 2, "{made}");
                    let summaries = door.get(&format!("/notes/summaries?{used}&cursor={cursor}")).await;
                    assert_eq!(titles(&summaries.assert_status(200).json())[..2], titles(&reply.json()));
                } else {
                    let said = reply.names_field("cursor");
                    assert!(said.contains("another order or filter"), "{said}");
                }
            }
        }
        for sort in ["updated_at", "-updated_at"] {
            for cursor in ["x", "1", "%00", &"0".repeat(64), &"g".repeat(64), notes[0]["id"].as_str().unwrap()] {
                door.get(&format!("/notes?sort={sort}&cursor={cursor}")).await.names_field("cursor");
            }
        }
    }
}

async fn what_is_listed_is_counted(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let notes = write_slowly(&app, &ada, &["a", "b", "c"]).await;
    write(&bob, &["Bob's"]).await;
    let since = updated_at(&notes[1]);
    for door in ada.doors() {
        for path in ["/notes", "/notes/summaries"] {
            let total = async |query: &str| {
                door.get(&format!("{path}?{query}")).await.assert_status(200).json()["total"].clone()
            };
            assert_eq!(total("").await, Value::Null);
            assert_eq!(total("count=false").await, Value::Null);
            for query in ["count=true", "count=true&limit=1", "count=true&sort=updated_at&limit=2"] {
                assert_eq!(total(query).await, 3, "{query}");
            }
            assert_eq!(total(&format!("count=true&updated_since={since}")).await, 2);
            assert_eq!(total("count=true&updated_since=9999-01-01T00:00:00Z").await, 0);
            let cursor = door.get("/notes?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
            assert_eq!(total(&format!("count=true&cursor={cursor}")).await, 3, "of all pages");
            assert_eq!(total("count=true&q=+").await, 3);
            for wrong in ["", "1", "yes", "TRUE"] {
                door.get(&format!("{path}?count={wrong}")).await.names_field("count");
            }
            door.get(&format!("{path}?count=true&q=a")).await.names_field("count");
        }
    }
}
