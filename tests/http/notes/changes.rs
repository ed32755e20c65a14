//! Changing and deleting a note, and the tag that keeps a lost update out.

use serde_json::json;
use time::Duration;

use super::{MEMBERS, path_of};
use crate::support::{TestApp, members, on_both_databases};

on_both_databases! {
    a_change_gives_a_new_tag,
    a_change_leaves_out_what_is_not_sent,
    a_change_of_an_old_version_is_412_and_changes_nothing,
    a_tag_we_never_made_matches_nothing,
    without_if_match_the_last_writer_wins,
    a_note_that_is_known_is_304,
    deleting_an_old_version_is_412_and_deletes_nothing,
    a_change_that_changes_nothing_makes_no_version,
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
        for tag in ["\"0\"", "\"\"", "\"x\"", "\"01\"", "\"99999999999999999999\"", "\"-1\"", "W/\"x\""] {
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
        for known in [tag.clone(), format!("\"0\", {tag}"), format!("\"0\", W/{tag}"), "*".into()] {
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
