//! Leptos' server functions, as an island calls them.

use axum::http::Method;
use leptos::server_fn::axum::server_fn_paths;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Browser, Door, PASSWORD, Request, TestApp, on_both_databases,
    resource::{CREATE_FUNCTION, LIST_FUNCTION, TABLE, any_arguments, create_arguments, list_arguments},
    without_database,
};

on_both_databases! {
    they_need_a_sign_in,
}

without_database! {
    they_read_no_token,
    a_body_that_says_nothing_of_its_kind_is_415,
    a_body_too_large_is_413,
    a_failure_never_leads_elsewhere,
    their_answers_are_kept_by_nobody,
}

fn call(browser: &Browser, path: &str, arguments: Value) -> Request {
    browser.ask(Method::POST, path).json(arguments)
}

async fn they_need_a_sign_in(app: TestApp) {
    let mut witness = app.witness().await;
    let open = ["/fn/accounts/strength"];
    for (path, method) in server_fn_paths().filter(|(path, _)| !open.contains(path)) {
        let id = Uuid::now_v7().to_string();
        let arguments = any_arguments(&id);
        let reply = app.browser().ask(method, path).json(arguments).await;
        // What a function takes is read first. Those of other features may take something else.
        if reply.status != 400 || path.starts_with("/fn/entries/") {
            reply.problem(401, "not_signed_in");
        }
    }
    assert!(!witness.saw_a_write().await);
}

async fn they_read_no_token(app: TestApp) {
    let ada = app.person("ada").await;
    let ask = app.browser().ask(Method::POST, LIST_FUNCTION).bearer(&ada.client.token).json(list_arguments());
    ask.await.problem(401, "not_signed_in");
}

async fn a_body_that_says_nothing_of_its_kind_is_415(app: TestApp) {
    let ada = app.person("ada").await;
    for (path, method) in server_fn_paths() {
        let ask = || ada.browser.ask(method.clone(), path);
        ask().unlabelled("draft[title]=a&draft[body]=").await.problem(415, "unsupported_media_type");
        // A form is among them: it is what a page elsewhere could post without asking first.
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/cbor",
            "",
        ] {
            let reply = ask().body(kind, "draft[title]=a&draft[body]=").await;
            reply.problem(415, "unsupported_media_type");
        }
    }
    assert_eq!(app.count(TABLE).await, 0);
}

async fn a_body_too_large_is_413(app: TestApp) {
    let ada = app.person("ada").await;
    for (path, method) in server_fn_paths() {
        let reply = ada.browser.ask(method, path).json(json!({"q": "x".repeat(256 * 1024)})).await;
        reply.problem(413, "body_too_large");
    }
}

/// Without JavaScript, Leptos would lead back to the `Referer`, with the error in the query.
async fn a_failure_never_leads_elsewhere(app: TestApp) {
    let ada = app.person("ada").await;
    let headers = [("accept", "text/html"), ("referer", "http://evil.example/")];
    let reply = call(&ada.browser, CREATE_FUNCTION, create_arguments("")).headers(&headers).await;
    reply.names_field("title");
    assert!(!reply.has("location"));
    let reply = call(&ada.browser, CREATE_FUNCTION, create_arguments("a")).headers(&headers).await;
    assert!(!reply.assert_status(200).has("location"));
}

async fn their_answers_are_kept_by_nobody(app: TestApp) {
    let ada = app.person("ada").await;
    let reply = call(&ada.browser, LIST_FUNCTION, list_arguments()).await;
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-type"), "application/json");
    // A server function that signs nobody in sets no cookie.
    assert!(!reply.has("set-cookie"));
    let login: Value = json!({"email": ada.email, "password": PASSWORD});
    ada.browser.post("/login", login).await.assert_status(200);
}
