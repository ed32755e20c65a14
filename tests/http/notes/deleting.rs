//! Deleting several notes at once.

use std::collections::HashMap;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{list, path_of, titles, write};
use crate::support::{Door, Person, TestApp, members, on_both_databases};

on_both_databases! {
    notes_are_deleted_and_what_was_not_there_is_told,
    anothers_notes_are_not_there,
    one_to_a_hundred_are_deleted_at_once,
    what_cannot_be_read_deletes_nothing,
    a_request_that_is_repeated_gets_the_first_answer,
    of_many_who_delete_the_same_each_note_is_deleted_once,
}

/// The ids of new notes with these titles.
async fn ids_of(person: &Person, titles: &[&str]) -> Vec<Value> {
    let mut ids = Vec::new();
    for title in titles {
        ids.push(person.note(title, "").await["id"].clone());
    }
    ids
}

async fn notes_are_deleted_and_what_was_not_there_is_told(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let ids = ids_of(&ada, &["a", "b", "c"]).await;
        let never = json!(Uuid::now_v7());
        let asked = json!({"ids": [ids[2], never, ids[0], ids[2]]});
        let answer = door.post("/notes/delete", asked.clone()).await;
        let done = answer.assert_status(200).json();
        assert_eq!(members(&done), ["deleted", "not_found"]);
        assert_eq!(done, json!({"deleted": [ids[2], ids[0]], "not_found": [never]}));
        assert!(!answer.has("location") && !answer.has("etag"));
        assert_eq!(titles(&list(door, "").await), ["b"]);
        door.get(&path_of(&json!({"id": ids[0]}))).await.problem(404, "not_found");
        let again = door.post("/notes/delete", asked).await.assert_status(200).json();
        assert_eq!(again, json!({"deleted": [], "not_found": [ids[2], never, ids[0]]}));
        door.post("/notes/delete", json!({"ids": [ids[1]]})).await.assert_status(200);
    }
}

async fn anothers_notes_are_not_there(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let hers = ids_of(&ada, &["secret", "also secret"]).await;
    for door in bob.doors() {
        let his = ids_of(&bob, &["his"]).await;
        let done = door.post("/notes/delete", json!({"ids": [hers[0], his[0], hers[1]]})).await;
        assert_eq!(done.assert_status(200).json(), json!({"deleted": [his[0]], "not_found": hers}));
    }
    assert_eq!(titles(&list(&ada.client, "").await), ["also secret", "secret"]);
}

async fn one_to_a_hundred_are_deleted_at_once(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        write(&ada, &["a"; 101]).await;
        let page = list(door, "?limit=100").await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|note| note["id"].clone()).collect();
        let one_more = [ids.clone(), vec![json!(Uuid::now_v7())]].concat();
        for wrong in [json!([]), json!(one_more), json!(vec![ids[0].clone(); 101])] {
            door.post("/notes/delete", json!({"ids": wrong})).await.names_field("ids");
        }
        assert_eq!(app.count("notes").await, 101);
        let done = door.post("/notes/delete", json!({"ids": ids})).await.assert_status(200).json();
        assert_eq!(done, json!({"deleted": ids, "not_found": []}));
        assert_eq!(app.count("notes").await, 1);
        app.sql("DELETE FROM notes").await;
    }
}

async fn what_cannot_be_read_deletes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let id = ids_of(&ada, &["a"]).await.remove(0);
    for door in ada.doors() {
        for (body, field) in [
            (json!({}), "ids"),
            (json!({"ids": null}), "ids"),
            (json!({"ids": id}), "ids"),
            (json!({"ids": {"0": id}}), "ids"),
            (json!({"ids": [id, "x"]}), "ids[1]"),
            (json!({"ids": [id, null]}), "ids[1]"),
            (json!({"ids": [7, id]}), "ids[0]"),
            (json!({"ids": [id, ""]}), "ids[1]"),
            (json!({"ids": [id], "all": true}), "all"),
            (json!({"id": id}), "id"),
        ] {
            door.post("/notes/delete", body).await.names_field(field);
        }
        for no_object in [json!(null), json!(id)] {
            door.post("/notes/delete", no_object).await.assert_status(422);
        }
        let raw = |kind: &str, body: &str| door.call(Method::POST, "/notes/delete").body(kind, body.to_owned());
        raw("application/json", "{\"ids\": [").await.problem(400, "invalid_body");
        raw("text/plain", &json!({"ids": [id]}).to_string()).await.problem(415, "unsupported_media_type");
        door.delete("/notes").json(json!({"ids": [id]})).await.problem(405, "method_not_allowed");
        door.delete("/notes/delete").await.problem(405, "method_not_allowed");
    }
    assert_eq!(app.count("notes").await, 1);
}

async fn a_request_that_is_repeated_gets_the_first_answer(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let ids = ids_of(&ada, &["a", "b"]).await;
        let ask = |ids: &[Value]| door.post("/notes/delete", json!({"ids": ids})).header("idempotency-key", "clean-up");
        let first = ask(&ids[..1]).await;
        assert!(!first.assert_status(200).has("idempotent-replayed"));
        let again = ask(&ids[..1]).await;
        assert_eq!(again.assert_status(200).json(), json!({"deleted": [ids[0]], "not_found": []}));
        assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), "true"));
        assert_eq!(again.header("content-type"), "application/json");
        assert!(!again.has("location") && !again.has("etag"));
        ask(&ids).await.problem(422, "idempotency_key_reused");
        assert_eq!(titles(&list(door, "").await), ["b"]);
        // A key counts for one path.
        let create = door.post("/notes", json!({"title": "c", "body": ""})).header("idempotency-key", "clean-up");
        create.await.assert_status(201);
        app.sql("DELETE FROM notes").await;
    }
}

/// In one order and in the other, at two instances: nobody waits for somebody who waits.
async fn of_many_who_delete_the_same_each_note_is_deleted_once(app: TestApp) {
    let ada = app.person("ada").await;
    let there = app.another_instance().await;
    let clients = [ada.client.clone(), there.client(&ada.client.token)];
    for _ in 0..3 {
        let mut ids = ids_of(&ada, &["a"; 40]).await;
        let mut asks = JoinSet::new();
        for number in 0..10 {
            ids.reverse();
            asks.spawn(clients[number % 2].post("/notes/delete", json!({"ids": ids})).into_future());
        }
        let mut times = HashMap::new();
        for answer in asks.join_all().await {
            let done = answer.assert_status(200).json();
            for id in done["deleted"].as_array().unwrap() {
                *times.entry(id.to_string()).or_insert(0) += 1;
            }
        }
        assert_eq!(times.len(), 40);
        assert!(times.values().all(|times| *times == 1), "{times:?}");
    }
    assert_eq!(app.count("notes").await, 0);
}
