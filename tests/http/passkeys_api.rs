//! Passkeys by JSON at both doors: listed, renamed and removed as on their page (S78).

use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::{
    passwordless::passwordless,
    support::{Authenticator, Door, PASSWORD, Person, TestApp, members, on_both_databases},
};

on_both_databases! {
    both_doors_list_rename_and_remove,
    whoever_changes_them_has_just_confirmed,
    the_last_way_in_stays,
}

async fn listed(door: &dyn Door) -> Value {
    door.get("/passkeys").await.assert_status(200).json()["items"].take()
}

async fn both_doors_list_rename_and_remove(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let confirm = json!({"password": PASSWORD});
    for (number, door) in ada.doors().into_iter().enumerate() {
        door.post("/reauthenticate", confirm.clone()).await.assert_status(204);
        assert_eq!(listed(door).await, json!([]));
        let id = ada.browser.add_passkey(&mut Authenticator::synced()).await;
        let path = format!("/passkeys/{id}");
        let reply = door.get("/passkeys").await;
        door.get("/passkeys").header("if-none-match", reply.header("etag")).await.assert_status(304);
        let [item] = reply.json()["items"].as_array().unwrap().clone().try_into().unwrap();
        assert_eq!(members(&item), ["backed_up", "created_at", "id", "last_used_at", "name"]);
        assert_eq!((&item["id"], &item["backed_up"]), (&json!(id), &json!(true)));

        let renamed = door.patch(&path, json!({"name": " Ada’s phone "})).await.assert_status(200).json();
        assert_eq!((&renamed["id"], &renamed["name"]), (&json!(id), &json!("Ada’s phone")));
        assert_eq!(listed(door).await, json!([renamed]));
        for name in ["", "\u{202e}enohp", &"x".repeat(101)] {
            door.patch(&path, json!({"name": name})).await.names_field("name");
        }
        // Nobody else's, whoever asks.
        for other in [id, Uuid::now_v7().to_string()] {
            bob.browser.patch(&format!("/passkeys/{other}"), json!({"name": "his"})).await.problem(404, "not_found");
            bob.browser.delete(&format!("/passkeys/{other}")).await.problem(404, "not_found");
        }
        assert_eq!((listed(&bob.browser).await, app.count("passkeys").await), (json!([]), 1));
        door.delete(&path).await.assert_status(204);
        door.delete(&path).await.problem(404, "not_found");
        assert_eq!((listed(door).await, app.count("passkeys").await), (json!([]), 0));
        for (subject, kind) in [
            ("A passkey of your account was renamed", "passkey_renamed"),
            ("A passkey was removed from your account", "passkey_removed"),
        ] {
            assert_eq!(app.emails_with_subject(subject).await.len(), number + 1);
            assert_eq!(app.count(&format!("activity WHERE kind = '{kind}'")).await, i64::try_from(number + 1).unwrap());
        }
    }
}

async fn whoever_changes_them_has_just_confirmed(app: TestApp) {
    let ada: Person = app.person("ada").await;
    let path = format!("/passkeys/{}", ada.browser.add_passkey(&mut Authenticator::new()).await);
    app.clock.advance(Duration::minutes(11));
    for door in ada.doors() {
        let refused = || async {
            door.patch(&path, json!({"name": "mine"})).await.problem(403, "reauthentication_required");
            door.delete(&path).await.problem(403, "reauthentication_required");
        };
        refused().await;
        // Reading needs no proof.
        assert_eq!(listed(door).await.as_array().unwrap().len(), 1);
        door.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
        door.patch(&path, json!({"name": "mine"})).await.assert_status(200);
        app.clock.advance(Duration::minutes(11));
        refused().await;
    }
    assert_eq!(app.count("passkeys WHERE name = 'mine'").await, 1);
}

async fn the_last_way_in_stays(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    let first = listed(&browser).await[0]["id"].as_str().unwrap().to_owned();
    let problem = browser.delete(&format!("/passkeys/{first}")).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("only way to sign in"), "{problem}");
    browser.add_passkey(&mut Authenticator::new()).await;
    browser.delete(&format!("/passkeys/{first}")).await.assert_status(204);
    browser.sign_in_with(&mut key).await.problem(401, "passkey_unknown");
}
