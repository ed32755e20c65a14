//! CORS: which pages elsewhere may read the token door's answers.

use axum::http::Method;
use serde_json::json;

use crate::support::{
    Database, Door, OURS, Request, Response, SPA, TestApp, on_both_databases,
    resource::{COLLECTION, LIST_FUNCTION, READ, change, item, resource},
    without_database,
};

on_both_databases! {
    the_allowed_origin_may_read_that_the_house_is_busy,
}

without_database! {
    the_allowed_origin_may_read_every_answer,
    another_origin_may_not,
    with_an_empty_list_nobody_may,
    a_preflight_needs_no_token_and_names_methods_and_headers,
    a_preflight_of_another_origin_allows_it_nothing,
    an_app_in_a_web_view_may_be_allowed,
    pages_and_the_session_door_carry_no_cors_header,
}

/// Whoever is not exactly on the list.
const OTHERS: [&str; 13] = [
    "null",
    "",
    "*",
    OURS,
    "http://evil.example",
    "https://localhost:5173",
    "http://localhost",
    "http://localhost:5174",
    "http://localhost:51730",
    "http://localhost:5173.evil.example",
    "http://evil.example#http://localhost:5173",
    "http://LOCALHOST:5173",
    "http://localhost:5173/",
];

fn preflight(app: &TestApp, path: &str, origin: &str, method: &str) -> Request {
    app.ask(Method::OPTIONS, path).headers(&[
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type,if-match"),
    ])
}

#[track_caller]
fn varies_by_origin(reply: &Response) {
    let varies = reply.headers.get_all("vary").iter().flat_map(|line| line.to_str().unwrap().split(','));
    assert!(varies.map(str::trim).any(|name| name.eq_ignore_ascii_case("origin")), "{}", reply.asked);
    assert!(!reply.has("access-control-allow-credentials"), "{}", reply.asked);
}

/// The names in a list, lower case.
fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// One request for each status there is, with the status.
async fn every_answer(app: &TestApp) -> Vec<(u16, Request)> {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let reader = app.token(&ada, &[READ]).await;
    let tag = ada.client.get(&note).await.header("etag").to_owned();
    let title = item("b", "");
    vec![
        (200, ada.client.get("/me")),
        (201, ada.client.post(COLLECTION, title.clone())),
        (201, app.post("/api/v1/login").json(json!({"email": ada.email, "password": crate::support::PASSWORD}))),
        (304, ada.client.get(&note).header("if-none-match", &tag)),
        (400, ada.client.call(Method::POST, COLLECTION).body("application/json", "{")),
        (401, app.get("/api/v1/me")),
        (401, app.get("/api/v1/me").bearer("nonsense")),
        (401, app.post("/api/v1/login").json(json!({"email": "a@b", "password": "wrong"}))),
        (403, reader.post(COLLECTION, title.clone())),
        (202, app.post("/api/v1/tokens/report").json(json!({"token": "nonsense"}))),
        (404, ada.client.get(resource!("/x"))),
        (404, app.get("/api/v1/nothing")),
        (404, app.get("/api/nothing")),
        (405, ada.client.call(Method::PUT, COLLECTION)),
        (406, ada.client.get("/me").header("accept", "text/html")),
        (412, ada.client.patch(&note, title).header("if-match", "\"0\"")),
        (413, ada.client.call(Method::POST, COLLECTION).body("application/json", "x".repeat(300_000))),
        (415, ada.client.call(Method::POST, COLLECTION).body("text/plain", "{}")),
        (422, ada.client.post(COLLECTION, change(""))),
        (204, ada.client.call(Method::POST, "/logout")),
    ]
}

async fn the_allowed_origin_may_read_every_answer(app: TestApp) {
    for (status, ask) in every_answer(&app).await {
        let reply = ask.header("origin", SPA).await;
        reply.assert_status(status);
        assert_eq!(reply.header("access-control-allow-origin"), SPA, "{}", reply.asked);
        varies_by_origin(&reply);
        let exposed = names(reply.header("access-control-expose-headers"));
        for name in
            ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-request-id"]
        {
            assert!(exposed.iter().any(|given| given == name), "{}: {name}", reply.asked);
        }
    }
}

async fn the_allowed_origin_may_read_that_the_house_is_busy(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.close().await;
    let reply = ada.client.get("/me").header("origin", SPA).await;
    reply.problem(503, "unavailable");
    assert_eq!(reply.header("access-control-allow-origin"), SPA);
    varies_by_origin(&reply);
}

async fn another_origin_may_not(app: TestApp) {
    let ada = app.person("ada").await;
    for origin in OTHERS {
        for ask in [
            ada.client.get("/me"),
            ada.client.get("/nothing"),
            app.get("/api/v1/me"),
            ada.client.call(Method::PUT, COLLECTION),
            ada.client.post(COLLECTION, json!({})),
        ] {
            let reply = ask.header("origin", origin).await;
            assert!(!reply.has("access-control-allow-origin"), "{origin}: {}", reply.asked);
            varies_by_origin(&reply);
        }
    }
    // Without an origin the answer varies by it too: a cache must not give it to a page.
    let reply = ada.client.get("/me").await;
    assert!(!reply.has("access-control-allow-origin"));
    varies_by_origin(&reply);
}

async fn with_an_empty_list_nobody_may(database: Database) {
    let app = TestApp::with(database, |settings| settings.cors.allowed_origins.clear()).await;
    for origin in OTHERS.into_iter().chain([SPA]) {
        let reply = app.get("/api/v1/me").header("origin", origin).await;
        assert!(!reply.has("access-control-allow-origin"), "{origin}");
        let reply = preflight(&app, "/api/v1/me", origin, "GET").await;
        assert!(!reply.has("access-control-allow-origin"), "{origin}");
        varies_by_origin(&reply);
    }
}

async fn a_preflight_needs_no_token_and_names_methods_and_headers(app: TestApp) {
    for path in [resource!("/api/v1" => ""), resource!("/api/v1" => "/x"), "/api/v1/login", "/api/v1/nothing"] {
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            let reply = preflight(&app, path, SPA, method).await;
            assert!(reply.assert_status(204).body.is_empty());
            assert_eq!(reply.header("access-control-allow-origin"), SPA);
            let methods = names(reply.header("access-control-allow-methods"));
            assert_eq!(methods, ["get", "head", "post", "patch", "delete"]);
            let headers = names(reply.header("access-control-allow-headers"));
            let ours = [
                "authorization",
                "content-type",
                "dpop",
                "idempotency-key",
                "if-match",
                "if-none-match",
                "last-event-id",
            ];
            let tracing = ["baggage", "sentry-trace", "traceparent", "tracestate", "x-request-id"];
            assert!(ours.iter().chain(&tracing).all(|name| headers.iter().any(|given| given == name)), "{headers:?}");
            assert_eq!(headers.len(), 12, "and no other: {headers:?}");
            assert!(reply.header("access-control-max-age").parse::<u32>().unwrap() >= 600);
            varies_by_origin(&reply);
        }
    }
}

async fn a_preflight_of_another_origin_allows_it_nothing(app: TestApp) {
    for origin in OTHERS {
        let reply = preflight(&app, resource!("/api/v1" => ""), origin, "DELETE").await;
        assert!(!reply.has("access-control-allow-origin"), "{origin}");
        varies_by_origin(&reply);
    }
}

async fn an_app_in_a_web_view_may_be_allowed(database: Database) {
    let apps = [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "http://tauri.localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ];
    let named = "moz-extension://0f9c1a52-7c5e-4d27-9b5e-2d3f4a5b6c7d";
    let app = TestApp::with(database, |settings| settings.cors.allowed_origins = apps.map(str::to_owned).into()).await;
    let ada = app.person("ada").await;
    for origin in apps {
        let reply = preflight(&app, "/api/v1/me", origin, "GET").await;
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        let reply = ada.client.get("/me").header("origin", origin).await;
        assert_eq!(reply.assert_status(200).header("access-control-allow-origin"), origin);
    }
    for other in ["capacitor://localhost:1", "capacitor://other", "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba"]
    {
        assert!(!preflight(&app, "/api/v1/me", other, "GET").await.has("access-control-allow-origin"), "{other}");
        ada.client.get("/me").header("origin", other).await.problem(403, "origin_not_allowed");
    }
    // A token may name one as well.
    let token = json!({"name": "extension", "scopes": ["account:read"], "days": 1, "origins": [named]});
    let token =
        ada.browser.post("/tokens", token).await.assert_status(201).json()["token"].as_str().unwrap().to_owned();
    app.client(&token).get("/me").header("origin", named).await.assert_status(200);
}

async fn pages_and_the_session_door_carry_no_cors_header(app: TestApp) {
    let ada = app.person("ada").await;
    for path in [
        "/",
        "/sign-in",
        COLLECTION,
        "/nothing",
        "/session/v1/me",
        "/session/v1/nothing",
        "/session/nothing",
        LIST_FUNCTION,
        "/fn/nothing",
        "/healthz",
        "/readyz",
        "/mark.svg",
    ] {
        for origin in [SPA, OURS] {
            let get = ada.browser.forged(Method::GET, path).header("origin", origin).await;
            let preflight = preflight(&app, path, origin, "POST").await;
            assert_ne!(preflight.status, 200, "{path}");
            for reply in [get, preflight] {
                let cors = reply.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(cors, None, "{}", reply.asked);
            }
        }
    }
}
