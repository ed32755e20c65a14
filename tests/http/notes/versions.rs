//! The version that each note carries, what `If-Match` takes, and what a change may hold.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;

use super::{list, path_of};
use crate::support::{Door, TestApp, on_both_databases};

on_both_databases! {
    a_note_of_a_list_is_changed_without_reading_it_again,
    a_tag_that_a_proxy_made_weak_is_understood,
    a_tag_without_quotes_is_400_and_says_how_to_write_it,
    a_change_that_was_made_already_is_no_conflict,
    an_edit_of_nothing_in_a_browser_is_no_conflict,
    null_is_no_value_of_a_note,
    a_merge_patch_is_taken_by_its_own_name_too,
    what_patch_takes_is_told,
}

fn tag(note: &Value) -> String {
    format!("\"{}\"", note["version"])
}

async fn a_note_of_a_list_is_changed_without_reading_it_again(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let made = ada.note("a", "").await;
        assert_eq!(made["version"], 1);
        for (number, path) in ["/notes", "/notes/summaries", "/notes?sort=-updated_at", "/notes?q=a"].iter().enumerate()
        {
            let listed = door.get(path).await.assert_status(200).json()["items"][0].clone();
            assert_eq!(listed["version"], number + 1, "{path}");
            let change = door.patch(&path_of(&listed), json!({"body": path})).header("if-match", &tag(&listed));
            let changed = change.await;
            assert_eq!(changed.assert_status(200).json()["version"], number + 2);
            assert_eq!(changed.header("etag"), tag(&changed.json()));
            let late = door.patch(&path_of(&listed), json!({"body": "late"})).header("if-match", &tag(&listed));
            late.await.problem(412, "precondition_failed");
        }
        let read = door.get(&path_of(&made)).await;
        assert_eq!(read.header("etag"), tag(&read.json()));
        let summary = &door.get("/notes/summaries").await.json()["items"][0];
        door.delete(&path_of(summary)).header("if-match", &tag(summary)).await.assert_status(204);
    }
}

async fn a_tag_that_a_proxy_made_weak_is_understood(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let path = ada.note_path("a").await;
        door.patch(&path, json!({"title": "b"}))
            .header("if-match", "W/\"2\"")
            .await
            .problem(412, "precondition_failed");
        door.patch(&path, json!({"title": "b"})).header("if-match", "W/\"1\"").await.assert_status(200);
        door.patch(&path, json!({"title": "c"})).header("if-match", "\"7\", W/\"2\"").await.assert_status(200);
        door.get(&path).header("if-none-match", "W/\"3\"").await.assert_status(304);
        door.delete(&path).header("if-match", "W/\"2\"").await.problem(412, "precondition_failed");
        door.delete(&path).header("if-match", "W/\"3\"").await.assert_status(204);
    }
}

async fn a_tag_without_quotes_is_400_and_says_how_to_write_it(app: TestApp) {
    let ada = app.person("ada").await;
    let path = ada.note_path("a").await;
    for door in ada.doors() {
        for wrong in
            ["1", "W/1", "w/\"1\"", "'1'", "\"1", "1\"", "\"1\" \"2\"", "\"1\", 2", "nonsense", "", "undefined"]
        {
            for ask in [door.patch(&path, json!({"title": "b"})), door.delete(&path)] {
                let problem = ask.header("if-match", wrong).await.problem(400, "invalid_body");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("If-Match: \"3\"") && detail.contains("quotes"), "{detail}");
            }
            for read in [path.as_str(), "/notes", "/notes/summaries", "/tokens"] {
                let problem = door.get(read).header("if-none-match", wrong).await.problem(400, "invalid_body");
                assert!(problem["detail"].as_str().unwrap().contains("If-None-Match: \"3\""), "{problem}");
            }
        }
        assert_eq!(door.get(&path).await.json()["title"], "a");
    }
}

/// The answer was lost, so the client sends its change again (RFC 9110 section 13.1.1).
async fn a_change_that_was_made_already_is_no_conflict(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.note("a", "first").await;
        let path = path_of(&note);
        let change = |body: Value| door.patch(&path, body).header("if-match", "\"1\"");
        let changed = change(json!({"title": "b"})).await.assert_status(200).json();
        app.clock.advance(Duration::minutes(1));
        for again in [change(json!({"title": "b"})), change(json!({"title": "b", "body": "first"}))] {
            let again = again.await;
            assert_eq!((again.assert_status(200).json(), again.header("etag")), (changed.clone(), "\"2\""));
        }
        // It is one, as soon as something would be overwritten, or nothing says what was meant.
        for other in [json!({"title": "c"}), json!({"title": "b", "body": "second"}), json!({})] {
            change(other).await.problem(412, "precondition_failed");
        }
        let ask = door.patch(&path, json!({"title": "b"})).header("if-match", "\"1\", \"7\"").await;
        assert_eq!(ask.assert_status(200).json(), changed);
        let ask = door.patch(&path, json!({"title": "b"})).header("if-none-match", "*");
        ask.await.problem(412, "precondition_failed");
        assert_eq!(door.get(&path).await.json(), changed);
        door.delete(&path).await.assert_status(204);
        change(json!({"title": "b"})).await.problem(404, "not_found");
    }
}

async fn an_edit_of_nothing_in_a_browser_is_no_conflict(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note("a", "text").await;
    let path = path_of(&note);
    let save = |version: i64, body: &str| {
        let arguments = json!({"id": note["id"], "version": version, "draft": {"title": "a", "body": body}});
        ada.browser.ask(Method::POST, "/fn/notes/save").json(arguments)
    };
    app.clock.advance(Duration::minutes(1));
    // Saved twice without a change, in the island and by the form: it is as it was.
    for _ in 0..2 {
        assert_eq!(save(1, "text").await.assert_status(200).json(), 1);
        let form = [("version", "1"), ("title", "a"), ("body", "text")];
        ada.browser.submit(&path, &form).await.assert_redirect("/notes");
    }
    assert_eq!(ada.client.get(&path).await.json(), note);
    // Two tabs with the same text.
    assert_eq!(save(1, "more").await.assert_status(200).json(), 2);
    assert_eq!(save(1, "more").await.assert_status(200).json(), 2);
    ada.browser.submit(&path, &[("version", "1"), ("title", "a"), ("body", "more")]).await.assert_redirect("/notes");
    save(1, "other").await.problem(412, "precondition_failed");
    ada.browser.submit(&path, &[("version", "1"), ("title", "a"), ("body", "other")]).await.page(412);
}

async fn null_is_no_value_of_a_note(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note("a", "b").await;
    for door in ada.doors() {
        for (change, field) in [
            (json!({"title": null}), "title"),
            (json!({"body": null}), "body"),
            (json!({"title": "c", "body": null}), "body"),
            (json!({"version": 7}), "version"),
            (json!({"titel": "c"}), "titel"),
            (json!({"tags": null}), "tags"),
        ] {
            door.patch(&path_of(&note), change).await.names_field(field);
        }
        for no_object in [json!(null), json!([]), json!("a"), json!(7)] {
            door.patch(&path_of(&note), no_object).await.assert_status(422);
        }
        assert_eq!(door.get(&path_of(&note)).await.json(), note);
    }
}

async fn a_merge_patch_is_taken_by_its_own_name_too(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let path = ada.note_path("a").await;
        for (number, kind) in
            ["application/merge-patch+json", "application/json", "Application/Merge-Patch+JSON; charset=utf-8"]
                .iter()
                .enumerate()
        {
            let body = format!(r#"{{"title": "{number}"}}"#);
            let changed = door.call(Method::PATCH, &path).body(kind, body).await;
            assert_eq!(changed.assert_status(200).json()["title"], number.to_string());
        }
        let null = door.call(Method::PATCH, &path).body("application/merge-patch+json", r#"{"title": null}"#);
        null.await.names_field("title");
        for kind in ["application/json-patch+json", "text/plain", "application/x-www-form-urlencoded", ""] {
            let refused = door.call(Method::PATCH, &path).body(kind, "{}").await;
            refused.problem(415, "unsupported_media_type");
        }
        // It is no patch.
        let made =
            door.call(Method::POST, "/notes").body("application/merge-patch+json", r#"{"title": "", "body": ""}"#);
        made.await.problem(415, "unsupported_media_type");
    }
}

async fn what_patch_takes_is_told(app: TestApp) {
    const TAKEN: &str = "application/merge-patch+json, application/json";
    let ada = app.person("ada").await;
    let path = ada.note_path("a").await;
    for door in ada.doors() {
        let ask = |method: Method| door.call(method, &path);
        for (ask, status) in [
            (ask(Method::GET), 200),
            (ask(Method::HEAD), 200),
            (ask(Method::GET).header("if-none-match", "*"), 304),
            (ask(Method::OPTIONS), 204),
            (ask(Method::POST), 405),
            (ask(Method::PUT), 405),
            (ask(Method::PATCH).body("text/plain", "title=b"), 415),
        ] {
            let told = ask.await;
            assert_eq!(told.assert_status(status).header("accept-patch"), TAKEN, "{}", told.asked);
        }
        let allowed = ask(Method::OPTIONS).await;
        assert!(allowed.header("allow").contains("PATCH"));
        for without in [door.get("/notes"), door.call(Method::OPTIONS, "/notes"), door.call(Method::PUT, "/notes")] {
            assert!(!without.await.has("accept-patch"));
        }
    }
    assert_eq!(list(&ada.client, "").await["items"][0]["title"], "a");
}
