//! Tokens that work from the pages of some origins only, and what CORS makes of them.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use vestibule::features::tokens::service::Expiry;

use crate::support::{
    Client, Database, Door, OURS, PASSWORD, Person, Response, SPA, TestApp, all_scopes, on_both_databases,
    resource::{COLLECTION, READ_FIELD, READ_NAME, TABLE, item, resource},
};

on_both_databases! {
    a_token_works_from_its_origins_and_nowhere_else,
    the_page_of_a_token_may_read_every_answer,
    what_a_token_names_is_for_that_token_alone,
    a_token_without_origins_works_from_here_and_from_the_list,
    a_preflight_is_answered_by_the_union,
    the_page_of_a_token_reads_that_it_has_ended,
    what_a_token_makes_works_from_no_other_origin,
    the_page_makes_and_shows_them,
    a_refusal_is_no_use,
    preflights_ask_the_database_only_where_the_settings_do_not_know,
    what_takes_a_password_is_for_pages_of_the_settings_alone,
    a_refusal_that_asks_the_database_is_counted,
    the_page_of_a_token_reads_that_it_comes_too_often,
}

const APP: &str = "https://app.example";

async fn bound(app: &TestApp, person: &Person, origins: &[&str]) -> Client {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    app.token_with(person, &all_scopes(), |new| new.origins = origins).await
}

fn preflight(app: &TestApp, origin: &str) -> crate::support::Request {
    app.ask(Method::OPTIONS, resource!("/api/v1" => "")).headers(&[
        ("origin", origin),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ])
}

#[track_caller]
fn may_read(reply: &Response, origin: &str) -> bool {
    let allowed = reply.header("access-control-allow-origin");
    assert!(allowed.is_empty() || allowed == origin, "{}: {allowed}", reply.asked);
    assert_eq!(reply.has("access-control-expose-headers"), !allowed.is_empty() && reply.status != 204);
    assert!(!reply.has("access-control-allow-credentials"));
    !allowed.is_empty()
}

async fn a_token_works_from_its_origins_and_nowhere_else(app: TestApp) {
    let ada = app.person("ada").await;
    let token = bound(&app, &ada, &[APP, "http://localhost:8080"]).await;
    for origin in [APP, "http://localhost:8080"] {
        token.get("/me").header("origin", origin).await.assert_status(200);
        token.post(COLLECTION, item("a", "")).header("origin", origin).await.assert_status(201);
    }
    let before = app.count(TABLE).await;
    let problem = token.get("/me").await.problem(403, "origin_not_allowed");
    assert!(problem["detail"].as_str().unwrap().contains("origin"), "{problem}");
    for origin in
        [SPA, OURS, "null", "", "*", "https://app.example:8443", "https://evil.app.example", "HTTPS://APP.EXAMPLE"]
    {
        let note = token.post(COLLECTION, item("a", "")).header("origin", origin);
        note.await.problem(403, refused_code(origin));
    }
    token.get("/me").header("origin", APP).append_header("origin", APP).await.problem(403, "origin_not_allowed");
    assert_eq!(app.count(TABLE).await, before);
}

async fn the_page_of_a_token_may_read_every_answer(app: TestApp) {
    let ada = app.person("ada").await;
    let token = bound(&app, &ada, &[APP]).await;
    for (status, ask) in [
        (200, token.get("/me")),
        (404, token.get("/nothing")),
        (404, token.get(resource!("/x"))),
        (405, token.call(Method::PUT, COLLECTION)),
        (422, token.post(COLLECTION, json!({}))),
        (401, app.get("/api/v1/me")),
        (401, app.get("/api/v1/me").bearer("mistyped")),
    ] {
        let reply = ask.header("origin", APP).await;
        assert!(may_read(reply.assert_status(status), APP), "{}", reply.asked);
    }
}

async fn what_a_token_names_is_for_that_token_alone(app: TestApp) {
    let (ada, mallory) = (app.person("ada").await, app.person("mallory").await);
    bound(&app, &mallory, &["https://evil.example"]).await;
    // Her page passes the preflight now, and gains nothing by it.
    assert!(may_read(&preflight(&app, "https://evil.example").await, "https://evil.example"));
    let reply = ada.client.get("/me").header("origin", "https://evil.example").await;
    reply.problem(403, "origin_not_allowed");
    assert!(!may_read(&reply, "https://evil.example"));
    let write = ada.client.post(COLLECTION, item("a", "")).header("origin", "https://evil.example");
    write.await.problem(403, "origin_not_allowed");
    assert_eq!(app.count(TABLE).await, 0);
    let bound = bound(&app, &ada, &[APP]).await;
    bound.get("/me").header("origin", "https://evil.example").await.problem(403, "origin_not_allowed");
}

async fn a_token_without_origins_works_from_here_and_from_the_list(app: TestApp) {
    let ada = app.person("ada").await;
    ada.client.get("/me").await.assert_status(200);
    ada.client.get("/me").header("origin", OURS).await.assert_status(200);
    assert!(may_read(ada.client.get("/me").header("origin", SPA).await.assert_status(200), SPA));
    for origin in [APP, "null", "", "http://localhost"] {
        ada.client.get("/me").header("origin", origin).await.problem(403, refused_code(origin));
    }
}

async fn a_preflight_is_answered_by_the_union(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(!may_read(&preflight(&app, APP).await, APP));
    bound(&app, &ada, &["https://a.example", APP, "https://b.example"]).await;
    for (origin, allowed) in [
        (APP, true),
        (SPA, true),
        ("https://a.example", true),
        ("https://b.example", true),
        ("https://app.exampl", false),
        ("https://app_example", false),
        ("https://%.example", false),
        ("https://a.example https://app.example", false),
        ("null", false),
        ("", false),
    ] {
        let reply = preflight(&app, origin).await;
        assert_eq!(may_read(reply.assert_status(204), origin), allowed, "{origin}");
    }
    // On every instance at once.
    let there = app.another_instance().await;
    assert!(may_read(&preflight(&there, APP).await, APP));
}

async fn the_page_of_a_token_reads_that_it_has_ended(app: TestApp) {
    let ada = app.person("ada").await;
    let token = app
        .token_with(&ada, &all_scopes(), |new| {
            new.origins = vec![APP.into()];
            new.expiry = Expiry::Days(1);
        })
        .await;
    let doomed = bound(&app, &ada, &["https://b.example"]).await;
    doomed.call(Method::POST, "/logout").header("origin", "https://b.example").await.assert_status(204);
    app.clock.advance(Duration::days(1));
    for (token, origin, code) in [(token, APP, "token_expired"), (doomed, "https://b.example", "token_revoked")] {
        assert!(may_read(&preflight(&app, origin).await, origin));
        let reply = token.get("/me").header("origin", origin).await;
        reply.problem(401, code);
        assert!(may_read(&reply, origin));
    }
}

async fn what_a_token_makes_works_from_no_other_origin(app: TestApp) {
    let ada = app.person("ada").await;
    let token = bound(&app, &ada, &[APP, "https://b.example"]).await;
    let make = |origins: serde_json::Value| {
        let body = json!({"name": "made", "scopes": [READ_NAME], "days": 1, "origins": origins});
        token.post("/tokens", body).header("origin", APP)
    };
    make(json!(["https://evil.example"])).await.names_field("origins");
    make(json!([APP, "https://evil.example"])).await.names_field("origins");
    assert_eq!(
        make(json!(["https://b.example"])).await.assert_status(201).json()["origins"],
        json!(["https://b.example"])
    );
    assert_eq!(make(json!([])).await.assert_status(201).json()["origins"], json!([APP, "https://b.example"]));
}

async fn the_page_makes_and_shows_them(app: TestApp) {
    let ada = app.person("ada").await;
    let form = |origins: &'static str| [("name", "spa"), ("days", "7"), (READ_FIELD, "on"), ("origins", origins)];
    let page = ada.browser.submit("/tokens", &form("https://app.example/ x")).await.page(422);
    let message = crate::support::field_error(&page, "origins");
    assert!(message.contains("https://app.example") && message.contains("no trailing slash"), "{message}");
    assert!(page.contains(r#"value="https://app.example/ x""#), "{page}");
    let page = ada.browser.submit("/tokens", &form("https://app.example, http://localhost:8080")).await.page(201);
    assert!(page.contains("Only from <code>https://app.example</code> <code>http://localhost:8080</code>"), "{page}");
    ada.browser.submit("/tokens", &form("  ")).await.page(201);
}

async fn a_refusal_is_no_use(app: TestApp) {
    let ada = app.person("ada").await;
    let token = bound(&app, &ada, &[APP]).await;
    let mut witness = app.witness().await;
    token.get("/me").await.assert_status(403);
    assert!(!witness.saw_a_write().await);
}

async fn preflights_ask_the_database_only_where_the_settings_do_not_know(database: Database) {
    let app = TestApp::with(database, |settings| settings.rate_limits.per_address = 3).await;
    app.db.close().await;
    for _ in 0..10 {
        assert!(may_read(preflight(&app, SPA).await.assert_status(204), SPA));
        preflight(&app, "null").at("192.0.2.1").await;
    }
    let reply = preflight(&app, APP).await;
    reply.problem(503, "unavailable");
    // And no more often than anything else that comes without a token.
    for _ in 0..2 {
        preflight(&app, APP).await.assert_status(503);
    }
    preflight(&app, APP).await.problem(429, "rate_limited");
    preflight(&app, SPA).await.assert_status(204);
}

async fn what_takes_a_password_is_for_pages_of_the_settings_alone(app: TestApp) {
    const EVIL: &str = "https://evil.example";
    let mallory = app.person("mallory").await;
    bound(&app, &mallory, &[EVIL]).await;
    assert!(may_read(&preflight(&app, EVIL).await, EVIL), "for anything else");
    let bodies = [
        ("/api/v1/login", json!({"email": mallory.email, "password": PASSWORD}), 201),
        ("/api/v1/tokens/report", json!({"token": "nonsense"}), 202),
    ];
    for (path, body, status) in &bodies {
        let ask = |origin: &str| {
            app.ask(Method::OPTIONS, path).headers(&[
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type"),
            ])
        };
        assert!(!may_read(ask(EVIL).await.assert_status(204), EVIL), "{path}");
        assert!(may_read(ask(SPA).await.assert_status(204), SPA), "{path}");
        let tokens = app.count("tokens").await;
        for origin in [EVIL, APP, "null", ""] {
            let reply = app.post(path).json(body.clone()).header("origin", origin).await;
            reply.problem(403, refused_code(origin));
            assert!(!may_read(&reply, origin), "{path}");
        }
        let two = app.post(path).json(body.clone()).header("origin", SPA).append_header("origin", EVIL);
        two.await.problem(403, "origin_not_allowed");
        assert_eq!(app.count("tokens").await, tokens);
        assert!(may_read(app.post(path).json(body.clone()).header("origin", SPA).await.assert_status(*status), SPA));
        app.post(path).json(body.clone()).header("origin", OURS).await.assert_status(*status);
        app.post(path).json(body.clone()).await.assert_status(*status);
    }
    // Nor does any of it ask the database.
    app.db.close().await;
    for (path, body, _) in bodies {
        let preflight = app.ask(Method::OPTIONS, path).header("access-control-request-method", "POST");
        preflight.header("origin", EVIL).await.assert_status(204);
        app.post(path).json(body).header("origin", EVIL).await.problem(403, "origin_not_allowed");
    }
}

async fn a_refusal_that_asks_the_database_is_counted(database: Database) {
    let app = TestApp::with(database, |settings| settings.rate_limits.per_address = 3).await;
    let nothing = |origin: &str| app.get("/api/v1/nothing").header("origin", origin).at("192.0.2.1");
    for number in 0..3 {
        nothing(&format!("https://{number}.example")).await.problem(404, "route_not_found");
    }
    app.get("/api/v1/me").bearer("nonsense").at("192.0.2.1").await.problem(429, "rate_limited");
    // Past that nobody asks it, so nobody waits for one that does not answer.
    let ada = app.person("ada").await;
    bound(&app, &ada, &[APP]).await;
    assert!(!may_read(nothing(APP).await.assert_status(404), APP));
    assert!(may_read(nothing(APP).at("192.0.2.2").await.assert_status(404), APP));
    assert!(may_read(nothing(APP).await.assert_status(404), APP), "known by now");
    assert!(may_read(nothing(SPA).await.assert_status(404), SPA));
}

async fn the_page_of_a_token_reads_that_it_comes_too_often(database: Database) {
    let app = TestApp::with(database, |settings| settings.rate_limits.per_token = 1).await;
    let ada = app.person("ada").await;
    let token = bound(&app, &ada, &[APP]).await;
    token.get("/me").header("origin", APP).await.assert_status(200);
    let reply = token.get("/me").header("origin", APP).await;
    reply.problem(429, "rate_limited");
    assert!(may_read(&reply, APP));
}

/// What a page on this origin is told, which is not allowed.
fn refused_code(origin: &str) -> &'static str {
    if origin == "null" { "origin_null" } else { "origin_not_allowed" }
}
