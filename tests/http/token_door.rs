//! The token door: `/api/v1`, by `Authorization: Bearer`.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use vestibule::{secret::Secret, timestamp::Timestamp};

use crate::support::{
    Door, PASSWORD, Person, TestApp, all_scopes, current_token_members, members, on_both_databases,
    resource::{COLLECTION, READ, READ_NAME, item, resource},
    routes::{Items, token_calls},
    without_database,
};

on_both_databases! {
    me_is_the_account,
    token_is_the_token_that_asks,
    logout_revokes_the_token_that_made_the_call,
    logout_all_revokes_the_accounts_tokens_and_no_others,
    every_call_without_a_token_is_told_how_to_bring_one,
    every_call_with_a_token_that_lacks_the_scope_is_refused_and_told_which,
    a_scope_opens_its_own_calls_and_no_others,
    a_token_expires_by_the_clock,
    a_wrong_checksum_is_refused_without_asking_the_database,
    without_a_database_the_answer_is_to_try_again,
    the_session_cookie_counts_for_nothing_here,
    last_used_is_kept_to_the_minute,
    get_changes_nothing,
}

without_database! {
    what_is_no_token_of_ours_is_invalid,
    two_authorization_headers_are_refused,
    the_scheme_is_read_in_any_case,
    another_scheme_is_no_token,
    a_token_is_read_nowhere_but_in_the_header,
    no_answer_sets_a_cookie,
}

pub(super) fn after(value: &Value, from: &Value) -> Duration {
    let read = |value: &Value| serde_json::from_value::<Timestamp>(value.clone()).unwrap();
    read(value) - read(from)
}

async fn me_is_the_account(app: TestApp) {
    let ada = app.person("ada").await;
    let me = ada.client.get("/me").await.assert_status(200).json();
    assert_eq!(members(&me), ["created_at", "email", "email_confirmed", "id", "name"]);
    assert_eq!(me, serde_json::to_value(&ada.account).unwrap());
}

async fn token_is_the_token_that_asks(app: TestApp) {
    let ada = app.person("ada").await;
    let client = app.token(&ada, &[READ]).await;
    let token = client.get("/token").await.assert_status(200).json();
    assert_eq!(members(&token), current_token_members());
    assert_eq!(token["scopes"], json!([READ_NAME]));
    assert_eq!(token["name"], "test");
    assert_eq!(after(&token["expires_at"], &token["created_at"]), Duration::days(30));
}

async fn logout_revokes_the_token_that_made_the_call(app: TestApp) {
    let ada = app.person("ada").await;
    let other = app.token(&ada, &all_scopes()).await;
    let reply = ada.client.call(Method::POST, "/logout").await;
    assert!(reply.assert_status(204).body.is_empty());

    let reply = ada.client.get("/me").await;
    reply.problem(401, "token_revoked");
    assert!(reply.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", error="invalid_token""#));
    ada.client.call(Method::POST, "/logout").await.problem(401, "token_revoked");
    other.get("/me").await.assert_status(200);
    assert!(ada.browser.is_signed_in().await);
}

async fn logout_all_revokes_the_accounts_tokens_and_no_others(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let second = app.token(&ada, &[READ]).await;
    ada.client.call(Method::POST, "/logout-all").await.assert_status(204);
    ada.client.get("/me").await.problem(401, "token_revoked");
    second.get(COLLECTION).await.problem(401, "token_revoked");
    bob.client.get("/me").await.assert_status(200);
}

async fn every_call_without_a_token_is_told_how_to_bring_one(app: TestApp) {
    let ada = app.person("ada").await;
    let items = Items::of(&ada).await;
    let mut witness = app.witness().await;
    for call in token_calls() {
        let path = items.path(call.path);
        let mut ask = app.ask(call.method.clone(), &format!("/api/v1{path}"));
        if let Some(body) = call.body() {
            ask = ask.json(body);
        }
        let reply = ask.await;
        reply.problem(401, "token_missing");
        assert!(
            reply.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", resource_metadata="#),
            "{}",
            reply.asked
        );
    }
    assert!(!witness.saw_a_write().await);
}

async fn every_call_with_a_token_that_lacks_the_scope_is_refused_and_told_which(app: TestApp) {
    let ada = app.person("ada").await;
    let items = Items::of(&ada).await;
    for scope in all_scopes() {
        let others: Vec<_> = all_scopes().into_iter().filter(|other| *other != scope).collect();
        let client = app.token(&ada, &others).await;
        // The first use of a token is noted, at most once a minute.
        client.get("/token").await.assert_status(200);
        let mut witness = app.witness().await;
        for call in token_calls().iter().filter(|call| call.scope == Some(scope)) {
            let mut ask = client.call(call.method.clone(), &items.path(call.path));
            if let Some(body) = call.body() {
                ask = ask.json(body);
            }
            let reply = ask.await;
            let problem = reply.problem(403, "scope_missing");
            assert!(problem["detail"].as_str().unwrap().contains(scope), "{problem}");
            let challenge = format!(r#"Bearer realm="vestibule", error="insufficient_scope", scope="{scope}""#);
            assert_eq!(reply.header("www-authenticate"), challenge, "{}", reply.asked);
        }
        assert!(!witness.saw_a_write().await, "{scope}");
    }
}

async fn a_scope_opens_its_own_calls_and_no_others(app: TestApp) {
    // Each call has a token of its own, and an account has room for so many.
    for (number, scope) in all_scopes().into_iter().enumerate() {
        let ada = app.person(&format!("ada{number}")).await;
        // In the table's order an item is deleted last.
        let items = Items::of(&ada).await;
        for call in token_calls() {
            let client = app.token(&ada, &[scope]).await;
            let mut ask = client.call(call.method.clone(), &items.path(call.path));
            if let Some(body) = call.body() {
                ask = ask.json(body);
            }
            let reply = ask.await;
            let refused = call.scope.is_some_and(|needed| needed != scope);
            let code = if reply.status.is_success() { json!("") } else { reply.json()["code"].take() };
            assert_eq!(code == "scope_missing", refused, "{} with {scope}: {}", reply.asked, reply.text());
            // As far as the others get: an item's id is no token's, the end of this token is fixed, and it never gave
            // the password.
            let expected = match call.path {
                "/tokens/{id}" => "not_found",
                "/token/renew" => "conflict",
                "/export" | "/factors/totp" | "/passkeys/{id}" | "/sessions/{id}" => "reauthentication_required",
                "/sessions" if call.method == Method::DELETE => "reauthentication_required",
                _ => "",
            };
            assert!(refused || code == expected, "{} {scope}: {}", reply.asked, reply.text());
        }
    }
}

async fn a_token_expires_by_the_clock(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::hours(12) - Duration::seconds(5));
    ada.client.get("/me").await.assert_status(200);
    app.clock.advance(Duration::seconds(5));
    let reply = ada.client.get("/me").await;
    reply.problem(401, "token_expired");
    assert!(reply.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", error="invalid_token""#));
}

async fn what_is_no_token_of_ours_is_invalid(app: TestApp) {
    let ada = app.person("ada").await;
    let token = &ada.client.token;
    let never_issued = Secret::generate("vst").unwrap();
    let other_prefix = Secret::generate("xyz").unwrap();
    for text in [
        never_issued.reveal(),
        other_prefix.reveal(),
        &token[..41],
        &format!("{token}0"),
        &format!("{token} {token}"),
        &token.to_lowercase(),
        "vst_",
        "' OR 1=1 --",
        "",
        &"x".repeat(5_000),
    ] {
        let reply = app.get("/api/v1/me").bearer(text).await;
        reply.problem(401, "token_invalid");
        assert!(reply.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", error="invalid_token""#));
    }
    // Bytes that are no text.
    app.get("/api/v1/me").bearer("é").await.problem(401, "token_invalid");
}

async fn a_wrong_checksum_is_refused_without_asking_the_database(app: TestApp) {
    let ada = app.person("ada").await;
    let last = if ada.client.token.ends_with('a') { 'b' } else { 'a' };
    let mistyped = format!("{}{last}", &ada.client.token[..41]);
    app.db.close().await;
    app.get("/api/v1/me").bearer(&mistyped).await.problem(401, "token_invalid");
}

async fn without_a_database_the_answer_is_to_try_again(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.close().await;
    let reply = ada.client.get("/me").await;
    reply.problem(503, "unavailable");
    assert!(reply.header("retry-after").parse::<u32>().is_ok());
}

async fn two_authorization_headers_are_refused(app: TestApp) {
    let ada = app.person("ada").await;
    let ask = ada.client.get("/me").append_header("authorization", &format!("Bearer {}", ada.client.token));
    ask.await.problem(400, "invalid_body");
    ada.client.get("/me").append_header("authorization", "Basic YTpi").await.problem(400, "invalid_body");
}

async fn the_scheme_is_read_in_any_case(app: TestApp) {
    let ada = app.person("ada").await;
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let ask = app.get("/api/v1/me").header("authorization", &format!("{scheme} {}", ada.client.token));
        ask.await.assert_status(200);
    }
}

async fn another_scheme_is_no_token(app: TestApp) {
    let ada = app.person("ada").await;
    for value in [format!("Basic {}", ada.client.token), ada.client.token.clone(), String::new()] {
        let reply = app.get("/api/v1/me").header("authorization", &value).await;
        reply.problem(401, "token_missing");
        assert!(reply.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", resource_metadata="#));
    }
}

async fn a_token_is_read_nowhere_but_in_the_header(app: TestApp) {
    let ada = app.person("ada").await;
    let token = &ada.client.token;
    let query = format!("/api/v1{COLLECTION}?access_token={token}&token={token}&authorization=Bearer%20{token}");
    app.get(&query).await.problem(401, "token_missing");
    let form = app.post(resource!("/api/v1" => "")).form(&[("access_token", token), ("title", "x"), ("body", "")]);
    form.await.problem(401, "token_missing");
    let body = json!({"access_token": token, "title": "x", "body": ""});
    app.post(resource!("/api/v1" => "")).json(body).await.problem(401, "token_missing");
    for name in ["session", "__Host-Http-session", "__Host-session", "token", "access_token", "Authorization"] {
        app.get("/api/v1/me").header("cookie", &format!("{name}={token}")).await.problem(401, "cookie_at_token_door");
    }
}

async fn the_session_cookie_counts_for_nothing_here(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(ada.browser.is_signed_in().await);
    for call in token_calls() {
        let reply = ada.browser.ask(call.method.clone(), &format!("/api/v1{}", call.path("x"))).await;
        reply.problem(401, "cookie_at_token_door");
    }
    // Nor does a bad one harm.
    ada.client.get("/me").header("cookie", "session=nonsense; session=again").await.assert_status(200);
}

async fn no_answer_sets_a_cookie(app: TestApp) {
    let ada = app.person("ada").await;
    let credentials = json!({"email": ada.email, "password": PASSWORD, "remember": true});
    let asks = [
        app.post("/api/v1/login").json(credentials),
        ada.client.get("/me"),
        ada.client.post(COLLECTION, item("a", "")),
        ada.client.call(Method::POST, "/logout"),
        ada.client.get("/me"),
        // With a cookie, good and bad.
        ada.browser.ask(Method::GET, "/api/v1/me"),
        app.get("/api/v1/nothing").header("cookie", "session=nonsense"),
    ];
    for ask in asks {
        let reply = ask.await;
        assert!(!reply.has("set-cookie"), "{}", reply.asked);
    }
}

async fn last_used(ada: &Person) -> Value {
    let tokens = ada.browser.get("/tokens").await.assert_status(200).json();
    tokens["items"][0]["last_used_at"].clone()
}

async fn last_used_is_kept_to_the_minute(app: TestApp) {
    let ada = app.person("ada").await;
    assert_eq!(last_used(&ada).await, Value::Null);
    let mut witness = app.witness().await;
    ada.client.get("/me").await.assert_status(200);
    assert!(witness.saw_a_write().await);
    let first = last_used(&ada).await;
    assert!(first.is_string());

    for _ in 0..5 {
        ada.client.get("/me").await.assert_status(200);
    }
    assert!(!witness.saw_a_write().await, "once a minute is enough");
    app.clock.advance(Duration::minutes(1));
    ada.client.get("/me").await.assert_status(200);
    assert!(witness.saw_a_write().await);
    assert!(after(&last_used(&ada).await, &first) >= Duration::minutes(1));
}

async fn get_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let mut witness = app.witness().await;
    for method in [Method::GET, Method::HEAD] {
        for path in ["/me", "/token", "/tokens", COLLECTION, resource!("?limit=1"), &note] {
            ada.client.call(method.clone(), path).await.assert_status(200);
        }
    }
    assert!(!witness.saw_a_write().await);
}
