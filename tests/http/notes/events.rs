//! What `GET events` tells of notes: every change is recorded, whatever makes it.

use serde_json::json;
use vestibule::{auth::event_streams::ResourceEvents, features::notes::FEATURE};

use super::path_of;
use crate::support::{Door, TestApp, on_both_databases};

on_both_databases! {
    every_change_is_recorded_for_events,
}

async fn every_change_is_recorded_for_events(app: TestApp) {
    assert_eq!(FEATURE.events, [ResourceEvents { resource: "notes", scope: "notes:read" }]);
    let ada = app.person("ada").await;
    let note = ada.note("a", "").await;
    let path = path_of(&note);
    ada.client.patch(&path, json!({"title": "b"})).await.assert_status(200);
    ada.client.patch(&path, json!({"title": "b"})).await.assert_status(200);
    ada.browser.submit("/notes", &[("title", "c"), ("body", "")]).await.assert_redirect("/notes");
    let save = json!({"id": note["id"], "version": 2, "draft": {"title": "d", "body": ""}});
    ada.browser.ask(axum::http::Method::POST, "/fn/notes/save").json(save).await.assert_status(200);
    ada.browser.submit(&format!("{path}/delete"), &[]).await.assert_redirect("/notes");
    let sql = "SELECT resource || ' ' || kind || ' ' || version FROM changes ORDER BY id";
    let recorded = app.raw().await.texts(sql).await;
    let expected = ["notes created 1", "notes updated 2", "notes created 1", "notes updated 3", "notes deleted 3"];
    assert_eq!(recorded, expected);
}
