//! Searching notes: what is found, and that whoever looks through much keeps nobody from being served.

use std::{collections::HashSet, future::IntoFuture};

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::task::JoinSet;

use super::{list, path_of, titles, write};
use crate::support::{Database, Door, Person, TestApp, on_both_databases};

on_both_databases! {
    whoever_searches_much_keeps_nobody_from_being_served,
    what_takes_too_long_is_503_and_stops,
    what_is_not_searched_in_time_is_searched_from_the_cursor_on,
    a_search_ends_with_the_client_that_asked,
    letters_are_found_in_either_case_in_every_script,
    search_looks_into_title_and_body,
    search_takes_every_character_literally,
    search_pages_too,
    the_oldest_of_many_is_found_and_paged_to,
    a_search_goes_by_the_order_and_the_time_that_are_asked_for,
}

/// Notes of 20,000 × `a`, older than any that is written.
async fn fill(app: &TestApp, person: &Person, count: u32) {
    let account = person.account.id;
    let sql = if app.settings.database.url.starts_with("sqlite:") {
        format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
             SELECT CAST(zeroblob(2) || randomblob(14) AS BLOB), X'{}', 'filler',
                replace(hex(zeroblob(10000)), '0', 'a'), 1, 0, 0
             FROM n",
            account.simple()
        )
    } else {
        format!(
            "INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
             SELECT ('0000' || substr(gen_random_uuid()::text, 5))::uuid, '{account}', 'filler', repeat('a', 20000), 1,
                to_timestamp(0), to_timestamp(0)
             FROM generate_series(1, {count})"
        )
    };
    app.sql(&sql).await;
}

async fn whoever_searches_much_keeps_nobody_from_being_served(database: Database) {
    let app = TestApp::with(database, |settings| settings.database.search_ms = 10_000).await;
    let (eve, bob) = (app.person("eve").await, app.person("bob").await);
    bob.note("Milk", "").await;
    fill(&app, &eve, 300).await;
    let q = format!("/notes?q={}b", "a".repeat(199));
    let mut searches: JoinSet<_> = (0..20).map(|_| eve.client.get(&q).into_future()).collect();
    while !searches.is_empty() {
        bob.client.get("/me").await.assert_status(200);
        app.get("/readyz").await.assert_status(200);
        assert_eq!(titles(&bob.client.get("/notes?q=milk").await.assert_status(200).json()), ["Milk"]);
        while let Some(reply) = searches.try_join_next() {
            let reply = reply.unwrap();
            match reply.status.as_u16() {
                200 => assert!(titles(&reply.json()).is_empty()),
                _ => assert!(!reply.assert_status(503).header("retry-after").is_empty()),
            }
        }
    }
    assert_eq!(app.db.searches(), 0, "nothing goes on after the answer");
}

async fn what_takes_too_long_is_503_and_stops(database: Database) {
    let app = TestApp::with(database, |settings| settings.database.search_ms = 0).await;
    let ada = app.person("ada").await;
    ada.note("Milk", "").await;
    for door in ada.doors() {
        let reply = door.get("/notes?q=milk").await;
        reply.problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "2");
        for also in ["sort=-updated_at", "sort=updated_at&updated_since=2020-01-01T00:00:00Z"] {
            door.get(&format!("/notes?q=milk&{also}")).await.problem(503, "unavailable");
            door.get(&format!("/notes/summaries?q=milk&{also}")).await.problem(503, "unavailable");
        }
        door.get("/notes").await.assert_status(200);
        door.get("/notes?q=+").await.assert_status(200);
    }
    let page = ada.browser.visit("/notes?q=milk").await;
    page.page(503);
    assert_eq!(page.header("retry-after"), "2");
    let call = ada.browser.ask(Method::POST, "/fn/notes/list").json(json!({"q": "milk", "cursor": null}));
    call.await.assert_status(503);
    assert_eq!(app.db.searches(), 0);
}

/// The page for a search that has time for some of the notes and not for all. How much that is, is found by trying.
async fn out_of_time(app: &TestApp, person: &Person, path: &str) -> String {
    let mut app = app.clone();
    app.settings.database.search_ms = 8;
    for _ in 0..100 {
        let browser = app.another_instance().await.browser();
        browser.plant(&person.browser.cookie().unwrap());
        let reply = browser.visit(path).await;
        if reply.status == 503 {
            app.settings.database.search_ms *= 2;
            continue;
        }
        let page = reply.page(200);
        if page.contains("No match so far.") {
            return page;
        }
        app.settings.database.search_ms = (app.settings.database.search_ms / 2).max(1);
    }
    panic!("no search was out of time");
}

async fn what_is_not_searched_in_time_is_searched_from_the_cursor_on(database: Database) {
    let app = TestApp::with(database, |settings| settings.database.search_ms = 10_000).await;
    let ada = app.person("ada").await;
    fill(&app, &ada, 1_500).await;
    app.sql("UPDATE notes SET title = 'Milk' WHERE id = (SELECT id FROM notes ORDER BY id LIMIT 1)").await;
    let page = out_of_time(&app, &ada, "/notes?q=milk").await;
    let (_, link) = page.split_once("href=\"/notes?cursor=").expect("a link to go on");
    let (cursor, _) = link.split_once('&').unwrap();
    let older = list(&ada.client, &format!("?q=milk&cursor={cursor}")).await;
    assert_eq!((titles(&older), &older["next_cursor"]), (vec!["Milk".to_owned()], &Value::Null));
    let page = ada.browser.visit("/notes?q=milky").await.page(200);
    assert!(page.contains("No note contains that.") && !page.contains("/notes?cursor="));
}

async fn a_search_ends_with_the_client_that_asked(database: Database) {
    let app = TestApp::with(database, |settings| settings.database.search_ms = 10_000).await;
    let ada = app.person("ada").await;
    fill(&app, &ada, 300).await;
    let search = tokio::spawn(ada.client.get("/notes?q=b").into_future());
    while app.db.searches() == 0 && !search.is_finished() {
        tokio::task::yield_now().await;
    }
    search.abort();
    let _ = search.await;
    while app.db.searches() > 0 {
        tokio::task::yield_now().await;
    }
    ada.client.get("/notes?q=b").await.assert_status(200);
}

async fn letters_are_found_in_either_case_in_every_script(app: TestApp) {
    let ada = app.person("ada").await;
    for (title, body) in [("Übung", ""), ("a", "Straße"), ("ΣΊΣΥΦΟΣ", ""), ("b", "Ёлка"), ("e\u{301}tude", "")]
    {
        ada.note(title, body).await;
    }
    for (q, expected) in [
        ("übung", "Übung"),
        ("ÜBUNG", "Übung"),
        ("u\u{308}bung", "Übung"),
        ("STRASSE", "a"),
        ("straß", "a"),
        ("σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("ёлКА", "b"),
        ("ÉTUDE", "e\u{301}tude"),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
        for door in ada.doors() {
            let list = door.get(&format!("/notes?q={query}")).await.assert_status(200).json();
            assert_eq!(titles(&list), [expected], "{q}");
        }
    }
    assert!(titles(&ada.client.get("/notes?q=ubung").await.assert_status(200).json()).is_empty());
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

async fn the_oldest_of_many_is_found_and_paged_to(app: TestApp) {
    let ada = app.person("ada").await;
    fill(&app, &ada, 230).await;
    ada.note("Milk", "").await;
    for door in ada.doors() {
        assert_eq!(titles(&door.get("/notes?q=MILK").await.assert_status(200).json()), ["Milk"]);
        let (mut found, mut query) = (0, "/notes?q=FILLER&limit=100".to_owned());
        loop {
            let list = door.get(&query).await.assert_status(200).json();
            found += titles(&list).len();
            let Some(cursor) = list["next_cursor"].as_str() else { break };
            query = format!("/notes?q=FILLER&limit=100&cursor={cursor}");
        }
        assert_eq!(found, 230);
    }
}

async fn a_search_goes_by_the_order_and_the_time_that_are_asked_for(app: TestApp) {
    let ada = app.person("ada").await;
    // All of them changed at one moment, long ago, and are read in several batches.
    fill(&app, &ada, 230).await;
    for title in ["Milk", "Tea", "Oat milk", "Milky Way"] {
        app.clock.advance(Duration::seconds(10));
        ada.note(title, "").await;
    }
    let since = ada.client.get("/notes?q=tea").await.json()["items"][0]["updated_at"].as_str().unwrap().to_owned();
    let milk = list(&ada.client, "?q=milk").await["items"].clone();
    app.clock.advance(Duration::seconds(10));
    ada.client.patch(&path_of(&milk[2]), json!({"body": "changed"})).await.assert_status(200);
    for door in ada.doors() {
        for (query, expected) in [
            ("q=milk&sort=-updated_at", ["Milk", "Milky Way", "Oat milk"]),
            ("q=milk&sort=updated_at", ["Oat milk", "Milky Way", "Milk"]),
            (&format!("q=milk&updated_since={since}"), ["Oat milk", "Milky Way", "Milk"]),
            (&format!("q=milk&sort=-updated_at&updated_since={since}"), ["Milk", "Milky Way", "Oat milk"]),
        ] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = list(door, &format!("?{query}&limit=2&cursor={cursor}")).await;
                found.extend(titles(&page));
                let Some(next) = page["next_cursor"].as_str() else { break };
                next.clone_into(&mut cursor);
            }
            assert_eq!(found, expected, "{query}");
        }
        for sort in ["updated_at", "-updated_at"] {
            let (mut found, mut cursor) = (HashSet::new(), String::new());
            loop {
                let page = list(door, &format!("?q=FILLER&sort={sort}&limit=100&cursor={cursor}")).await;
                let ids = page["items"].as_array().unwrap().iter().map(|note| note["id"].to_string());
                assert!(ids.into_iter().all(|id| found.insert(id)), "none comes twice");
                let Some(next) = page["next_cursor"].as_str() else { break };
                next.clone_into(&mut cursor);
            }
            assert_eq!(found.len(), 230, "{sort}");
        }
    }
}
