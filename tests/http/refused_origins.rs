//! How a developer learns why their page is refused.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use axum::http::Method;
use serde_json::json;

use crate::{
    binary::{Server, command, free_address},
    settings_check::check,
    support::{Door, PASSWORD, SPA, TestApp, folder, without_database},
};

without_database! {
    a_refusal_names_the_origin_and_the_setting,
    login_obeys_the_rule_of_every_other_call,
    the_session_door_says_what_came_and_what_to_do,
}

const ALLOWED: (&str, &str) = ("VESTIBULE_CORS__ALLOWED_ORIGINS", "http://localhost:4610");

fn preflight(server: &Server, origin: &str) {
    let origin = format!("origin: {origin}");
    server.call("OPTIONS /api/v1/me", &[&origin, "access-control-request-method: GET"], "");
}

#[test]
fn each_refused_origin_is_logged_once_with_what_to_change() {
    let server = Server::start(&folder(), &[ALLOWED]);
    let near = "http://localhost:4611";
    for _ in 0..3 {
        preflight(&server, near);
        server.call("GET /api/v1/me", &[&format!("origin: {near}")], "");
        server.call("POST /api/v1/login", &[&format!("origin: {near}"), "content-type: application/json"], "{}");
    }
    preflight(&server, "http://127.0.0.1:4610");
    preflight(&server, "null");
    preflight(&server, ALLOWED.1);
    server.call("GET /api/v1/me", &["origin: http://localhost:3000"], "");
    server.call("GET /session/v1/me", &["origin: http://localhost:5173", "sec-fetch-site: same-site"], "");
    preflight(&server, "http://a\tb.example");
    preflight(&server, &format!("https://{}.example", "x".repeat(5_000)));

    let log = server.log();
    let lines = |about: &str| -> Vec<&str> {
        log.lines().filter(|line| line.contains(" WARN ") && line.contains(about)).collect()
    };
    let [line] = lines(&format!("origin {near} "))[..] else { panic!("one line for each origin: {log}") };
    for part in ["add http://localhost:4611 to cors.allowed_origins (now: http://localhost:4610)", "the port differs"] {
        assert!(line.contains(part), "{line}");
    }
    let [line] = lines("origin http://127.0.0.1:4610 ")[..] else { panic!("{log}") };
    assert!(line.contains("different hosts"), "{line}");
    let [line] = lines("origin null ")[..] else { panic!("{log}") };
    assert!(line.contains("cannot be allowed"), "{line}");
    let [line] = lines("/session/v1 are for pages on")[..] else { panic!("{log}") };
    for part in ["http://localhost:5173", "server.public_url", "proxy", "/api/v1 with a token"] {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(lines("cannot read /api/v1").len(), 5, "neither what is allowed nor the site itself: {log}");
    assert!(!log.contains('\t') && log.lines().all(|line| line.len() < 2_000), "it is escaped and cut");
}

#[test]
fn the_log_line_of_an_answer_says_what_was_refused() {
    let server = Server::start(&folder(), &[ALLOWED]);
    let token = server.token();
    let headers = [
        "content-type: application/json".to_owned(),
        format!("authorization: Bearer {token}"),
        format!("origin: {}", ALLOWED.1),
    ];
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    let (status, _, own) = server.call("GET /api/v1/token", &headers[..2], "");
    assert_eq!(status, 200);
    let id = serde_json::from_str::<serde_json::Value>(&own).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.call("POST /api/v1/reauthenticate", &headers, r#"{"password": 7, "a\nb": 1}"#).0, 422);
    let log = server.log();
    let line = log.lines().find(|line| line.contains("answered") && line.contains("status=422")).expect(&log);
    let parts = ["code=\"validation_failed\"", "fields=\"", "password", "a\\", &format!("token={id}"), ALLOWED.1];
    for part in parts {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!log.contains(&token[4..]), "never the token");
    let plain = log.lines().find(|line| line.contains("answered") && line.contains("status=200")).expect(&log);
    assert!(!plain.contains("code=") && !plain.contains("fields=") && !plain.contains("origin="), "{plain}");
}

#[test]
fn the_allowed_origins_are_said_at_the_start_and_by_check() {
    let (code, said) = check(&[ALLOWED], &[]);
    assert!(code == 0 && said.contains("(cors.allowed_origins): http://localhost:4610."), "{said}");
    let (_, said) = check(&[], &[]);
    assert!(said.contains("cors.allowed_origins is empty"), "{said}");
    let mut server = command(&folder(), free_address(), &[ALLOWED]);
    let mut server = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let said = lines.by_ref().take(2).map(Result::unwrap).collect::<Vec<_>>().join("\n");
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(said.contains("(cors.allowed_origins): http://localhost:4610."), "{said}");
}

async fn a_refusal_names_the_origin_and_the_setting(app: TestApp) {
    let ada = app.person("ada").await;
    let foreign = "http://localhost:5174";
    let detail = |problem: serde_json::Value| problem["detail"].as_str().unwrap().to_owned();
    let login = app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD}));
    for ask in [ada.client.get("/me"), login, app.post("/api/v1/tokens/report").json(json!({"token": "x"}))] {
        let said = detail(ask.header("origin", foreign).await.problem(403, "origin_not_allowed"));
        assert!(said.contains(foreign) && said.contains("`cors.allowed_origins`"), "{said}");
    }
    let bound = app.token_with(&ada, &["account:read"], |new| new.origins = vec![foreign.into()]).await;
    let said = detail(bound.get("/me").header("origin", SPA).await.problem(403, "origin_not_allowed"));
    assert!(said.contains(SPA) && !said.contains(foreign), "it says only what the caller sent: {said}");
    bound.get("/me").header("origin", foreign).await.assert_status(200);
}

async fn login_obeys_the_rule_of_every_other_call(app: TestApp) {
    let ada = app.person("ada").await;
    let login = || app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD}));
    for (origins, admitted) in [
        (&[][..], true),
        (&[SPA], true),
        (&["http://localhost:3000"], true),
        (&["http://localhost:5174"], false),
        (&["null"], false),
        (&[SPA, SPA], false),
        (&[SPA, "http://localhost:3000"], false),
    ] {
        for (ask, fine) in [(login(), 201), (ada.client.get("/me"), 200)] {
            let ask = origins.iter().fold(ask, |ask, origin| ask.append_header("origin", origin));
            let reply = ask.await;
            reply.assert_status(if admitted { fine } else { 403 });
        }
    }
}

async fn the_session_door_says_what_came_and_what_to_do(app: TestApp) {
    let ada = app.person("ada").await;
    let from = [("sec-fetch-site", "same-site"), ("origin", "http://localhost:5173")];
    let refused = ada.browser.forged(Method::GET, "/session/v1/me").headers(&from).await;
    let refused = refused.problem(403, "cross_origin_request");
    let said = refused["detail"].as_str().unwrap();
    for part in ["`Sec-Fetch-Site: same-site`", "`Origin: http://localhost:5173`", "/api/v1 with a token", "proxy"] {
        assert!(said.contains(part), "{said}");
    }
}
