//! The account by the JSON API, at both doors: what it takes to change it, and what it tells.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use vestibule::auth::activity::service::list;

use crate::{
    account::sign_in,
    browser_sessions::second_browser,
    credentials::NEW,
    support::{Door, PASSWORD, Person, TestApp, all_scopes, on_both_databases, resource::READ},
};

on_both_databases! {
    a_name_is_changed,
    a_name_that_is_the_same_is_no_change,
    a_wrong_name_is_named,
    a_password_is_changed_and_ends_what_it_gave,
    a_password_is_changed_by_whoever_knows_it_only,
    a_new_password_may_end_every_token,
    an_address_is_changed_by_a_link,
    a_change_of_address_is_canceled,
    a_change_of_address_needs_the_password,
    an_address_of_anothers_looks_like_any_other,
    the_export_is_that_of_the_page,
    no_token_opens_what_it_has_no_scope_for,
}

/// The kinds of what happened to `person`, the newest first.
async fn events(app: &TestApp, person: &Person) -> Vec<&'static str> {
    app.db.wait_idle().await;
    list(&app.db, person.account.id).await.unwrap().iter().map(|event| event.kind.as_str()).collect()
}

async fn was_told(app: &TestApp, address: &str, subject: &str) -> bool {
    app.emails_with_subject(subject).await.iter().any(|letter| letter.header("To") == address)
}

async fn a_name_is_changed(app: TestApp) {
    let ada = app.person("ada").await;
    for (door, name) in ada.doors().into_iter().zip(["Ada Lovelace", "Countess of Lovelace"]) {
        let me = door.patch("/me", json!({"name": format!(" {name} ")})).await.assert_status(200).json();
        assert_eq!(me["name"], name);
        assert_eq!(me, door.get("/me").await.json());
        assert_eq!(events(&app, &ada).await.iter().filter(|kind| **kind == "name_changed").count(), 1);
        app.sql("DELETE FROM activity").await;
    }
}

async fn a_name_that_is_the_same_is_no_change(app: TestApp) {
    let ada = app.person("ada").await;
    // The use of the credentials is noted once a minute.
    for door in ada.doors() {
        door.get("/me").await.assert_status(200);
    }
    let mut witness = app.witness().await;
    for door in ada.doors() {
        for body in [json!({}), json!({"name": "ada"}), json!({"name": " ada "})] {
            let me = door.patch("/me", body).await.assert_status(200).json();
            assert_eq!(me, serde_json::to_value(&ada.account).unwrap());
        }
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_wrong_name_is_named(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let long = "x".repeat(101);
        for wrong in [json!(""), json!(" "), json!("a\nb"), json!("\u{202e}adA"), json!(long), json!(null), json!(7)] {
            door.patch("/me", json!({"name": wrong})).await.names_field("name");
        }
        for member in ["id", "email", "email_confirmed", "created_at", "password"] {
            door.patch("/me", json!({member: "ada@new.example"})).await.names_field(member);
        }
        assert_eq!(door.get("/me").await.json()["name"], "ada");
    }
}

fn change(current: &str, new: &str) -> Value {
    json!({"current_password": current, "new_password": new})
}

async fn a_password_is_changed_and_ends_what_it_gave(app: TestApp) {
    for name in ["ada", "eve"] {
        let person = app.person(name).await;
        let (own, other) = (app.token(&person, &[READ]).await, second_browser(&app, &person, true).await);
        let (by_token, before) = (name == "eve", person.browser.cookie().unwrap());
        let door = person.doors()[usize::from(by_token)];
        assert!(door.post("/me/password", change(PASSWORD, NEW)).await.assert_status(204).body.is_empty());

        assert!(!other.is_signed_in().await);
        assert_eq!(person.browser.is_signed_in().await, !by_token, "only the browser that changed it stays");
        person.client.get("/me").await.problem(401, "token_revoked");
        own.get("/token").await.assert_status(200);
        if !by_token {
            assert_ne!(person.browser.cookie().unwrap(), before, "by a new id");
            let thief = app.browser();
            thief.plant(&before);
            assert!(!thief.is_signed_in().await);
        }
        assert_eq!((sign_in(&app, &person.email, PASSWORD).await, sign_in(&app, &person.email, NEW).await), (401, 303));
        assert!(was_told(&app, &person.email, "Your password was changed").await);
        assert!(events(&app, &person).await.contains(&"password_changed"));
    }
}

async fn a_password_is_changed_by_whoever_knows_it_only(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let wrong = door.post("/me/password", change("wrong password", NEW)).await.names_field("current_password");
        assert_eq!(wrong, "The current password is wrong.");
        for weak in ["short", "password1", "ada@example.org", ""] {
            door.post("/me/password", change(PASSWORD, weak)).await.names_field("new_password");
        }
        door.post("/me/password", json!({"new_password": NEW})).await.names_field("current_password");
        door.post("/me/password", json!({"current_password": PASSWORD})).await.names_field("new_password");
        let mut more = change(PASSWORD, NEW);
        more["email"] = json!("ada@new.example");
        door.post("/me/password", more).await.names_field("email");
        door.get("/me").await.assert_status(200);
    }
    // Not even with the recent password may it be left out.
    ada.browser.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
    ada.browser.post("/me/password", change("", NEW)).await.names_field("current_password");
    assert_eq!((sign_in(&app, &ada.email, PASSWORD).await, sign_in(&app, &ada.email, NEW).await), (303, 401));
    assert!(!was_told(&app, &ada.email, "Your password was changed").await);
}

async fn a_new_password_may_end_every_token(app: TestApp) {
    let ada = app.person("ada").await;
    let own = app.token(&ada, &all_scopes()).await;
    let mut body = change(PASSWORD, NEW);
    body["revoke_tokens"] = json!(true);
    own.post("/me/password", body).await.assert_status(204);
    own.get("/me").await.problem(401, "token_revoked");
    ada.client.get("/me").await.problem(401, "token_revoked");
}

async fn an_address_is_changed_by_a_link(app: TestApp) {
    for name in ["ada", "eve"] {
        let person = app.person(name).await;
        let door = person.doors()[usize::from(name == "eve")];
        let status = door.get("/me/email").await.assert_status(200).json();
        let nothing = json!({
            "email": person.email, "email_confirmed": false, "pending_email": null, "pending_until": null,
        });
        assert_eq!(status, nothing);

        let new = format!("{name}@new.example");
        let body = json!({"email": format!(" {} ", new.to_uppercase()), "password": PASSWORD});
        let status = door.post("/me/email", body).await.assert_status(202).json();
        assert_eq!((&status["email"], &status["pending_email"]), (&json!(person.email), &json!(new)));
        assert!(status["pending_until"].is_string());
        assert_eq!(door.get("/me/email").await.json(), status);
        assert!(was_told(&app, &new, "Confirm your new email address").await);
        assert!(was_told(&app, &person.email, "Your email address is being changed").await);
        assert!(events(&app, &person).await.contains(&"address_change_asked"));

        person.browser.submit(&app.link("/email/").await, &[]).await.assert_redirect("/account");
        let status = door.get("/me/email").await.json();
        assert_eq!((&status["email"], &status["pending_email"]), (&json!(new), &Value::Null));
        assert_eq!(status["email_confirmed"], true);
    }
}

async fn a_change_of_address_is_canceled(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        door.post("/me/email", json!({"email": "ada@new.example", "password": PASSWORD})).await.assert_status(202);
        let link = app.link("/email/").await;
        for _ in 0..2 {
            door.delete("/me/email").await.assert_status(204);
        }
        assert_eq!(door.get("/me/email").await.json()["pending_email"], Value::Null);
        ada.browser.submit(&link, &[]).await.page(410);
        assert_eq!(events(&app, &ada).await.iter().filter(|kind| **kind == "address_change_canceled").count(), 1);
        app.sql("DELETE FROM activity").await;
    }
    // It expires by itself as well.
    ada.client.post("/me/email", json!({"email": "ada@new.example", "password": PASSWORD})).await.assert_status(202);
    let bob = app.person("bob").await;
    bob.client.delete("/me/email").await.assert_status(204);
    assert_eq!(ada.client.get("/me/email").await.json()["pending_email"], "ada@new.example", "bob has none");
    app.clock.advance(Duration::hours(24));
    let later = app.token(&ada, &all_scopes()).await;
    assert_eq!(later.get("/me/email").await.json()["pending_email"], Value::Null);
}

async fn a_change_of_address_needs_the_password(app: TestApp) {
    let ada = app.person("ada").await;
    let with = |password: Value| json!({"email": "ada@new.example", "password": password});
    for door in ada.doors() {
        door.post("/me/email", with(json!("wrong password"))).await.names_field("password");
        for email in ["", "ada", "a b@example.org", "ADA@example.org"] {
            door.post("/me/email", json!({"email": email, "password": PASSWORD})).await.names_field("email");
        }
    }
    // A token never had it recently enough.
    ada.client.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
    ada.client.post("/me/email", json!({"email": "ada@new.example"})).await.names_field("password");
    ada.client.post("/me/email", with(Value::Null)).await.names_field("password");
    app.clock.advance(Duration::minutes(10));
    let late = ada.browser.post("/me/email", json!({"email": "ada@new.example"})).await;
    late.problem(403, "reauthentication_required");
    assert!(app.emails_with_subject("Your email address is being changed").await.is_empty());
    ada.browser.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
    ada.browser.post("/me/email", json!({"email": "ada@new.example"})).await.assert_status(202);
}

async fn an_address_of_anothers_looks_like_any_other(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.clock.stop();
    for door in ada.doors() {
        let mut answers = Vec::new();
        for email in [bob.email.as_str(), "free@example.org"] {
            let reply = door.post("/me/email", json!({"email": email, "password": PASSWORD})).await;
            let mut status = reply.assert_status(202).json();
            assert_eq!(status["pending_email"].take(), email);
            let mut again = door.get("/me/email").await.json();
            assert_eq!(again["pending_email"].take(), email);
            assert_eq!(again, status);
            answers.push(status);
        }
        assert_eq!(answers[0], answers[1]);
    }
    assert!(was_told(&app, &bob.email, "This email address is already in use").await);
    // Nobody has a link to another's address.
    let links = app.letters().await.into_iter().filter(|letter| letter.path("/email/").is_some());
    assert!(links.into_iter().all(|letter| letter.header("To") == "free@example.org"));
    assert_eq!(bob.client.get("/me").await.json()["email"], bob.email);
}

async fn the_export_is_that_of_the_page(app: TestApp) {
    let ada = app.person("ada").await;
    ada.item("kept", "text").await;
    let mut page = ada.browser.visit("/account/export").await.assert_status(200).json();
    page["exported_at"].take();
    for door in ada.doors() {
        let reply = door.get("/export").await;
        let mut export = reply.assert_status(200).json();
        assert!(export["exported_at"].take().is_string());
        for changing in ["activity", "tokens", "browser_sessions"] {
            assert!(export[changing].take().is_array(), "{changing}");
            page[changing].take();
        }
        assert_eq!(export, page);
        assert!(reply.header("content-disposition").starts_with("attachment"));
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    app.clock.advance(Duration::minutes(10));
    ada.browser.get("/export").await.problem(403, "reauthentication_required");
}

async fn no_token_opens_what_it_has_no_scope_for(app: TestApp) {
    let ada = app.person("ada").await;
    for (method, path, scope) in [
        (Method::PATCH, "/me", "account:write"),
        (Method::POST, "/me/password", "account:write"),
        (Method::POST, "/me/email", "account:write"),
        (Method::DELETE, "/me/email", "account:write"),
        (Method::GET, "/me/email", "account:read"),
        (Method::GET, "/export", "account:export"),
        (Method::GET, "/sessions", "sessions:manage"),
        (Method::DELETE, "/sessions", "sessions:manage"),
        (Method::GET, "/activity", "activity:read"),
    ] {
        let others: Vec<_> = all_scopes().into_iter().filter(|other| *other != scope).collect();
        let problem = app.token(&ada, &others).await.call(method, path).await.problem(403, "scope_missing");
        assert!(problem["detail"].as_str().unwrap().contains(scope), "{problem}");
    }
    assert!(ada.browser.is_signed_in().await);
}
