//! The notes of a database that an earlier version made.

use serde_json::{Value, json};

use crate::{
    support::{Database, Door, on_both_databases},
    upgrade::{Upgraded, held},
};

on_both_databases! {
    notes_of_0_1_0_are_kept,
}

async fn notes_of_0_1_0_are_kept(database: Database) {
    let upgraded = Upgraded::from("0.1.0", database).await;
    let (app, held) = (&upgraded.app, serde_json::from_slice::<Value>(&held("0.1.0", database)).unwrap());
    let text = |name: &str| held[name].as_str().unwrap();
    let browser = app.browser();
    browser.plant(text("session"));
    let client = app.client(text("token"));
    for door in [&browser as &dyn Door, &client] {
        let mut list = door.get("/notes").await.assert_status(200).json();
        // The first of them was changed once. That version had them in the `ETag` only.
        let notes = list["items"].as_array_mut().unwrap();
        let versions: Vec<_> = notes.iter_mut().map(|note| note.as_object_mut().unwrap().remove("version")).collect();
        assert_eq!(versions, [Some(json!(2)), Some(json!(1))]);
        assert_eq!(list["items"], held["notes"]);
        let note = door.post("/notes", json!({"title": "new", "body": ""})).await.assert_status(201).json();
        door.delete(&format!("/notes/{}", note["id"].as_str().unwrap())).await.assert_status(204);
    }
    // The child can do nothing else.
    for token in ["child_token", "login_token"] {
        app.client(text(token)).get("/notes").await.assert_status(200);
    }
    let again = client.post("/notes", held["idempotency"]["request"].clone());
    let again = again.header("idempotency-key", held["idempotency"]["key"].as_str().unwrap()).await;
    assert_eq!(again.assert_status(201).json()["id"], held["notes"][0]["id"], "the note of the first request");
}
