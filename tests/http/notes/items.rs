//! `notes` and `notes/{id}`, the same behind both doors.

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;
use vestibule::timestamp::Timestamp;

use super::{MEMBERS, list, path_of, titles, write};
use crate::support::{Database, Door, TestApp, field_error, members, on_both_databases};

on_both_databases! {
    a_new_note_is_201_with_its_place_and_its_tag,
    what_one_door_writes_the_other_reads,
    a_note_is_kept_as_it_was_written,
    the_limits_count_characters,
    what_does_not_fit_names_its_field,
    a_title_can_be_seen,
    what_would_assign_is_refused,
    a_body_just_small_enough_is_taken,
    a_deleted_note_is_gone,
    another_accounts_note_is_404_like_one_that_never_was,
    another_accounts_notes_are_never_listed,
    what_is_no_id_names_nothing,
    an_account_has_so_many_notes_and_no_more,
    of_many_who_write_the_last_note_one_does,
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

async fn a_title_can_be_seen(app: TestApp) {
    let ada = app.person("ada").await;
    for blank in ["\u{200b}", "\u{3164}\u{3164}", "\u{2800} \u{feff}"] {
        let page = ada.browser.submit("/notes", &[("title", blank), ("body", "")]).await.page(422);
        assert_eq!(field_error(&page, "title"), "A note needs a title.");
        for door in ada.doors() {
            door.post("/notes", json!({"title": blank, "body": ""})).await.names_field("title");
        }
    }
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

async fn a_body_just_small_enough_is_taken(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        // The longest note there is, in the longest way to write it.
        let body = r"\ud83d\ude00".repeat(20_000);
        let text = format!(r#"{{"title": "{}", "body": "{body}"}}"#, r"\ud83d\ude00".repeat(200));
        let reply = door.call(Method::POST, "/notes").body("application/json", text).await;
        assert_eq!(reply.assert_status(201).json()["body"].as_str().unwrap().chars().count(), 20_000);
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
    ada.client.post("/notes", note()).await.problem(401, "token_invalid");
    assert_eq!(app.count("notes").await, 0, "notes go with their accounts");
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
