//! What bad input is answered with.

use axum::http::Method;
use serde_json::json;

use crate::support::{
    Door, PASSWORD, TestApp, on_both_databases,
    resource::{COLLECTION, LIST_FUNCTION, PAGE, TABLE, change, item, list_arguments, resource},
    routes::{Call, session_calls, token_calls},
    without_database,
};

on_both_databases! {
    login_answers_the_same_way,
    a_page_refuses_what_is_no_form,
    a_problem_tells_nothing_of_how_we_are_built,
}

without_database! {
    an_unknown_path_of_a_json_mount_is_a_problem,
    an_unknown_page_is_a_page,
    a_wrong_method_is_405_and_says_which_are_right,
    a_wrong_method_of_a_page_is_405_too,
    a_body_too_large_is_413,
    a_body_that_does_not_say_it_is_json_is_415,
    json_is_json_in_any_case_and_with_parameters,
    what_is_no_json_is_400,
    what_does_not_fit_is_422_and_named,
    deeply_nested_json_is_refused,
    a_form_too_large_is_413,
    a_plain_request_id_is_kept_and_another_replaced,
}

async fn an_unknown_path_of_a_json_mount_is_a_problem(app: TestApp) {
    let ada = app.person("ada").await;
    for path in [
        "/api",
        "/api/unknown",
        "/api/v1",
        "/api/v1/",
        "/api/v1/unknown",
        resource!("/api/v2" => ""),
        resource!("/api/v1" => "/a/b"),
        resource!("/api/v1/%2e%2e" => ""),
        "/session/v1",
        "/session/v1/",
        "/session/v1/unknown",
        "/session/unknown",
        "/session/v2/me",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            ada.browser.ask(method, path).await.problem(404, "route_not_found");
        }
    }
    // Signed in or not, with a token or not.
    app.get("/api/v1/unknown").await.problem(404, "route_not_found");
    ada.client.get("/unknown").await.problem(404, "route_not_found");
    // What is not there, or not yours, is another matter.
    for door in ada.doors() {
        for id in ["x", "00000000-0000-0000-0000-000000000000"] {
            door.get(&format!("{COLLECTION}/{id}")).await.problem(404, "not_found");
        }
    }
}

async fn an_unknown_page_is_a_page(app: TestApp) {
    let ada = app.person("ada").await;
    for path in
        ["/unknown", resource!("/a/b"), "/fn/unknown", "/fn/unknown/", "/%ff", "/..%2fetc/passwd", "/pkg/nothing.js"]
    {
        let page = ada.browser.visit(path).await.page(404);
        assert!(page.contains("There is nothing here") && page.contains("Signed in as ada@example.org"), "{path}");
        app.get(path).await.page(404);
    }
    ada.browser.submit("/unknown", &[]).await.page(404);
}

/// The methods of `path`, as `Allow` lists them.
fn allowed(calls: &[Call], path: &str) -> Vec<String> {
    let mut methods: Vec<_> =
        calls.iter().filter(|call| call.path == path).map(|call| call.method.to_string()).collect();
    if methods.iter().any(|method| method == "GET") {
        methods.push("HEAD".into());
    }
    methods.sort();
    methods
}

async fn a_wrong_method_is_405_and_says_which_are_right(app: TestApp) {
    let ada = app.person("ada").await;
    for (door, calls) in ada.doors().into_iter().zip([session_calls(), token_calls()]) {
        for call in &calls {
            let right = allowed(&calls, call.path);
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "NONSENSE"] {
                if right.iter().any(|allowed| allowed == method) {
                    continue;
                }
                let reply = door.call(method.parse().unwrap(), &call.path("x")).await;
                reply.problem(405, "method_not_allowed");
                let mut named: Vec<_> = reply.header("allow").split(',').map(str::to_owned).collect();
                named.sort();
                assert_eq!(named, right, "{}", reply.asked);
            }
        }
    }
    ada.browser.get("/me").await.assert_status(200);
}

async fn a_wrong_method_of_a_page_is_405_too(app: TestApp) {
    let ada = app.person("ada").await;
    for (method, path, allow) in [
        (Method::GET, "/sign-out", "POST"),
        (Method::GET, "/tokens/x/revoke", "POST"),
        (Method::PUT, COLLECTION, "GET,HEAD,POST"),
        (Method::DELETE, "/account", "GET,HEAD"),
    ] {
        let reply = ada.browser.ask(method, path).await;
        reply.page(405);
        assert_eq!(reply.header("allow"), allow, "{path}");
    }
    let function = ada.browser.ask(Method::PUT, LIST_FUNCTION).await;
    function.problem(405, "method_not_allowed");
    assert_eq!(function.header("allow"), "POST");
    ada.browser.ask(Method::POST, "/healthz").await.assert_status(405);
    assert!(ada.browser.is_signed_in().await);
}

async fn a_body_too_large_is_413(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    for door in ada.doors() {
        let large = json!({"title": "a", "body": "x".repeat(256 * 1024)});
        door.post(COLLECTION, large.clone()).await.problem(413, "body_too_large");
        door.patch(&note, large).await.problem(413, "body_too_large");
        let large = json!({"email": ada.email, "password": "x".repeat(64 * 1024)});
        let login = app.post(&format!("{}/login", door.mount())).json(large);
        login.await.problem(413, "body_too_large");
    }
    assert_eq!(app.count(TABLE).await, 1);
}

async fn a_body_that_does_not_say_it_is_json_is_415(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let text = item("a", "").to_string();
    for door in ada.doors() {
        for (method, path) in [(Method::POST, COLLECTION), (Method::PATCH, note.as_str()), (Method::POST, "/login")] {
            let ask = || door.call(method.clone(), path);
            ask().unlabelled(text.clone()).await.problem(415, "unsupported_media_type");
            ask().await.problem(415, "unsupported_media_type");
            for kind in [
                "text/plain",
                "text/plain; charset=utf-8",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "text/plain, application/json",
                "application/jsonp",
                "text/json",
                "nonsense",
                "",
            ] {
                ask().body(kind, text.clone()).await.problem(415, "unsupported_media_type");
            }
        }
    }
    assert_eq!(app.count(TABLE).await, 1);
}

async fn json_is_json_in_any_case_and_with_parameters(app: TestApp) {
    let ada = app.person("ada").await;
    let text = item("a", "").to_string();
    for door in ada.doors() {
        for kind in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"]
        {
            door.call(Method::POST, COLLECTION).body(kind, text.clone()).await.assert_status(201);
        }
    }
}

async fn what_is_no_json_is_400(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    for door in ada.doors() {
        for (method, path) in [(Method::POST, COLLECTION), (Method::PATCH, note.as_str())] {
            for text in [
                "",
                " ",
                "{",
                "{\"title\": \"a\"",
                "{'title': 'a'}",
                "title=a&body=",
                "{\"title\": \"a\", \"body\": \"\",}",
                "{\"title\": \"\\ud800\", \"body\": \"\"}",
                "\u{feff}{}",
            ] {
                let reply = door.call(method.clone(), path).body("application/json", text).await;
                reply.problem(400, "invalid_body");
            }
            let bytes = b"{\"title\": \"\xff\"}".as_slice();
            door.call(method.clone(), path).body("application/json", bytes).await.problem(400, "invalid_body");
        }
        // A second value behind the first.
        let two = r#"{"title": "a", "body": ""} {"title": "b", "body": ""}"#;
        door.call(Method::POST, COLLECTION).body("application/json", two).await.problem(400, "invalid_body");
    }
    assert_eq!(app.count(TABLE).await, 1);
}

async fn what_does_not_fit_is_422_and_named(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for text in ["null", "7", "\"text\"", "[]", "[{}]"] {
            let reply = door.call(Method::POST, COLLECTION).body("application/json", text).await;
            let problem = reply.problem(422, "validation_failed");
            assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{text}: {problem}");
        }
        let message =
            door.post(COLLECTION, json!({"title": "a", "body": "", "colour": "red"})).await.names_field("colour");
        assert_eq!(message, "There is no member of this name. There are: title, body.");
        let message = door.post(COLLECTION, change("a")).await.names_field("body");
        assert_eq!(message, "This is required.");
        let message = door.post(COLLECTION, json!({"title": true, "body": ""})).await.names_field("title");
        assert_eq!(message, "This must be a string.");
    }
}

async fn deeply_nested_json_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for depth in [200, 50_000] {
            let text = format!(r#"{{"title": {}{}, "body": ""}}"#, "[".repeat(depth), "]".repeat(depth));
            let problem = door.call(Method::POST, COLLECTION).body("application/json", text).await;
            let problem = problem.problem(400, "invalid_body");
            assert!(problem["detail"].as_str().unwrap().contains("deeper than 16 levels"), "{problem}");
        }
        let text = format!(r#"{{"title": "a", "body": "{}"}}"#, "[".repeat(5_000));
        door.call(Method::POST, COLLECTION).body("application/json", text).await.assert_status(201);
    }
}

async fn login_answers_the_same_way(app: TestApp) {
    let ada = app.person("ada").await;
    for mount in ["/api/v1", "/session/v1"] {
        let login = |body| app.browser().ask(Method::POST, &format!("{mount}/login")).json(body);
        login(json!({"email": ada.email})).await.names_field("password");
        login(json!({"email": ["a"], "password": PASSWORD})).await.names_field("email");
        login(json!({"email": ada.email, "password": PASSWORD, "admin": true})).await.names_field("admin");
        // Whatever the address: it is not looked at before the password.
        for email in ["x", "a\u{0}b@example.org", &"x".repeat(10_000)] {
            login(json!({"email": email, "password": "x"})).await.problem(401, "invalid_credentials");
        }
    }
}

async fn a_page_refuses_what_is_no_form(app: TestApp) {
    let ada = app.person("ada").await;
    for path in ["/sign-in", "/sign-up", COLLECTION, "/tokens"] {
        let ask = || ada.browser.ask(Method::POST, path);
        ask().json(item("a", "")).await.page(415);
        ask().body("text/plain", "title=a").await.page(415);
        ask().unlabelled("title=a").await.page(415);
        // Bytes that are no text do no harm.
        let status = ask().body("application/x-www-form-urlencoded", b"title=%ff%00&\xff=\xff".as_slice()).await.status;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    assert_eq!(app.count(TABLE).await, 0);
}

async fn a_form_too_large_is_413(app: TestApp) {
    let ada = app.person("ada").await;
    let large = "x".repeat(300_000);
    for path in ["/sign-in", "/sign-up", COLLECTION, "/tokens"] {
        ada.browser.submit(path, &[("title", &large)]).await.page(413);
    }
    // The longest note there is fits, URL-encoded.
    let form = [("title", "a"), ("body", &"👩".repeat(20_000))];
    ada.browser.submit(PAGE, &form).await.assert_redirect(PAGE);
}

async fn a_plain_request_id_is_kept_and_another_replaced(app: TestApp) {
    for path in ["/api/v1/me", "/session/v1/me", "/", "/healthz"] {
        let reply = app.get(path).header("x-request-id", "my-request_1.2").await;
        assert_eq!(reply.header("x-request-id"), "my-request_1.2", "{path}");
        for odd in ["with space", "a;b", "é", "", &"x".repeat(65), "<script>"] {
            let reply = app.get(path).header("x-request-id", odd).await;
            let id = reply.header("x-request-id");
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path} {odd}: {id}");
        }
    }
    let (one, two) = (app.get("/").await, app.get("/").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

async fn a_problem_tells_nothing_of_how_we_are_built(app: TestApp) {
    let ada = app.person("ada").await;
    app.sql(&format!("ALTER TABLE {TABLE} RENAME TO elsewhere")).await;
    let function = ada.browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments());
    let mut texts = Vec::new();
    for ask in [ada.client.get(COLLECTION), ada.browser.get(COLLECTION), function] {
        let reply = ask.await;
        reply.problem(500, "internal");
        texts.push(reply.text().to_owned());
    }
    let page = ada.browser.visit(PAGE).await;
    assert!(page.page(500).contains(page.header("x-request-id")), "so that it can be found in the log");
    texts.push(page.text().to_owned());
    for text in texts {
        for word in ["table", "relation", "sqlx", "SELECT", "elsewhere", "src/"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
