//! Signing in at the token door: what a login gives, to whom, and for how long.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;
use vestibule::settings::TokenLogin;

use crate::{
    support::{Database, Door, PASSWORD, TestApp, all_scopes, members, on_both_databases},
    token_door::after,
};

on_both_databases! {
    login_takes_a_name_and_remember,
    login_can_be_turned_off,
    of_many_logins_the_oldest_makes_room,
    a_wrong_password_and_an_unknown_address_are_one_answer,
    the_address_counts_whatever_its_case,
    login_refuses_what_it_does_not_know,
    a_long_or_empty_token_name_is_refused,
    a_remembered_token_lasts_longer,
    login_answers_with_exactly_the_documented_members,
}

async fn login_takes_a_name_and_remember(app: TestApp) {
    let ada = app.person("ada").await;
    let short = login(&app, json!({"email": ada.email, "password": PASSWORD, "remember": false})).await;
    assert_eq!(short["name"], "Login");
    let long = json!({"email": ada.email, "password": PASSWORD, "name": " phone ", "remember": true});
    let long = login(&app, long).await;
    assert_eq!(long["name"], "phone");

    let difference = after(&long["expires_at"], &short["expires_at"]) - (Duration::days(30) - Duration::hours(12));
    assert!(difference.abs() < Duration::minutes(1), "{difference}");
}

async fn login_can_be_turned_off(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.login = TokenLogin::Off).await;
    let browser = app.browser();
    browser
        .submit("/sign-up", &[("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)])
        .await
        .assert_status(303);
    for password in [PASSWORD, "wrong password"] {
        let body = json!({"email": "ada@example.org", "password": password});
        let problem = app.post("/api/v1/login").json(body.clone()).await.problem(403, "login_disabled");
        assert!(problem["detail"].as_str().unwrap().contains("tokens page"), "{problem}");
    }
    // The session door is not meant: it has the site's own pages.
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    app.browser().ask(Method::POST, "/session/v1/login").json(body).await.assert_status(200);
    assert_eq!(app.count("tokens").await, 0);
}

async fn of_many_logins_the_oldest_makes_room(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.per_account = 3).await;
    let ada = app.person("ada").await;
    let own = app.token(&ada, &all_scopes()).await;
    let mut clients = vec![ada.client.clone()];
    for _ in 0..3 {
        let login = login(&app, json!({"email": ada.email, "password": PASSWORD})).await;
        clients.push(app.client(login["token"].as_str().unwrap()));
    }
    clients[0].get("/me").await.problem(401, "token_revoked");
    for client in &clients[1..] {
        client.get("/me").await.assert_status(200);
    }
    own.get("/me").await.assert_status(200);
}

async fn a_wrong_password_and_an_unknown_address_are_one_answer(app: TestApp) {
    let ada = app.person("ada").await;
    let mut bodies = Vec::new();
    for (email, password) in [(ada.email.as_str(), "wrong password"), ("nobody@example.org", PASSWORD), ("x", "y")] {
        let reply = app.post("/api/v1/login").json(json!({"email": email, "password": password})).await;
        let mut problem = reply.problem(401, "invalid_credentials");
        // No token was sent, so the challenge names no error.
        assert!(reply.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", resource_metadata="#));
        problem["request_id"].take();
        bodies.push(problem);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0], bodies[2]);
    assert_eq!(app.count("tokens").await, 1, "only the one the test began with");
}

async fn the_address_counts_whatever_its_case(app: TestApp) {
    app.person("ada").await;
    let login = login(&app, json!({"email": " ADA@Example.Org ", "password": PASSWORD})).await;
    assert_eq!(login["account"]["email"], "ada@example.org");
}

async fn login_refuses_what_it_does_not_know(app: TestApp) {
    let ada = app.person("ada").await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"email": ada.email, "password": PASSWORD});
        body[name] = value;
        app.post("/api/v1/login").json(body)
    };
    with("expires_at", json!("2100-01-01T00:00:00Z")).await.names_field("expires_at");
    with("password", json!(12_345_678)).await.names_field("password");
    with("remember", json!("yes")).await.names_field("remember");
    app.post("/api/v1/login").json(json!({"email": ada.email})).await.names_field("password");
    app.post("/api/v1/login").json(json!([])).await.assert_status(422);
}

async fn a_long_or_empty_token_name_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for name in ["", "  ", &"x".repeat(101), "a\u{7}b"] {
        let body = json!({"email": ada.email, "password": PASSWORD, "name": name});
        app.post("/api/v1/login").json(body).await.names_field("name");
    }
    login(&app, json!({"email": ada.email, "password": PASSWORD, "name": "é".repeat(100)})).await;
}

async fn a_remembered_token_lasts_longer(app: TestApp) {
    let ada = app.person("ada").await;
    let login = login(&app, json!({"email": ada.email, "password": PASSWORD, "remember": true})).await;
    let client = app.client(login["token"].as_str().unwrap());
    app.clock.advance(Duration::days(29));
    client.get("/me").await.assert_status(200);
    app.clock.advance(Duration::days(1));
    client.get("/me").await.problem(401, "token_expired");
}

async fn login_answers_with_exactly_the_documented_members(app: TestApp) {
    let ada = app.person("ada").await;
    let reply = app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD})).await;
    let login = reply.assert_status(201).json();

    assert_eq!(
        members(&login),
        ["account", "expires_at", "expires_in", "id", "name", "renewable_until", "scopes", "token", "token_type"]
    );
    assert_eq!(members(&login["account"]), ["created_at", "email", "email_confirmed", "id", "name"]);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(login["account"]["email"], "ada@example.org");
    assert_eq!(login["id"].as_str().unwrap().parse::<Uuid>().unwrap().get_version_num(), 7);
    assert!(login["expires_at"].as_str().unwrap().ends_with('Z'));

    // ^vst_[0-9A-Za-z]{38}$
    let random = login["token"].as_str().unwrap().strip_prefix("vst_").unwrap();
    assert_eq!(random.len(), 38);
    assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

async fn login(app: &TestApp, body: Value) -> Value {
    app.post("/api/v1/login").json(body).await.assert_status(201).json()
}
