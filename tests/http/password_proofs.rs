//! Where a password is needed again: tokens of one's own, and what a token alone must not be enough for.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use vestibule::settings::TokenLogin;

use crate::support::{
    Database, Door, PASSWORD, SPA, TestApp, all_scopes, on_both_databases,
    resource::{COLLECTION, READ, READ_NAME},
};

on_both_databases! {
    a_token_of_ones_own_outlives_the_login,
    a_token_of_ones_own_has_no_more_than_the_calling_one,
    a_wrong_password_makes_no_token,
    guesses_at_the_password_are_slowed_down,
    a_page_that_only_a_token_allows_sends_no_password,
    without_logins_the_token_door_takes_no_password,
    a_token_that_gives_the_password_again_is_trusted_for_a_while,
}

fn own(scopes: &[&str], password: &str) -> Value {
    json!({"name": "backup script", "scopes": scopes, "days": 90, "password": password})
}

async fn a_token_of_ones_own_outlives_the_login(app: TestApp) {
    let ada = app.person("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD, "scopes": [READ_NAME, "tokens:manage"]});
    let login = app.post("/api/v1/login").json(body).await.assert_status(201).json();
    let client = app.client(login["token"].as_str().unwrap());
    // Without the password, it would have to end with the login.
    let mut bounded = own(&[READ_NAME], "");
    bounded.as_object_mut().unwrap().remove("password");
    client.post("/tokens", bounded).await.names_field("days");

    let made = client.post("/tokens", own(&[READ_NAME], PASSWORD)).await.assert_status(201).json();
    assert_eq!((&made["issued_by"], &made["expires_in"]), (&json!("person"), &json!(90 * 24 * 60 * 60)));
    let token = app.client(made["token"].as_str().unwrap());
    client.call(Method::POST, "/logout").await.assert_status(204);
    token.get(COLLECTION).await.assert_status(200);
    let change = [("current", PASSWORD), ("password", "entirely different words")];
    ada.browser.submit("/account/password", &change).await.assert_redirect("/account");
    app.clock.advance(Duration::days(89));
    token.get(COLLECTION).await.assert_status(200);
    app.clock.advance(Duration::days(1));
    token.get(COLLECTION).await.problem(401, "token_expired");
}

async fn a_token_of_ones_own_has_no_more_than_the_calling_one(app: TestApp) {
    let ada = app.person("ada").await;
    let narrow = app.token(&ada, &[READ, "tokens:manage"]).await;
    let before = app.count("tokens").await;
    for wider in ["account:read", "account:write"] {
        let problem = narrow.post("/tokens", own(&[READ_NAME, wider], PASSWORD)).await.problem(403, "scope_missing");
        assert!(problem["detail"].as_str().unwrap().contains(wider), "{problem}");
    }
    let reader = app.token(&ada, &[READ]).await;
    reader.post("/tokens", own(&[READ_NAME], PASSWORD)).await.problem(403, "scope_missing");
    let mut long = own(&[READ_NAME], PASSWORD);
    long["days"] = json!(367);
    narrow.post("/tokens", long).await.names_field("days");
    assert_eq!(app.count("tokens").await, before + 1, "only the reader");

    let bound = app.token_with(&ada, &[READ, "tokens:manage"], |new| new.origins = vec![SPA.into()]).await;
    let at_home = |body| bound.post("/tokens", body).header("origin", SPA);
    let made = at_home(own(&[READ_NAME], PASSWORD)).await.assert_status(201).json();
    assert_eq!(made["origins"], json!([SPA]));
    let mut elsewhere = own(&[READ_NAME], PASSWORD);
    elsewhere["origins"] = json!(["https://elsewhere.example"]);
    at_home(elsewhere).await.names_field("origins");
}

async fn a_wrong_password_makes_no_token(app: TestApp) {
    let ada = app.person("ada").await;
    let before = app.count("tokens").await;
    for door in ada.doors() {
        for wrong in ["", "wrong password"] {
            let message = door.post("/tokens", own(&[READ_NAME], wrong)).await.names_field("password");
            assert_eq!(message, "The password is wrong.");
        }
    }
    // Another person's password is a wrong one.
    let body = json!({"current_password": PASSWORD, "new_password": "entirely different words"});
    app.person("bob").await.browser.post("/me/password", body).await.assert_status(204);
    ada.client.post("/tokens", own(&[READ_NAME], "entirely different words")).await.names_field("password");
    assert_eq!(app.count("tokens").await, before + 1, "bob's login");
    // What is wrong otherwise is said without a guess.
    for _ in 0..15 {
        let mut body = own(&[READ_NAME], "wrong password");
        body["name"] = json!("");
        ada.client.post("/tokens", body).await.names_field("name");
    }
    ada.client.post("/tokens", own(&[READ_NAME], PASSWORD)).await.assert_status(201);
}

async fn guesses_at_the_password_are_slowed_down(app: TestApp) {
    app.clock.stop();
    let body = json!({"name": "a", "scopes": [READ_NAME], "days": 7, "password": "wrong password"});
    for (name, path, body) in [
        ("ada", "/tokens", body),
        ("bob", "/me/password", json!({"current_password": "wrong password", "new_password": "quite other words"})),
        ("eve", "/me/email", json!({"email": "eve@new.example", "password": "wrong password"})),
        ("joe", "/reauthenticate", json!({"password": "wrong password"})),
    ] {
        for door in ["/session/v1", "/api/v1"] {
            let person = app.person(&format!("{name}{}", door.len())).await;
            let door = person.doors().into_iter().find(|other| other.mount() == door).unwrap();
            for _ in 0..10 {
                let status = door.post(path, body.clone()).await.status;
                assert!(status == 422 || status == 401, "{path}: {status}");
            }
            app.clock.advance(Duration::milliseconds(10));
            let mut tries = 0;
            loop {
                let reply = door.post(path, body.clone()).await;
                if reply.status == 429 {
                    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
                    break;
                }
                tries += 1;
                assert!(tries < 5, "{path} is never slowed down");
            }
            // It is one count with signing in, by the account. A browser that has signed in has its own.
            let login = json!({"email": person.email, "password": PASSWORD});
            let login = door.post("/login", login).await;
            assert_eq!(login.status, 429, "{}: {}", login.asked, login.text());
            app.clock.advance(Duration::hours(3));
        }
    }
}

async fn a_page_that_only_a_token_allows_sends_no_password(app: TestApp) {
    let ada = app.person("ada").await;
    let page = "https://elsewhere.example";
    let bound = app.token_with(&ada, &all_scopes(), |new| new.origins = vec![page.into()]).await;
    let from = |path: &str, body: Value| bound.post(path, body).header("origin", page);
    for (path, body) in [
        ("/tokens", own(&[READ_NAME], PASSWORD)),
        ("/me/password", json!({"current_password": PASSWORD, "new_password": "entirely different words"})),
        ("/me/email", json!({"email": "ada@new.example", "password": PASSWORD})),
        ("/reauthenticate", json!({"password": PASSWORD})),
    ] {
        let reply = from(path, body).await;
        reply.problem(403, "origin_not_allowed");
        assert_eq!(reply.header("access-control-allow-origin"), page, "the page can read why");
    }
    // What takes no password goes on.
    from("/tokens", json!({"name": "a", "scopes": [READ_NAME], "days": 7})).await.assert_status(201);
    assert!(app.letters().await.iter().all(|letter| !letter.header("Subject").contains("changed")));
}

async fn without_logins_the_token_door_takes_no_password(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.login = TokenLogin::Off).await;
    let browser = app.browser();
    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    browser.submit("/sign-up", &form).await.assert_status(303);
    let made = json!({"name": "own", "scopes": all_scopes(), "days": 7, "password": PASSWORD});
    let made = browser.post("/tokens", made).await.assert_status(201).json();
    let client = app.client(made["token"].as_str().unwrap());
    for (path, body) in [
        ("/tokens", own(&[READ_NAME], PASSWORD)),
        ("/me/password", json!({"current_password": PASSWORD, "new_password": "entirely different words"})),
        ("/me/email", json!({"email": "ada@new.example", "password": PASSWORD})),
        ("/reauthenticate", json!({"password": PASSWORD})),
    ] {
        client.post(path, body.clone()).await.problem(403, "login_disabled");
    }
    browser.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
}

async fn a_token_that_gives_the_password_again_is_trusted_for_a_while(app: TestApp) {
    let ada = app.person("ada").await;
    let own = app.token(&ada, &all_scopes()).await;
    // A login has just given it, another token never did.
    ada.client.get("/export").await.assert_status(200);
    own.get("/export").await.problem(403, "reauthentication_required");
    app.clock.advance(Duration::minutes(10));
    for client in [&ada.client, &own] {
        let problem = client.get("/export").await.problem(403, "reauthentication_required");
        assert!(problem["detail"].as_str().unwrap().contains("/api/v1/reauthenticate"), "{problem}");
        for wrong in ["", "wrong password"] {
            let wrong = client.post("/reauthenticate", json!({"password": wrong})).await;
            wrong.problem(401, "invalid_credentials");
        }
        client.get("/export").await.problem(403, "reauthentication_required");
        let reply = client.post("/reauthenticate", json!({"password": PASSWORD})).await;
        assert!(reply.assert_status(204).body.is_empty());
        client.get("/export").await.assert_status(200);
    }
    // It counts for that token only, and not for long.
    app.token(&ada, &all_scopes()).await.get("/export").await.problem(403, "reauthentication_required");
    app.clock.advance(Duration::minutes(10));
    own.get("/export").await.problem(403, "reauthentication_required");

    // A new password counts, not the one before.
    own.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
    let change = json!({"current_password": PASSWORD, "new_password": "entirely different words"});
    own.post("/me/password", change).await.assert_status(204);
    own.get("/export").await.problem(403, "reauthentication_required");
}
