//! `POST tokens`, at both doors, what a token may make, and what is found.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;
use vestibule::{features::tokens::service::Expiry, secret::Secret};

use crate::support::{
    Client, Database, Door, PASSWORD, Person, TOKEN_MEMBERS, TestApp, all_scopes, members, on_both_databases,
    resource::{COLLECTION, READ, READ_NAME, WRITE_NAME, item},
};

on_both_databases! {
    both_doors_make_a_token_and_show_it_once,
    what_is_wrong_is_named,
    the_session_door_asks_for_the_password_once_more,
    a_wrong_password_proves_nothing,
    the_token_door_needs_no_reauthentication,
    a_token_makes_no_more_than_it_holds,
    what_a_token_makes_ends_no_later,
    what_a_token_makes_ends_with_it,
    what_is_made_while_its_maker_is_revoked_does_not_last,
    nothing_that_assigns_is_taken,
    a_found_token_is_revoked_and_its_owner_told,
    the_answer_to_a_found_token_is_the_same_whatever_it_is,
    what_a_found_token_made_is_revoked_too,
    a_found_token_may_come_from_anybody,
}

fn new(scopes: &[&str]) -> Value {
    json!({"name": "made", "scopes": scopes, "days": 7})
}

async fn manager(app: &TestApp, person: &Person) -> Client {
    app.token(person, &all_scopes()).await
}

async fn make(app: &TestApp, by: &dyn Door, body: Value) -> Client {
    let made = by.post("/tokens", body).await;
    app.client(made.assert_status(201).json()["token"].as_str().unwrap())
}

async fn both_doors_make_a_token_and_show_it_once(app: TestApp) {
    let ada = app.person("ada").await;
    let manager = manager(&app, &ada).await;
    for (door, by) in [(&ada.browser as &dyn Door, "person"), (&manager, "token")] {
        let reply = door.post("/tokens", new(&[READ_NAME, "account:read"])).await;
        let made = reply.assert_status(201).json();
        let mut expected: Vec<_> = TOKEN_MEMBERS.into_iter().chain(["token", "token_type"]).collect();
        let left_out = ["key_thumbprint", "last_used_at", "last_used_from", "revoked_at"];
        expected.retain(|name| !left_out.contains(name));
        expected.insert(3, "expires_in");
        assert_eq!(members(&made), expected);
        assert_eq!((&made["name"], &made["issued_by"]), (&json!("made"), &json!(by)));
        assert_eq!(made["scopes"], json!(["account:read", READ_NAME]));
        assert_eq!(reply.header("cache-control"), "no-store");
        let client = app.client(made["token"].as_str().unwrap());
        client.get(COLLECTION).await.assert_status(200);
        client.post(COLLECTION, item("a", "")).await.problem(403, "scope_missing");
        assert!(!door.get("/tokens").await.text().contains(made["token"].as_str().unwrap()));
        // The secret could not be given twice.
        let again = door.post("/tokens", new(&[READ_NAME])).header("idempotency-key", "a");
        again.await.problem(400, "invalid_body");
    }
    let expires_at = app.db.now() + Duration::days(3);
    let body = json!({"name": "a", "scopes": [READ_NAME], "expires_at": expires_at, "origins": ["https://a.example"]});
    let made = ada.browser.post("/tokens", body).await.assert_status(201).json();
    assert_eq!((&made["expires_at"], &made["ends_at"]), (&json!(expires_at), &json!(expires_at)));
    assert_eq!(made["origins"], json!(["https://a.example"]));
    let renewed = json!({"name": "a", "scopes": [READ_NAME], "days": 30, "renew": true});
    let made = ada.browser.post("/tokens", renewed).await.assert_status(201).json();
    assert_eq!(made["renew_days"], 30);
    assert_ne!(made["expires_at"], made["ends_at"]);
}

async fn what_is_wrong_is_named(app: TestApp) {
    let ada = app.person("ada").await;
    let manager = manager(&app, &ada).await;
    let long = app.db.now() + Duration::days(367);
    for door in [&ada.browser as &dyn Door, &manager] {
        for (member, value, field) in [
            ("name", json!(""), "name"),
            ("name", json!("a\u{0}b"), "name"),
            ("scopes", json!([]), "scopes"),
            ("scopes", json!(["everything"]), "scopes[0]"),
            ("days", json!(0), "days"),
            ("days", json!(367), "days"),
            ("days", json!(-1), "days"),
            ("days", json!(null), "days"),
            ("expires_at", json!(long), "days"),
            ("origins", json!(["https://a.example/"]), "origins"),
            ("origins", json!(["*"]), "origins"),
            ("origins", json!(["null"]), "origins"),
            ("origins", json!((0..6).map(|n| format!("https://{n}.example")).collect::<Vec<_>>()), "origins"),
        ] {
            let mut body = new(&[READ_NAME]);
            body[member] = value;
            door.post("/tokens", body).await.names_field(field);
        }
        let mut at = new(&[READ_NAME]);
        at.as_object_mut().unwrap().remove("days");
        for wrong in [json!(long), json!(app.db.now()), json!("2000-01-01T00:00:00Z"), json!("tomorrow")] {
            at["expires_at"] = wrong;
            door.post("/tokens", at.clone()).await.names_field("expires_at");
        }
        at["expires_at"] = json!(app.db.now() + Duration::days(1));
        at["renew"] = json!(true);
        door.post("/tokens", at).await.names_field("renew");
    }
}

async fn the_session_door_asks_for_the_password_once_more(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    let mut body = new(&[READ_NAME]);
    body["days"] = json!(1);
    let problem = ada.browser.post("/tokens", body.clone()).await.problem(403, "reauthentication_required");
    let named = problem["detail"].as_str().unwrap().split_once("POST /session/v1").expect("it names the call").1;
    let path = named.split(',').next().unwrap();
    assert_eq!(app.count("tokens").await, 1);
    let before = ada.browser.cookie().unwrap();
    let reauthentication = ada.browser.post(path, json!({"password": PASSWORD})).await;
    assert!(reauthentication.assert_status(204).body.is_empty());
    assert_ne!(ada.browser.cookie().unwrap(), before, "the browser has a new session id");
    ada.browser.post("/tokens", body).await.assert_status(201);
    // What does no harm is not asked for.
    app.clock.advance(Duration::minutes(10));
    ada.browser.get("/tokens").await.assert_status(200);
    ada.browser.post("/tokens/revoke-all", json!({})).await.assert_status(204);
}

async fn a_wrong_password_proves_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    for wrong in ["", "wrong password"] {
        ada.browser.post("/reauthenticate", json!({"password": wrong})).await.problem(401, "invalid_credentials");
        ada.browser.post("/tokens", new(&[READ_NAME])).await.problem(403, "reauthentication_required");
    }
    ada.browser.post("/reauthenticate", json!({})).await.names_field("password");
    app.browser().post("/reauthenticate", json!({"password": PASSWORD})).await.problem(401, "not_signed_in");
    assert!(ada.browser.is_signed_in().await);
}

async fn the_token_door_needs_no_reauthentication(app: TestApp) {
    let ada = app.person("ada").await;
    let manager = manager(&app, &ada).await;
    app.clock.advance(Duration::days(2));
    manager.post("/tokens", new(&[READ_NAME])).await.assert_status(201);
}

async fn a_token_makes_no_more_than_it_holds(app: TestApp) {
    let ada = app.person("ada").await;
    let narrow = app.token(&ada, &["tokens:manage", READ]).await;
    for (scopes, lacking) in [
        (&[WRITE_NAME][..], WRITE_NAME),
        (&[READ_NAME, "account:read"], "account:read"),
        (&["account:read", READ_NAME, WRITE_NAME, "tokens:manage"], "account:read"),
    ] {
        let reply = narrow.post("/tokens", new(scopes)).await;
        let problem = reply.problem(403, "scope_missing");
        assert!(problem["detail"].as_str().unwrap().contains(lacking), "{problem}");
        assert!(reply.header("www-authenticate").contains(&format!(r#"scope="{lacking}""#)));
    }
    let made = make(&app, &narrow, new(&["tokens:manage", READ_NAME])).await;
    made.post("/tokens", json!({"name": "made", "scopes": [WRITE_NAME], "days": 1}))
        .await
        .problem(403, "scope_missing");
    let reader = app.token(&ada, &[READ]).await;
    reader.post("/tokens", new(&[READ_NAME])).await.problem(403, "scope_missing");
}

async fn what_a_token_makes_ends_no_later(app: TestApp) {
    let ada = app.person("ada").await;
    let manager = app.token_with(&ada, &all_scopes(), |new| new.expiry = Expiry::Days(10)).await;
    let ends_at = manager.get("/token").await.json()["ends_at"].clone();
    let with = |member: &str, value: Value| {
        let mut body = json!({"name": "made", "scopes": ["tokens:manage"]});
        body[member] = value;
        body
    };
    let message = manager.post("/tokens", with("days", json!(11))).await.names_field("days");
    assert!(message.contains(ends_at.as_str().unwrap()), "{message}");
    let later = app.db.now() + Duration::days(11);
    manager.post("/tokens", with("expires_at", json!(later))).await.names_field("expires_at");
    let child = make(&app, &manager, with("expires_at", ends_at.clone())).await;
    // Nor does what that one makes, and nor by being renewed.
    child.post("/tokens", with("days", json!(10))).await.names_field("days");
    let mut renewed = with("days", json!(5));
    renewed["renew"] = json!(true);
    let made = child.post("/tokens", renewed).await.assert_status(201).json();
    assert_eq!(made["ends_at"], ends_at);
    // A login makes nothing that outlasts it.
    ada.client.post("/tokens", with("days", json!(1))).await.names_field("days");
}

async fn what_a_token_makes_ends_with_it(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let first = manager(&app, &ada).await;
        let second = make(&app, &first, new(&["tokens:manage", READ_NAME])).await;
        let mut sooner = new(&[READ_NAME]);
        sooner["days"] = json!(1);
        let third = make(&app, &second, sooner).await;
        let apart = app.token(&ada, &[READ]).await;
        let id = first.get("/token").await.json()["id"].as_str().unwrap().to_owned();
        door.delete(&format!("/tokens/{id}")).await.assert_status(204);
        for ended in [&first, &second, &third] {
            ended.get("/token").await.problem(401, "token_revoked");
        }
        apart.get(COLLECTION).await.assert_status(200);
    }
    // By logging out too.
    let first = manager(&app, &ada).await;
    let second = make(&app, &first, new(&[READ_NAME])).await;
    first.call(Method::POST, "/logout").await.assert_status(204);
    second.get("/token").await.problem(401, "token_revoked");
}

async fn what_is_made_while_its_maker_is_revoked_does_not_last(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..8 {
        let maker = manager(&app, &ada).await;
        let id = maker.get("/token").await.json()["id"].as_str().unwrap().to_owned();
        let making = (0..8).map(|_| maker.post("/tokens", new(&[READ_NAME])).into_future());
        let making: tokio::task::JoinSet<_> = making.collect();
        ada.browser.delete(&format!("/tokens/{id}")).await.assert_status(204);
        for reply in making.join_all().await {
            if reply.status == 201 {
                let made = app.client(reply.json()["token"].as_str().unwrap());
                made.get(COLLECTION).await.problem(401, "token_revoked");
            } else {
                reply.problem(401, "token_revoked");
            }
        }
    }
}

async fn nothing_that_assigns_is_taken(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for (member, value) in [
        ("id", json!(Uuid::nil())),
        ("account_id", json!(bob.account.id)),
        ("hash", json!("x")),
        ("issued_by", json!("login")),
        ("ends_at", json!("2100-01-01T00:00:00Z")),
        ("parent_id", json!(Uuid::nil())),
        ("token", json!("vst_mine")),
    ] {
        let mut body = new(&[READ_NAME]);
        body[member] = value;
        ada.browser.post("/tokens", body).await.names_field(member);
    }
}

const FOUND: &str = "A leaked token was revoked";

async fn report(app: &TestApp, token: &str) {
    let reply = app.post("/api/v1/tokens/report").json(json!({"token": token})).at("198.51.100.9").await;
    assert!(reply.assert_status(202).body.is_empty());
    app.db.wait_idle().await;
}

async fn a_found_token_is_revoked_and_its_owner_told(app: TestApp) {
    let ada = app.person("ada").await;
    let lost = app.token(&ada, &[READ]).await;
    report(&app, &format!(" {}\n", lost.token)).await;
    lost.get(COLLECTION).await.problem(401, "token_revoked");
    ada.client.get("/me").await.assert_status(200);
    let [letter] = app.emails_with_subject(FOUND).await.try_into().unwrap();
    assert_eq!(letter.header("To"), ada.email);
    assert!(letter.path("/tokens").is_some() && letter.path("/account").is_some(), "{}", letter.raw);
    assert!(!letter.raw.contains(&lost.token) && !letter.raw.contains("198.51.100.9"));
    let page = ada.browser.visit("/account").await.page(200);
    assert!(page.contains("Leaked token reported and revoked: test"), "{page}");
    assert!(!page.contains("198.51.100.9"), "whoever helps is not told on");
    // Found once more, there is nothing more to say.
    report(&app, &lost.token).await;
    assert_eq!(app.emails_with_subject(FOUND).await.len(), 1);
}

async fn the_answer_to_a_found_token_is_the_same_whatever_it_is(app: TestApp) {
    let ada = app.person("ada").await;
    let revoked = app.token(&ada, &all_scopes()).await;
    revoked.call(Method::POST, "/logout").await.assert_status(204);
    let never = Secret::generate("vst").unwrap();
    let mut answers = Vec::new();
    for token in ["", "nonsense", "vst_", "é", &"x".repeat(10_000), never.reveal(), &revoked.token, &ada.client.token]
    {
        let reply = app.post("/api/v1/tokens/report").json(json!({"token": token})).await;
        let mut headers = reply.headers.clone();
        for own in ["x-request-id", "ratelimit"] {
            headers.remove(own);
        }
        answers.push((reply.assert_status(202).status, headers, reply.body.clone()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(app.emails_with_subject(FOUND).await.len(), 1);
    for (body, field) in [(json!({}), "token"), (json!({"token": 7}), "token"), (json!({"token": "a", "b": 1}), "b")] {
        app.post("/api/v1/tokens/report").json(body).await.names_field(field);
    }
}

async fn what_a_found_token_made_is_revoked_too(app: TestApp) {
    let ada = app.person("ada").await;
    let lost = manager(&app, &ada).await;
    let made = make(&app, &lost, new(&[READ_NAME])).await;
    report(&app, &lost.token).await;
    made.get(COLLECTION).await.problem(401, "token_revoked");
}

async fn a_found_token_may_come_from_anybody(database: Database) {
    let app = TestApp::with(database, |settings| settings.cors.allowed_origins.clear()).await;
    let ada = app.person("ada").await;
    let reply = app
        .post("/api/v1/tokens/report")
        .json(json!({"token": ada.client.token}))
        .headers(&[("cookie", "session=x")])
        .await;
    reply.assert_status(202);
    assert!(!reply.has("access-control-allow-origin"));
    app.db.wait_idle().await;
    ada.client.get("/me").await.problem(401, "token_revoked");
}
