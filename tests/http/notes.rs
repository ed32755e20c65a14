//! `notes` and `notes/{id}`, the same behind both doors.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;
use vestibule::timestamp::Timestamp;

use crate::support::{Database, Door, Person, TestApp, members, on_both_databases, path_of};

on_both_databases! {
    a_new_note_is_201_with_its_place_and_its_tag,
    what_one_door_writes_the_other_reads,
    a_note_is_kept_as_it_was_written,
    the_limits_count_characters,
    what_does_not_fit_names_its_field,
    what_would_assign_is_refused,
    a_change_gives_a_new_tag,
    a_change_leaves_out_what_is_not_sent,
    a_change_of_an_old_version_is_412_and_changes_nothing,
    a_tag_we_never_made_matches_nothing,
    without_if_match_the_last_writer_wins,
    a_note_that_is_known_is_304,
    a_deleted_note_is_gone,
    deleting_an_old_version_is_412_and_deletes_nothing,
    another_accounts_note_is_404_like_one_that_never_was,
    another_accounts_notes_are_never_listed,
    what_is_no_id_names_nothing,
    notes_come_newest_first_and_twenty_at_a_time,
    limit_is_1_to_100,
    a_cursor_we_never_gave_is_refused,
    paging_neither_skips_nor_repeats_while_notes_are_added_and_deleted,
    search_looks_into_title_and_body,
    search_takes_every_character_literally,
    search_pages_too,
    head_answers_like_get_without_a_body,
    a_change_that_changes_nothing_makes_no_version,
    a_page_of_long_notes_is_bounded_in_bytes,
    an_account_has_so_many_notes_and_no_more,
    of_many_who_write_the_last_note_one_does,
}

const MEMBERS: [&str; 5] = ["body", "created_at", "id", "title", "updated_at"];

fn titles(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|note| note["title"].as_str().unwrap().to_owned()).collect()
}

async fn list(door: &dyn Door, query: &str) -> Value {
    let list = door.get(&format!("/notes{query}")).await.assert_status(200).json();
    assert_eq!(members(&list), ["items", "next_cursor"]);
    list
}

async fn write(person: &Person, titles: &[&str]) {
    for title in titles {
        person.note(title, "").await;
    }
}

async fn a_new_note_is_201_with_its_place_and_its_tag(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let reply = door.post("/notes", json!({"title": "Milk", "body": "two litres"})).await;
        let note = reply.assert_status(201).json();
        assert_eq!(members(&note), MEMBERS);
        assert_eq!((&note["title"], &note["body"]), (&json!("Milk"), &json!("two litres")));
        let id: Uuid = note["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        for time in ["created_at", "updated_at"] {
            assert!(note[time].as_str().unwrap().ends_with('Z'), "{note}");
            serde_json::from_value::<Timestamp>(note[time].clone()).unwrap();
        }
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("location"), format!("{}/notes/{id}", door.mount()));

        let read = door.get(&format!("/notes/{id}")).await;
        assert_eq!(read.assert_status(200).json(), note);
        assert_eq!(read.header("etag"), reply.header("etag"));
        assert!(read.header("etag").starts_with('"') && read.header("etag").len() > 2);
    }
}

async fn what_one_door_writes_the_other_reads(app: TestApp) {
    let ada = app.person("ada").await;
    let [session, token] = ada.doors();
    for (here, there) in [(session, token), (token, session)] {
        let note = here.post("/notes", json!({"title": here.mount(), "body": ""})).await.assert_status(201).json();
        let read = there.get(&path_of(&note)).await;
        assert_eq!(read.assert_status(200).json(), note);
        let change = there.patch(&path_of(&note), json!({"body": "seen"})).header("if-match", read.header("etag"));
        let changed = change.await.assert_status(200).json();
        assert_eq!(here.get(&path_of(&note)).await.json(), changed);
    }
}

async fn a_note_is_kept_as_it_was_written(app: TestApp) {
    let ada = app.person("ada").await;
    for text in [
        "</textarea><script>alert(1)</script>",
        " leading and trailing ",
        "\n\nlines\r\nof both kinds\n",
        "e\u{301} é 👩‍👩‍👧 \u{202e}right to left \u{feff}",
        r#""quotes" 'and' \back\\slashes\u0041"#,
        "\u{1}\u{7f}\t",
    ] {
        for door in ada.doors() {
            let note = door.post("/notes", json!({"title": text, "body": text})).await.assert_status(201).json();
            let read = door.get(&path_of(&note)).await.json();
            assert_eq!((read["title"].as_str(), read["body"].as_str()), (Some(text), Some(text)));
        }
    }
}

async fn the_limits_count_characters(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for letter in ["x", "é", "👩"] {
            let (title, body) = (letter.repeat(200), letter.repeat(20_000));
            let note = door.post("/notes", json!({"title": title, "body": body})).await.assert_status(201).json();
            door.patch(&path_of(&note), json!({"title": title, "body": body})).await.assert_status(200);
            let long = format!("{title}x");
            door.post("/notes", json!({"title": long, "body": ""})).await.names_field("title");
            door.patch(&path_of(&note), json!({"title": long})).await.names_field("title");
            let long = format!("{body}x");
            door.post("/notes", json!({"title": "a", "body": long})).await.names_field("body");
            door.patch(&path_of(&note), json!({"body": long})).await.names_field("body");
        }
    }
}

async fn what_does_not_fit_names_its_field(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        for (body, field) in [
            (json!({"title": "", "body": ""}), "title"),
            (json!({"title": " \n\t", "body": ""}), "title"),
            (json!({"title": "a\u{0}b", "body": ""}), "title"),
            (json!({"title": "a", "body": "\u{0}"}), "body"),
            (json!({"title": 7, "body": ""}), "title"),
            (json!({"title": "a", "body": ["b"]}), "body"),
        ] {
            door.post("/notes", body.clone()).await.names_field(field);
            door.patch(&note, body).await.names_field(field);
        }
        door.post("/notes", json!({"body": ""})).await.names_field("title");
        door.post("/notes", json!({"title": "a"})).await.names_field("body");
        door.post("/notes", json!({"title": null, "body": ""})).await.names_field("title");
        // Both at once are both named.
        let both = door.post("/notes", json!({"title": "", "body": "\u{0}"})).await;
        both.names_field("title");
        both.names_field("body");
    }
    assert_eq!(app.count("notes").await, 1);
}

async fn what_would_assign_is_refused(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        for (name, value) in [
            ("id", json!(Uuid::nil())),
            ("account_id", json!(bob.account.id)),
            ("version", json!(9)),
            ("created_at", json!("2000-01-01T00:00:00Z")),
            ("scopes", json!(["notes:read"])),
        ] {
            let mut body = json!({"title": "b", "body": "b"});
            body[name] = value;
            door.post("/notes", body.clone()).await.names_field(name);
            door.patch(&note, body).await.names_field(name);
        }
    }
    assert_eq!(app.count("notes").await, 1);
    assert_eq!(ada.client.get(&note).await.json()["title"], "a");
}

async fn a_change_gives_a_new_tag(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let made = door.post("/notes", json!({"title": "a", "body": ""})).await;
        let note = made.assert_status(201).json();
        app.clock.advance(Duration::seconds(10));
        let ask = door.patch(&path_of(&note), json!({"title": "b", "body": "c"}));
        let changed = ask.header("if-match", made.header("etag")).await;

        let after = changed.assert_status(200).json();
        assert_eq!(members(&after), MEMBERS);
        assert_ne!(changed.header("etag"), made.header("etag"));
        assert_eq!((&after["title"], &after["body"]), (&json!("b"), &json!("c")));
        assert_eq!((&after["id"], &after["created_at"]), (&note["id"], &note["created_at"]));
        assert!(after["updated_at"].as_str() > note["updated_at"].as_str());
        let read = door.get(&path_of(&note)).await;
        assert_eq!((read.json(), read.header("etag")), (after, changed.header("etag")));
    }
}

async fn a_change_leaves_out_what_is_not_sent(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.note("a", "b").await;
        let after = door.patch(&path_of(&note), json!({"title": "c"})).await.assert_status(200).json();
        assert_eq!((&after["title"], &after["body"]), (&json!("c"), &json!("b")));
        let after = door.patch(&path_of(&note), json!({"body": ""})).await.assert_status(200).json();
        assert_eq!((&after["title"], &after["body"]), (&json!("c"), &json!("")));
    }
}

async fn a_change_of_an_old_version_is_412_and_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let made = door.post("/notes", json!({"title": "a", "body": ""})).await;
        let path = path_of(&made.json());
        door.patch(&path, json!({"title": "theirs"})).header("if-match", made.header("etag")).await.assert_status(200);
        let late = door.patch(&path, json!({"title": "mine"})).header("if-match", made.header("etag"));
        late.await.problem(412, "precondition_failed");
        assert_eq!(door.get(&path).await.json()["title"], "theirs");
    }
}

async fn a_tag_we_never_made_matches_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        for tag in ["1", "W/\"1\"", "\"\"", "\"x\"", "\"99999999999999999999\"", "\"-1\"", "nonsense", ""] {
            let late = door.patch(&note, json!({"title": "b"})).header("if-match", tag);
            late.await.problem(412, "precondition_failed");
            door.delete(&note).header("if-match", tag).await.problem(412, "precondition_failed");
        }
        assert_eq!(door.get(&note).await.json()["title"], "a");
    }
}

async fn without_if_match_the_last_writer_wins(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        door.patch(&note, json!({"title": "first"})).await.assert_status(200);
        door.patch(&note, json!({"title": "second"})).header("if-match", "*").await.assert_status(200);
        assert_eq!(door.get(&note).await.json()["title"], "second");
    }
}

async fn a_note_that_is_known_is_304(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        let tag = door.get(&note).await.header("etag").to_owned();
        for known in [tag.clone(), format!("\"0\", {tag}"), format!("W/{tag}"), "*".into()] {
            let reply = door.get(&note).header("if-none-match", &known).await;
            assert!(reply.assert_status(304).body.is_empty(), "{known}");
            assert_eq!(reply.header("etag"), tag);
        }
        door.get(&note).header("if-none-match", "\"0\"").await.assert_status(200);
        door.patch(&note, json!({"body": "new"})).await.assert_status(200);
        let reply = door.get(&note).header("if-none-match", &tag).await;
        assert_eq!(reply.assert_status(200).json()["body"], "new");
        door.patch(&note, json!({"body": ""})).await.assert_status(200);
    }
}

async fn a_deleted_note_is_gone(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.note_path("a").await;
        let reply = door.delete(&note).await;
        assert!(reply.assert_status(204).body.is_empty());
        door.get(&note).await.problem(404, "not_found");
        door.delete(&note).await.problem(404, "not_found");
        door.patch(&note, json!({"title": "b"})).await.problem(404, "not_found");
        assert!(titles(&list(door, "").await).is_empty());
    }
}

async fn deleting_an_old_version_is_412_and_deletes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.note_path("a").await;
        let old = door.get(&note).await.header("etag").to_owned();
        let new = door.patch(&note, json!({"title": "b"})).await.header("etag").to_owned();
        door.delete(&note).header("if-match", &old).await.problem(412, "precondition_failed");
        door.get(&note).await.assert_status(200);
        door.delete(&note).header("if-match", &new).await.assert_status(204);
    }
}

async fn another_accounts_note_is_404_like_one_that_never_was(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let theirs = ada.note_path("secret").await;
    let never = format!("/notes/{}", Uuid::now_v7());
    bob.client.get("/me").await.assert_status(200);
    for door in bob.doors() {
        let mut witness = app.witness().await;
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let mut bodies = Vec::new();
            for path in [&theirs, &never] {
                for tag in ["*", "\"1\"", "\"7\""] {
                    let ask = door.call(method.clone(), path).json(json!({"title": "taken"}));
                    let mut problem = ask.header("if-match", tag).await.problem(404, "not_found");
                    problem["request_id"].take();
                    bodies.push(problem);
                }
            }
            assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
        }
        assert!(!witness.saw_a_write().await);
    }
    assert_eq!(ada.client.get(&theirs).await.assert_status(200).json()["title"], "secret");
}

async fn another_accounts_notes_are_never_listed(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    write(&ada, &["hers", "also hers"]).await;
    write(&bob, &["his"]).await;
    for door in bob.doors() {
        assert_eq!(titles(&list(door, "").await), ["his"]);
        assert!(titles(&list(door, "?q=hers").await).is_empty());
        // Her note as the cursor tells him nothing of it.
        let hers = ada.client.get("/notes?limit=1").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        assert!(titles(&list(door, &format!("?cursor={hers}")).await).iter().all(|title| title == "his"));
    }
}

async fn what_is_no_id_names_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for id in ["1", "x", "%00", "%ff", "%2f", "..", "'%20OR%201=1", &"9".repeat(2_000)] {
            let path = format!("/notes/{id}");
            door.get(&path).await.problem(404, "not_found");
            door.patch(&path, json!({"title": "b"})).await.problem(404, "not_found");
            door.delete(&path).await.problem(404, "not_found");
        }
    }
}

async fn notes_come_newest_first_and_twenty_at_a_time(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..25 {
        ada.note(&number.to_string(), "").await;
    }
    for door in ada.doors() {
        let first = list(door, "").await;
        let expected: Vec<_> = (5..25).rev().map(|number| number.to_string()).collect();
        assert_eq!(titles(&first), expected);
        assert_eq!(members(&first["items"][0]), MEMBERS);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = list(door, &format!("?cursor={cursor}")).await;
        assert_eq!(titles(&second), ["4", "3", "2", "1", "0"]);
        assert_eq!(second["next_cursor"], Value::Null);
    }
}

async fn limit_is_1_to_100(app: TestApp) {
    let ada = app.person("ada").await;
    write(&ada, &["a", "b", "c"]).await;
    for door in ada.doors() {
        assert_eq!(titles(&list(door, "?limit=1").await), ["c"]);
        // Exactly as many as there are is the last page.
        assert_eq!(list(door, "?limit=3").await["next_cursor"], Value::Null);
        assert_eq!(titles(&list(door, "?limit=100").await).len(), 3);
        for limit in ["0", "101", "-1", "x", "1.5", "", "99999999999999999999"] {
            door.get(&format!("/notes?limit={limit}")).await.names_field("limit");
        }
    }
}

async fn a_cursor_we_never_gave_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for cursor in ["x", "1", "%00", "' OR 1=1".replace(' ', "+").as_str()] {
            door.get(&format!("/notes?cursor={cursor}")).await.names_field("cursor");
        }
    }
}

async fn paging_neither_skips_nor_repeats_while_notes_are_added_and_deleted(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let prefix = door.mount();
        let mut expected: Vec<_> = (0..7).map(|number| format!("{prefix} {number}")).collect();
        for title in &expected {
            ada.note(title, "").await;
        }
        expected.reverse();

        let (mut seen, mut query) = (Vec::new(), format!("?limit=2&q={prefix}"));
        loop {
            let page = list(door, &query).await;
            seen.extend(titles(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=2&q={prefix}&cursor={cursor}");
            ada.note(&format!("{prefix} new"), "").await;
            // The note the cursor stands at goes away.
            ada.client.delete(&format!("/notes/{cursor}")).await.assert_status(204);
        }
        assert_eq!(seen, expected);
    }
}

async fn search_looks_into_title_and_body(app: TestApp) {
    let ada = app.person("ada").await;
    ada.note("Shopping", "milk and bread").await;
    ada.note("Reading", "Moby-Dick").await;
    for door in ada.doors() {
        assert_eq!(titles(&list(door, "?q=shop").await), ["Shopping"]);
        assert_eq!(titles(&list(door, "?q=MILK").await), ["Shopping"]);
        assert_eq!(titles(&list(door, "?q=moby-d").await), ["Reading"]);
        assert_eq!(titles(&list(door, "?q=ing").await), ["Reading", "Shopping"]);
        assert_eq!(titles(&list(door, "?q=%20milk%20").await), ["Shopping"]);
        assert_eq!(titles(&list(door, "?q=").await).len(), 2);
        assert!(titles(&list(door, "?q=nothing").await).is_empty());
        door.get(&format!("/notes?q={}", "x".repeat(201))).await.names_field("q");
        door.get("/notes?q=a%00b").await.names_field("q");
    }
}

async fn search_takes_every_character_literally(app: TestApp) {
    let ada = app.person("ada").await;
    write(&ada, &["100%", "100 of them", "a_b", "axb", r"c\d", "c/d", "it's", "its", "\"q\""]).await;
    for door in ada.doors() {
        for (q, expected) in [
            ("%25", vec!["100%"]),
            ("100%25", vec!["100%"]),
            ("_", vec!["a_b"]),
            ("a_b", vec!["a_b"]),
            ("%5C", vec![r"c\d"]),
            ("c%5Cd", vec![r"c\d"]),
            ("%27", vec!["it's"]),
            ("%22", vec!["\"q\""]),
            ("%25%25", vec![]),
            ("%27%20OR%20%271%27=%271", vec![]),
        ] {
            assert_eq!(titles(&list(door, &format!("?q={q}")).await), expected, "{q}");
        }
    }
}

async fn search_pages_too(app: TestApp) {
    let ada = app.person("ada").await;
    write(&ada, &["a 1", "b", "a 2", "b", "a 3"]).await;
    for door in ada.doors() {
        let first = list(door, "?q=a&limit=2").await;
        assert_eq!(titles(&first), ["a 3", "a 2"]);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = list(door, &format!("?q=a&limit=2&cursor={cursor}")).await;
        assert_eq!(titles(&second), ["a 1"]);
        assert_eq!(second["next_cursor"], Value::Null);
    }
}

async fn head_answers_like_get_without_a_body(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        let (get, head) = (door.get(&note).await, door.call(Method::HEAD, &note).await);
        assert!(head.assert_status(200).body.is_empty());
        assert_eq!(head.header("etag"), get.header("etag"));
        door.call(Method::HEAD, "/notes/x").await.assert_status(404);
    }
}

async fn a_change_that_changes_nothing_makes_no_version(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = door.post("/notes", json!({"title": "Milk", "body": "two litres"})).await.assert_status(201).json();
        let tag = door.get(&path_of(&note)).await.header("etag").to_owned();
        app.clock.advance(Duration::minutes(1));
        for same in [json!({}), json!({"title": "Milk"}), json!({"title": "Milk", "body": "two litres"})] {
            let reply = door.patch(&path_of(&note), same).header("if-match", &tag).await;
            assert_eq!((reply.assert_status(200).json(), reply.header("etag")), (note.clone(), tag.as_str()));
        }
        door.patch(&path_of(&note), json!({})).header("if-match", "\"0\"").await.problem(412, "precondition_failed");
        let changed = door.patch(&path_of(&note), json!({"body": "three litres"})).await;
        assert_ne!(changed.assert_status(200).header("etag"), tag);
        assert_ne!(changed.json()["updated_at"], note["updated_at"]);
    }
}

async fn a_page_of_long_notes_is_bounded_in_bytes(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..30 {
        // Six bytes each in JSON.
        ada.note(&number.to_string(), &"\u{1}".repeat(20_000)).await;
    }
    for door in ada.doors() {
        let (mut seen, mut path, mut pages) = (Vec::new(), "/notes?limit=100".to_owned(), 0);
        loop {
            let page = door.get(&path).await;
            assert!(page.assert_status(200).body.len() < 1_100_000, "{}", page.body.len());
            pages += 1;
            seen.extend(titles(&page.json()));
            let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            path = format!("/notes?limit=100&cursor={cursor}");
        }
        assert_eq!(seen, (0..30).rev().map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(pages, 4);
    }
    let page = ada.browser.visit("/notes").await.page(200);
    assert!(page.contains("Older"), "the list goes on here as well");
}

async fn an_account_has_so_many_notes_and_no_more(database: Database) {
    let app = TestApp::with(database, |settings| settings.resources.per_account = 2).await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let note = || json!({"title": "a", "body": ""});
    for door in ada.doors() {
        door.post("/notes", note()).header("idempotency-key", "made").await.assert_status(201);
    }
    for door in ada.doors() {
        let problem = door.post("/notes", note()).await.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("Delete one"), "{problem}");
        let again = door.post("/notes", note()).header("idempotency-key", "made").await;
        assert_eq!(again.assert_status(201).header("idempotent-replayed"), "true");
    }
    let page = ada.browser.submit("/notes", &[("title", "one more"), ("body", "typed")]).await.page(409);
    assert!(page.contains("reached its limit of notes") && page.contains("one more") && page.contains("typed"));
    let function = ada.browser.ask(Method::POST, "/fn/notes/create").json(json!({"draft": note()})).await;
    function.problem(409, "conflict");
    bob.client.post("/notes", note()).await.assert_status(201);

    let list = list(&ada.client, "").await;
    ada.client.delete(&path_of(&list["items"][0])).await.assert_status(204);
    ada.client.post("/notes", note()).await.assert_status(201);
    app.sql("DELETE FROM accounts").await;
    // SQLite's foreign keys are each connection's own.
    if database == Database::Postgres {
        ada.client.post("/notes", note()).await.problem(401, "token_invalid");
    }
}

async fn of_many_who_write_the_last_note_one_does(database: Database) {
    let app = TestApp::with(database, |settings| settings.resources.per_account = 1).await;
    let ada = app.person("ada").await;
    let there = app.another_instance().await;
    let clients = [ada.client.clone(), there.client(&ada.client.token)];
    let write = |number: usize| clients[number % 2].post("/notes", json!({"title": "a", "body": ""})).into_future();
    let replies = (0..20).map(write).collect::<tokio::task::JoinSet<_>>().join_all().await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(201), count(409), app.count("notes").await), (1, 19, 1));
}
