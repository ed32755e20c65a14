//! What an answer says is wrong: everything at once, in words for people and codes for programs, which limit was met,
//! and nothing of Rust.

use axum::http::Method;
use serde_json::{Map, Value, json};
use time::Duration;
use vestibule::http::problem::{FieldCode, KINDS, Limit};

use crate::support::{
    Client, Database, Door, PASSWORD, Response, TestApp, all_scopes, on_both_databases,
    resource::{COLLECTION, READ},
    routes::{Call, session_calls, token_calls},
    without_database,
};

on_both_databases! {
    ending_a_credential_is_never_limited,
}

without_database! {
    every_route_names_everything_that_is_wrong_in_its_own_words,
    types_and_rules_are_told_in_one_answer,
    the_numbers_of_a_message_are_told_apart,
    the_wrong_door_names_the_right_one,
    a_path_that_is_nearly_right_is_named,
    a_login_without_credentials_is_incomplete,
    a_stale_change_is_told_the_current_version,
    a_host_that_is_not_served_is_named,
    a_repeated_member_is_refused,
    a_429_says_which_limit_was_met,
}

/// What serde and the standard library say. No answer says it.
const WORDS_OF_RUST: [&str; 16] = [
    "expected",
    "unknown field",
    "unknown variant",
    "missing field",
    "invalid type:",
    "invalid value",
    "invalid length",
    "duplicate field",
    "invalid digit",
    "struct ",
    "sequence",
    "EOF",
    "u32",
    "i64",
    "parsing failed",
    "component",
];

#[track_caller]
fn is_in_our_words(reply: &Response) {
    for word in WORDS_OF_RUST {
        assert!(!reply.text().contains(word), "{}: {word:?} in {}", reply.asked, reply.text());
    }
}

/// The field and the code of each error, sorted.
#[track_caller]
fn errors(reply: &Response) -> Vec<(String, String)> {
    is_in_our_words(reply);
    let problem = reply.problem(422, "validation_failed");
    let known = FieldCode::ALL.map(FieldCode::as_str);
    let error = |error: &Value| {
        let error = error.as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "field", "message", "params"], "{problem}");
        let code = error["code"].as_str().unwrap();
        assert!(known.contains(&code), "{code}");
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with('.')), "{problem}");
        assert!(error["params"].as_object().unwrap().values().all(Value::is_i64), "{problem}");
        (error["field"].as_str().unwrap().to_owned(), code.to_owned())
    };
    let mut errors: Vec<_> = problem["errors"].as_array().unwrap().iter().map(error).collect();
    errors.sort();
    errors
}

fn fields(reply: &Response) -> Vec<String> {
    let mut fields: Vec<_> = errors(reply).into_iter().map(|(field, _)| field).collect();
    fields.dedup();
    fields
}

/// A value of another type than `value` has.
fn of_another_type(value: &Value) -> Value {
    if value.is_number() || value.is_boolean() { json!("text") } else { json!(7) }
}

/// The routes of one door, with the query parameters that they have.
fn with_parameters(document: &Value, calls: Vec<Call>) -> Vec<(Call, Vec<(String, Value)>)> {
    let parameters = |call: &Call| {
        let operation = &document["paths"][call.path][call.method.as_str().to_lowercase()];
        let all = operation["parameters"].as_array().cloned().unwrap_or_default();
        let query = all.into_iter().filter(|parameter| parameter["in"] == "query");
        query.map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), parameter["schema"].clone())).collect()
    };
    calls.into_iter().map(|call| (call.clone(), parameters(&call))).collect()
}

async fn every_route_names_everything_that_is_wrong_in_its_own_words(app: TestApp) {
    let ada = app.person("ada").await;
    let full = app.token(&ada, &all_scopes()).await;
    let (id, mut bodies, mut queries) = (uuid::Uuid::now_v7().to_string(), 0, 0);
    let doors: [(&dyn Door, &str, Vec<Call>); 2] =
        [(&ada.browser, "/session/v1", session_calls()), (&full, "/api/v1", token_calls())];
    for (door, mount, calls) in doors {
        let document = app.get(&format!("{mount}/openapi.json")).header("sec-fetch-site", "same-origin").await.json();
        for (call, parameters) in with_parameters(&document, calls) {
            let path = call.path(&id);
            // An unknown parameter, and all those of a type that have another one.
            let typed = |schema: &Value| ["integer", "boolean"].iter().any(|kind| schema["type"] == *kind);
            let wrong = parameters.iter().filter(|(_, schema)| typed(schema));
            let mut expected: Vec<_> = wrong.map(|(name, _)| name.clone()).collect();
            let query: String = expected.iter().flat_map(|name| [name, "=x&"]).collect();
            expected.push("colour".into());
            expected.sort();
            let reply = door.call(call.method.clone(), &format!("{path}?{query}colour=red")).await;
            assert_eq!(fields(&reply), expected, "{}", reply.asked);
            queries += 1;

            let Some(Value::Object(body)) = call.body() else { continue };
            let mut wrong: Map<_, _> =
                body.iter().map(|(name, value)| (name.clone(), of_another_type(value))).collect();
            wrong.insert("colour".into(), json!("red"));
            let mut expected: Vec<_> = wrong.keys().cloned().collect();
            expected.sort();
            let reply = door.call(call.method.clone(), &path).json(Value::Object(wrong)).await;
            assert_eq!(fields(&reply), expected, "{}", reply.asked);
            for text in ["7", "[]", "null", "[7]"] {
                let reply = door.call(call.method.clone(), &path).body("application/json", text).await;
                assert_eq!(errors(&reply), [("$".to_owned(), "invalid_type".to_owned())], "{}", reply.asked);
            }
            for text in ["{", "{'a': 1}", "", "{\"a\": \"\\ud800\"}", "{} {}", "nonsense"] {
                let reply = door.call(call.method.clone(), &path).body("application/json", text).await;
                let detail = reply.problem(400, "invalid_body")["detail"].as_str().unwrap().to_owned();
                is_in_our_words(&reply);
                assert!(detail.starts_with("The body is not valid JSON: "), "{detail}");
            }
            bodies += 1;
        }
    }
    assert!(bodies > 8 && queries > 20, "{bodies} {queries}");
    // The calls that need no credential.
    for (path, members) in [("/api/v1/login", &["email", "password"][..]), ("/api/v1/tokens/report", &["token"])] {
        let wrong: Map<_, _> = members.iter().map(|name| ((*name).to_owned(), json!(7))).collect();
        assert_eq!(fields(&app.post(path).json(Value::Object(wrong)).await), members);
        let missing: Vec<_> = members.iter().map(|name| ((*name).to_owned(), "required".to_owned())).collect();
        assert_eq!(errors(&app.post(path).json(json!({})).await), missing);
        assert_eq!(fields(&app.post(&format!("{path}?colour=red")).json(json!({})).await), ["colour"]);
    }
    assert!(ada.browser.is_signed_in().await, "nothing was done");
    full.get("/me").await.assert_status(200);
}

async fn types_and_rules_are_told_in_one_answer(app: TestApp) {
    let ada = app.person("ada").await;
    let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
    };
    let long = "x".repeat(20_001);
    let item = ada.item_path("a").await;
    for door in ada.doors() {
        let wrong = json!({"title": 7, "body": long, "colour": "red"});
        let expected = pairs(&[("body", "too_long"), ("colour", "unknown"), ("title", "invalid_type")]);
        assert_eq!(errors(&door.post(COLLECTION, wrong.clone()).await), expected);
        assert_eq!(errors(&door.patch(&item, wrong).await), expected);
        let expected = pairs(&[("body", "invalid_type"), ("title", "required")]);
        assert_eq!(errors(&door.post(COLLECTION, json!({"title": " ", "body": []})).await), expected);
        assert_eq!(errors(&door.post(COLLECTION, json!({"body": 7})).await), expected);

        let wrong = json!({"name": 7, "scopes": ["nonsense"], "days": 0, "renew": "yes", "origins": ["*"]});
        let expected = pairs(&[
            ("days", "out_of_range"),
            ("name", "invalid_type"),
            ("origins", "invalid"),
            ("renew", "invalid_type"),
            ("scopes[0]", "invalid_choice"),
        ]);
        assert_eq!(errors(&door.post("/tokens", wrong).await), expected);
        let wrong = json!({"name": "", "scopes": [], "days": 1, "expires_at": "tomorrow"});
        let expected = pairs(&[("expires_at", "invalid"), ("name", "required"), ("scopes", "required")]);
        let mut found = errors(&door.post("/tokens", wrong).await);
        found.retain(|(field, _)| field != "days");
        assert_eq!(found, expected);
    }
    assert_eq!(app.count("tokens").await, 1, "only that of the login");
    let login = json!({"email": 7, "password": PASSWORD, "name": "x".repeat(101), "scopes": ["nonsense"]});
    let expected = pairs(&[("email", "invalid_type"), ("name", "too_long"), ("scopes[0]", "invalid_choice")]);
    assert_eq!(errors(&app.post("/api/v1/login").json(login).await), expected);
}

async fn the_numbers_of_a_message_are_told_apart(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let long = door.post(COLLECTION, json!({"title": "a", "body": "é".repeat(20_001)})).await;
        let error = &long.problem(422, "validation_failed")["errors"][0];
        assert_eq!(error["params"], json!({"max": 20_000, "actual": 20_001}));
        let range = door.get(&format!("{COLLECTION}?limit=101")).await.problem(422, "validation_failed");
        assert_eq!(range["errors"][0]["code"], "out_of_range");
        assert_eq!(range["errors"][0]["params"], json!({"min": 1, "max": 100}));
        let short = json!({"current_password": PASSWORD, "new_password": "short"});
        let short = door.post("/me/password", short).await.problem(422, "validation_failed");
        assert_eq!(short["errors"][0]["code"], "too_short");
        assert_eq!(short["errors"][0]["params"], json!({"min": 8, "actual": 5}));
    }
}

/// It says what came instead of the credential, and nothing that the caller did not send.
async fn the_wrong_door_names_the_right_one(app: TestApp) {
    let detail = |reply: &Response, code: &str| reply.problem(401, code)["detail"].as_str().unwrap().to_owned();
    let nothing = app.get("/api/v1/me").await;
    assert!(!detail(&nothing, "token_missing").contains("Cookie"));
    let cookie = app.get("/api/v1/me").header("cookie", "session=anything").await;
    assert!(detail(&cookie, "cookie_at_token_door").contains("/session/v1, which takes the session cookie"));
    for scheme in ["Basic YTpi", "Token vst_x", "vst_x"] {
        let other = app.get("/api/v1/me").header("authorization", scheme).header("cookie", "session=anything").await;
        assert!(detail(&other, "token_missing").contains("does not begin with `Bearer`"), "{scheme}");
        assert!(
            other.header("www-authenticate").starts_with(r#"Bearer realm="vestibule", resource_metadata="#),
            "no token was sent"
        );
    }

    let nothing = app.get("/session/v1/me").await;
    assert_eq!(detail(&nothing, "not_signed_in"), "Sign in first.");
    let token = app.person("ada").await.client.token;
    let token = app.get("/session/v1/me").bearer(&token).await;
    assert!(detail(&token, "token_at_session_door").contains("Send the token to /api/v1"));
}

async fn a_path_that_is_nearly_right_is_named(app: TestApp) {
    for (asked, meant) in [
        ("/api/v1/my", None),
        ("/api/v1/toekns", Some("/api/v1/tokens")),
        ("/api/v1/tokens/", Some("/api/v1/tokens")),
        ("/api/tokens", Some("/api/v1/tokens")),
        ("/session/v1/toekns", Some("/session/v1/tokens")),
        ("/session/tokens", Some("/session/v1/tokens")),
        ("/api/v1/nonsense", None),
    ] {
        let problem = app.get(asked).await.problem(404, "route_not_found");
        let detail = problem["detail"].as_str().unwrap();
        match meant {
            Some(meant) => assert!(detail.contains(&format!("Did you mean {meant}?")), "{asked}: {detail}"),
            None => assert!(!detail.contains("Did you mean"), "{asked}: {detail}"),
        }
        assert!(detail.contains("/api/docs"), "{detail}");
    }
}

async fn a_login_without_credentials_is_incomplete(app: TestApp) {
    let browser = app.browser();
    for (email, password, missing) in
        [("", "", vec!["email", "password"]), (" ", PASSWORD, vec!["email"]), ("a@b.example", "", vec!["password"])]
    {
        let body = json!({"email": email, "password": password});
        for request in [app.post("/api/v1/login"), browser.ask(Method::POST, "/session/v1/login")] {
            let found = errors(&request.json(body.clone()).await);
            let expected: Vec<_> = missing.iter().map(|field| ((*field).to_owned(), "required".to_owned())).collect();
            assert_eq!(found, expected);
        }
    }
}

/// So a client that merges knows what it is about to read.
async fn a_stale_change_is_told_the_current_version(app: TestApp) {
    let ada = app.person("ada").await;
    let item = ada.item_path("a").await;
    ada.client.patch(&item, json!({"title": "b"})).await.assert_status(200);
    for door in ada.doors() {
        for request in [
            door.call(Method::PATCH, &item).json(json!({"title": "c"})).header("if-match", "\"1\""),
            door.call(Method::DELETE, &item).header("if-match", "\"1\""),
            door.call(Method::PATCH, &item).json(json!({"title": "c"})).header("if-none-match", "\"2\""),
        ] {
            let stale = request.await;
            stale.problem(412, "precondition_failed");
            assert_eq!(stale.header("etag"), "\"2\"");
        }
    }
}

async fn a_host_that_is_not_served_is_named(app: TestApp) {
    let reply = app.get("/api/v1/me").header("host", "other.example").await;
    let problem = reply.problem(421, "misdirected_request");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("other.example") && detail.contains("server.hosts"), "{detail}");
}

async fn a_repeated_member_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let twice = r#"{"title": "a", "body": "", "title": "b"}"#;
        let reply = door.call(Method::POST, COLLECTION).body("application/json", twice).await;
        assert_eq!(errors(&reply), [("title".to_owned(), "invalid".to_owned())]);
        let reply = door.get(&format!("{COLLECTION}?limit=1&limit=2")).await;
        assert_eq!(errors(&reply), [("limit".to_owned(), "invalid".to_owned())]);
    }
}

/// The limit in the answer.
#[track_caller]
fn limit(reply: &Response) -> String {
    let problem = reply.problem(429, "rate_limited");
    let named = problem["limit"].as_str().unwrap().to_owned();
    assert!(Limit::ALL.iter().any(|limit| limit.as_str() == named), "{named}");
    named
}

async fn a_429_says_which_limit_was_met(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.rate_limits.per_token = 1;
        settings.rate_limits.per_address = 4;
        settings.throttle.sign_ins_here = 1;
    });
    let app = app.await;
    app.clock.stop();
    let ada = app.person("ada").await;
    let token = app.token(&ada, &[READ]).await;
    token.get("/me").await;
    let reply = token.get("/me").await;
    assert_eq!(limit(&reply), "token");
    assert!(reply.json()["detail"].as_str().unwrap().starts_with("This token has made too many requests."));

    let wrong = || app.post("/api/v1/login").json(json!({"email": ada.email, "password": "wrong"})).at("192.0.2.1");
    wrong().await.assert_status(401);
    let reply = wrong().await;
    assert_eq!(limit(&reply), "password");
    assert!(reply.json()["detail"].as_str().unwrap().starts_with("Too many attempts with a password."));
    let session = json!({"email": ada.email, "password": "wrong"});
    let session = app.browser().ask(Method::POST, "/session/v1/login").json(session).at("192.0.2.1").await;
    assert_eq!(limit(&session), "password", "also where no requests are counted");

    while wrong().await.json()["limit"] != "address" {}
    let reply = app.get("/api/v1/me").bearer("nonsense").at("192.0.2.1").await;
    assert_eq!(limit(&reply), "address");
    assert_eq!(reply.header("ratelimit-policy").split(';').next(), Some("\"address\""), "the headers name the same");
}

/// Uses up what the token may do in this minute.
async fn exhaust(token: &Client) {
    while token.get("/me").await.status != 429 {}
}

async fn ending_a_credential_is_never_limited(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.rate_limits.per_token = 3;
        settings.rate_limits.per_address = 6;
    });
    let app = app.await;
    app.clock.stop();
    let ada = app.person("ada").await;
    let own_id = async |token: &Client| token.get("/token").await.json()["id"].as_str().unwrap().to_owned();

    let token = app.token(&ada, &all_scopes()).await;
    exhaust(&token).await;
    token.call(Method::POST, "/logout").await.assert_status(204);
    token.call(Method::POST, "/logout").await.problem(401, "token_revoked");

    let (token, other) = (app.token(&ada, &all_scopes()).await, app.token(&ada, &all_scopes()).await);
    let (own, others) = (own_id(&token).await, own_id(&other).await);
    exhaust(&token).await;
    assert_eq!(limit(&token.delete(&format!("/tokens/{others}")).await), "token", "it ends another");
    other.get("/me").await.assert_status(200);
    token.delete(&format!("/tokens/{own}")).await.assert_status(204);
    token.call(Method::POST, "/logout").await.problem(401, "token_revoked");

    // A token that nobody has seen lately, from an address that has used up its requests.
    app.clock.advance(Duration::minutes(1));
    let at = "192.0.2.1";
    let (kept, ended) = (app.token(&ada, &all_scopes()).await, app.token(&ada, &all_scopes()).await);
    while app.get("/api/v1/me").bearer("nonsense").at(at).await.status != 429 {}
    assert_eq!(limit(&kept.get("/me").at(at).await), "address");
    ended.call(Method::POST, "/logout").at(at).await.assert_status(204);
    ended.get("/me").await.problem(401, "token_revoked");

    // A flood of what ends nothing is refused before the database is asked.
    let never = vestibule::secret::Secret::generate("vst").unwrap();
    let flood = || app.post("/api/v1/logout").bearer(never.reveal()).at(at);
    let mut admitted = 0;
    while flood().await.status == 401 {
        admitted += 1;
    }
    assert!(admitted <= 6, "{admitted}");
    app.db.close().await;
    assert_eq!(limit(&flood().await), "address");
}

/// `docs/errors.md` has a row for each code of a problem, each code of a field, and each limit.
#[test]
fn the_page_of_errors_is_complete() {
    let page = include_str!("../../docs/errors.md");
    let rows = |section: &str| -> Vec<String> {
        let (_, section) = page.split_once(&format!("\n## {section}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        section.lines().filter(|line| line.starts_with("| ") && line.contains('`')).map(str::to_owned).collect()
    };
    let mut codes: Vec<_> = KINDS.iter().map(|(status, code)| format!("| {status} | `{code}` |")).collect();
    codes.sort();
    codes.dedup();
    let listed = rows("Codes");
    for code in &codes {
        assert!(listed.iter().any(|row| row.starts_with(code)), "docs/errors.md: no row {code}");
    }
    assert_eq!(listed.len(), codes.len(), "docs/errors.md names a code that there is not");
    for (section, names) in
        [("Fields", FieldCode::ALL.map(FieldCode::as_str).to_vec()), ("Limits", Limit::ALL.map(Limit::as_str).to_vec())]
    {
        let listed: Vec<_> = rows(section).iter().map(|row| row.split('`').nth(1).unwrap().to_owned()).collect();
        assert_eq!(listed, names, "docs/errors.md, {section}");
    }
}
