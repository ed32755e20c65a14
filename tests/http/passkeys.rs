//! Passkeys of an account: adding, renaming and removing them (S78). Signing in with them is in
//! [`crate::passkey_sign_in`].

use axum::http::Method;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use time::Duration;
use uuid::{Uuid, uuid};
use vestibule::{auth::activity::service::list, features::passkeys::service::delete_expired};

use crate::support::{Authenticator, Database, Door, PASSWORD, TestApp, flags, members, on_both_databases};

on_both_databases! {
    a_passkey_is_added_renamed_and_removed,
    what_is_asked_for_is_a_passkey_of_this_site,
    a_passkey_is_named_after_what_holds_it,
    whoever_changes_passkeys_has_just_given_the_password,
    an_answer_of_another_site_or_without_its_user_is_refused,
    what_is_no_answer_is_refused,
    a_challenge_is_answered_once_in_time_and_by_its_account,
    a_passkey_is_of_one_account,
    a_new_password_meanwhile_adds_nothing,
    there_is_room_for_so_many,
    nobody_changes_anothers_passkey,
    a_name_can_be_seen,
    challenges_that_were_not_answered_are_deleted,
    an_export_has_the_passkeys_and_no_key,
    without_passkeys_there_is_none_of_it,
    password_managers_find_the_page,
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

async fn a_passkey_is_added_renamed_and_removed(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(ada.browser.visit("/account/passkeys").await.page(200).contains("No passkeys yet."));
    let mut key = Authenticator::synced();
    let credential = key.make(&ada.browser.asked_to_add().await);
    let added = ada.browser.post("/passkeys", json!({"credential": credential})).await.assert_status(201).json();
    assert_eq!(members(&added), ["backed_up", "created_at", "id", "last_used_at", "name"]);
    assert_eq!((&added["backed_up"], &added["last_used_at"]), (&json!(true), &Value::Null));
    let id = added["id"].as_str().unwrap();
    let page = ada.browser.visit("/account/passkeys").await.page(200);
    assert!(page.contains("Synced") && page.contains("not used yet"), "{page}");
    // For the Signal API.
    assert!(page.contains(&BASE64.encode(&key.credential_id)));

    let path = format!("/account/passkeys/{id}");
    ada.browser
        .fill("/account/passkeys", &format!("{path}/rename"), &[("name", " Ada’s phone ")])
        .await
        .assert_redirect("/account/passkeys");
    assert!(ada.browser.visit("/account/passkeys").await.page(200).contains("Ada’s phone"));
    // The same name is no change.
    ada.browser.submit(&format!("{path}/rename"), &[("name", "Ada’s phone")]).await.assert_status(303);
    ada.browser.fill("/account/passkeys", &format!("{path}/remove"), &[]).await.assert_redirect("/account/passkeys");
    ada.browser.submit(&format!("{path}/remove"), &[]).await.assert_redirect("/account/passkeys");
    ada.browser.submit(&format!("{path}/rename"), &[("name", "x")]).await.page(404);
    assert_eq!(app.count("passkeys").await, 0);

    app.db.wait_idle().await;
    let events = list(&app.db, ada.account.id).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.kind.as_str().starts_with("passkey_"))
        .map(|event| (event.kind.as_str(), event.subject.as_str()))
        .collect();
    let first = added["name"].as_str().unwrap();
    let expected = [("passkey_removed", "Ada’s phone"), ("passkey_renamed", "Ada’s phone"), ("passkey_added", first)];
    assert_eq!(told, expected);
    for subject in ["A passkey was added to your account", "A passkey of your account was renamed"] {
        let [letter] = app.emails_with_subject(subject).await.try_into().unwrap();
        assert_eq!(letter.header("To"), ada.email);
    }
    assert_eq!(app.emails_with_subject("A passkey was removed from your account").await.len(), 1);
}

async fn what_is_asked_for_is_a_passkey_of_this_site(app: TestApp) {
    let ada = app.person("ada").await;
    let first = ada.browser.asked_to_add().await;
    assert_eq!(first["rp"], json!({"id": "localhost", "name": "Vestibule"}));
    let user = json!({
        "id": BASE64.encode(ada.account.id.as_bytes()),
        "name": ada.email,
        "displayName": ada.account.name,
    });
    assert_eq!(first["user"], user);
    let selection = &first["authenticatorSelection"];
    assert_eq!((&selection["residentKey"], &selection["userVerification"]), (&json!("required"), &json!("required")));
    assert_eq!((&first["attestation"], &first["excludeCredentials"]), (&json!("none"), &json!([])));
    assert_eq!(first["timeout"], 300_000);
    assert!(BASE64.decode(first["challenge"].as_str().unwrap()).unwrap().len() >= 16);

    let mut key = Authenticator::new();
    ada.browser.add_passkey(&mut key).await;
    let second = ada.browser.asked_to_add().await;
    assert_eq!(second["excludeCredentials"][0]["id"], BASE64.encode(&key.credential_id));
    assert_ne!(first["challenge"], second["challenge"]);
}

async fn a_passkey_is_named_after_what_holds_it(app: TestApp) {
    let ada = app.person("ada").await;
    let bitwarden = uuid!("d548826e-79b4-db40-a3d8-11116f7e8349");
    for (model, name) in [(bitwarden, "Bitwarden (Firefox on Linux)"), (Uuid::nil(), "Firefox on Linux")] {
        let mut key = Authenticator { model, ..Authenticator::new() };
        let credential = key.make(&ada.browser.asked_to_add().await);
        let ask = ada.browser.post("/passkeys", json!({"credential": credential})).header("user-agent", FIREFOX);
        assert_eq!(ask.await.assert_status(201).json()["name"], name);
    }
}

async fn whoever_changes_passkeys_has_just_given_the_password(app: TestApp) {
    let ada = app.person("ada").await;
    let id = ada.browser.add_passkey(&mut Authenticator::new()).await;
    app.clock.advance(Duration::minutes(11));
    ada.browser.post("/passkeys/options", json!({})).await.problem(403, "reauthentication_required");
    for (action, field) in [("rename", "name"), ("remove", "x")] {
        let path = format!("/account/passkeys/{id}/{action}");
        let page = ada.browser.submit(&path, &[(field, "mine")]).await.page(403);
        assert!(page.contains("Confirm it&#39;s you") || page.contains("Confirm it's you"), "{page}");
    }
    assert_eq!(app.count("passkeys WHERE name <> 'mine'").await, 1);
    let path = format!("/account/passkeys/{id}/rename");
    ada.browser.submit(&path, &[("name", "mine"), ("password-again", PASSWORD)]).await.assert_status(303);
    assert_eq!(app.count("passkeys WHERE name = 'mine'").await, 1);
    ada.browser.post("/passkeys/options", json!({})).await.assert_status(200);
    app.browser().post("/passkeys/options", json!({})).await.problem(401, "not_signed_in");
    app.browser().post("/passkeys", json!({"credential": {}})).await.problem(401, "not_signed_in");
    // A token gives no passkey: it could outlive the token.
    for path in ["/passkeys", "/passkeys/options"] {
        ada.client.post(path, json!({})).await.problem(405, "method_not_allowed");
    }
}

/// What is wrong with an authenticator, and how it comes to be.
pub type Fault = (&'static str, fn(&mut Authenticator));

/// What an authenticator or a page may get wrong, on purpose.
pub fn wrong() -> Vec<Fault> {
    vec![
        ("another RP ID", |key| key.rp_id = "evil.example".into()),
        ("a domain above", |key| key.rp_id = "host".into()),
        ("another origin", |key| key.origin = "https://evil.example".into()),
        ("another port", |key| key.origin = "http://localhost:3001".into()),
        ("another scheme", |key| key.origin = "https://localhost:3000".into()),
        ("a longer origin", |key| key.origin = "http://localhost:3000.evil.example".into()),
        ("no user verification", |key| key.flags &= !flags::VERIFIED),
        ("no user", |key| key.flags &= !flags::PRESENT),
        ("a backup of what has none", |key| key.flags |= flags::BACKED_UP),
    ]
}

async fn an_answer_of_another_site_or_without_its_user_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for (what, change) in wrong() {
        let mut key = Authenticator::new();
        change(&mut key);
        let credential = key.make(&ada.browser.asked_to_add().await);
        let reply = ada.browser.post("/passkeys", json!({"credential": credential})).await;
        assert_eq!(reply.status, 422, "{what}");
        reply.names_field("credential");
    }
    assert_eq!(app.count("passkeys").await, 0);
    ada.browser.add_passkey(&mut Authenticator::new()).await;
}

/// Each of these in place of a member of the answer, or of the whole.
pub fn spoiled(credential: &Value) -> Vec<Value> {
    let mut all = vec![json!({}), json!({"id": "AQID"}), json!({"response": null})];
    let members = credential["response"].as_object().unwrap().keys().filter(|name| *name != "transports");
    for name in members {
        for value in [json!(""), json!("AAAA"), json!("not base64!"), json!(7), Value::Null, json!("A".repeat(40_000))]
        {
            let mut one = credential.clone();
            one["response"][name] = value;
            all.push(one);
        }
    }
    for (name, value) in [("type", "password"), ("id", "AAAA"), ("rawId", "AAAA")] {
        let mut one = credential.clone();
        one[name] = value.into();
        all.push(one);
    }
    all
}

async fn what_is_no_answer_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    let credential = Authenticator::new().make(&ada.browser.asked_to_add().await);
    for answer in spoiled(&credential) {
        ada.browser.post("/passkeys", json!({"credential": answer})).await.names_field("credential");
    }
    for body in [json!({}), json!({"credential": credential, "more": 1}), json!([])] {
        ada.browser.post("/passkeys", body).await.problem(422, "validation_failed");
    }
    // A cut in any place of the attestation.
    let whole = BASE64.decode(credential["response"]["attestationObject"].as_str().unwrap()).unwrap();
    for end in (0..whole.len()).step_by(7) {
        let asked = ada.browser.asked_to_add().await;
        let mut cut = Authenticator::new().make(&asked);
        cut["response"]["attestationObject"] = BASE64.encode(&whole[..end]).into();
        ada.browser.post("/passkeys", json!({"credential": cut})).await.names_field("credential");
    }
    assert_eq!(app.count("passkeys").await, 0);
}

async fn a_challenge_is_answered_once_in_time_and_by_its_account(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let add = async |options: &Value| {
        let credential = Authenticator::new().make(options);
        ada.browser.post("/passkeys", json!({"credential": credential})).await
    };
    let asked = ada.browser.asked_to_add().await;
    add(&asked).await.assert_status(201);
    add(&asked).await.names_field("credential");

    // A refused answer uses it up as well.
    let asked = ada.browser.asked_to_add().await;
    let mut bad = Authenticator { origin: "https://evil.example".into(), ..Authenticator::new() };
    let credential = bad.make(&asked);
    ada.browser.post("/passkeys", json!({"credential": credential})).await.names_field("credential");
    add(&asked).await.names_field("credential");

    add(&bob.browser.asked_to_add().await).await.names_field("credential");
    let mut made_up = asked.clone();
    made_up["challenge"] = BASE64.encode([7; 16]).into();
    add(&made_up).await.names_field("credential");

    let asked = ada.browser.asked_to_add().await;
    app.clock.advance(Duration::minutes(5));
    add(&asked).await.names_field("credential");
    assert_eq!(app.count("passkeys").await, 1);
}

async fn a_passkey_is_of_one_account(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let mut key = Authenticator::new();
    ada.browser.add_passkey(&mut key).await;
    for person in [&ada, &bob] {
        let credential = key.make(&person.browser.asked_to_add().await);
        person.browser.post("/passkeys", json!({"credential": credential})).await.names_field("credential");
    }
    assert_eq!(app.count("passkeys").await, 1);
}

async fn a_new_password_meanwhile_adds_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let credential = Authenticator::new().make(&ada.browser.asked_to_add().await);
    let mut held = ada.browser.post("/passkeys", json!({"credential": credential})).held();
    held.is_inside().await;
    let change = json!({"current_password": PASSWORD, "new_password": "entirely different words"});
    ada.client.post("/me/password", change).await.assert_status(204);
    held.finish().await.problem(401, "not_signed_in");
    assert_eq!(app.count("passkeys").await, 0);
}

async fn there_is_room_for_so_many(database: Database) {
    let app = TestApp::with(database, |settings| settings.passkeys.per_account = 2).await;
    let ada = app.person("ada").await;
    let waiting = ada.browser.asked_to_add().await;
    let first = ada.browser.add_passkey(&mut Authenticator::new()).await;
    ada.browser.add_passkey(&mut Authenticator::new()).await;
    ada.browser.post("/passkeys/options", json!({})).await.problem(409, "conflict");
    let credential = Authenticator::new().make(&waiting);
    ada.browser.post("/passkeys", json!({"credential": credential})).await.problem(409, "conflict");
    ada.browser.submit(&format!("/account/passkeys/{first}/remove"), &[]).await.assert_status(303);
    ada.browser.add_passkey(&mut Authenticator::new()).await;

    // However often somebody asks.
    let mut refused = 0;
    for _ in 0..40 {
        let reply = ada.browser.post("/passkeys/options", json!({})).await;
        if reply.status == 429 {
            assert_eq!(reply.problem(429, "rate_limited")["limit"], "passkey");
            refused += 1;
        }
    }
    assert!(refused > 0);
}

async fn nobody_changes_anothers_passkey(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let id = ada.browser.add_passkey(&mut Authenticator::new()).await;
    for id in [id.clone(), Uuid::now_v7().to_string()] {
        bob.browser.submit(&format!("/account/passkeys/{id}/rename"), &[("name", "mine")]).await.page(404);
        bob.browser.submit(&format!("/account/passkeys/{id}/remove"), &[]).await.assert_status(303);
    }
    assert_eq!(app.count("passkeys WHERE name <> 'mine'").await, 1);
    let page = bob.browser.visit("/account/passkeys").await.page(200);
    assert!(!page.contains(&id));
}

async fn a_name_can_be_seen(app: TestApp) {
    let ada = app.person("ada").await;
    let id = ada.browser.add_passkey(&mut Authenticator::new()).await;
    let path = format!("/account/passkeys/{id}/rename");
    for name in ["", "  ", "\u{200b}", "\u{202e}enohp", "a\u{7}b", &"x".repeat(101)] {
        let page = ada.browser.submit(&path, &[("name", name)]).await.page(422);
        assert!(page.contains(r#"role="alert""#), "{name:?}");
    }
    ada.browser.submit(&path, &[("name", &"é".repeat(100))]).await.assert_status(303);
}

async fn challenges_that_were_not_answered_are_deleted(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.asked_to_add().await;
    assert_eq!(delete_expired(&app.db, 100).await.unwrap(), 0);
    app.clock.advance(Duration::minutes(6));
    ada.browser.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
    ada.browser.asked_to_add().await;
    assert_eq!(delete_expired(&app.db, 100).await.unwrap(), 1);
    assert_eq!(app.count("passkey_challenges").await, 1);
}

async fn an_export_has_the_passkeys_and_no_key(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.add_passkey(&mut Authenticator::new()).await;
    let export = ada.browser.visit("/account/export").await.assert_status(200).json();
    assert_eq!(members(&export["passkeys"][0]), ["backed_up", "created_at", "id", "last_used_at", "name"]);
}

async fn without_passkeys_there_is_none_of_it(database: Database) {
    for change in
        [(|settings| settings.passkeys.enabled = false) as fn(&mut vestibule::settings::Settings), |settings| {
            settings.server.public_url = "http://127.0.0.1:3000".parse().unwrap();
        }]
    {
        let app = TestApp::with(database, change).await;
        let ada = app.person("ada").await;
        ada.browser.visit("/account/passkeys").await.page(404);
        ada.browser.post("/passkeys/options", json!({})).await.problem(404, "route_not_found");
        app.get("/.well-known/passkey-endpoints").await.page(404);
        assert!(!app.browser().visit("/sign-in").await.page(200).contains("passkey"));
    }
}

async fn password_managers_find_the_page(app: TestApp) {
    let reply = app.get("/.well-known/passkey-endpoints").header("sec-fetch-site", "cross-site").await;
    let page = "http://localhost:3000/account/passkeys";
    assert_eq!(reply.assert_status(200).header("content-type"), "application/json");
    assert_eq!(reply.json(), json!({"enroll": page, "manage": page}));
    app.ask(Method::POST, "/.well-known/passkey-endpoints").await.assert_status(405);
}
