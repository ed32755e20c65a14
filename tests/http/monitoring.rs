//! What is seen from outside: `/metrics`, `/readyz`, and the lines of the log.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    binary::{JSON_LOG, PATIENCE, Server, free_address},
    support::{TestApp, folder, on_both_databases},
};

on_both_databases! {
    readiness_is_told_within_a_second_while_writes_hang,
}

const ADDRESS: &str = "VESTIBULE_METRICS__ADDRESS";

/// One request to the listener of metrics: the head and the body.
fn ask(address: SocketAddr, request: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("{request} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn status(address: SocketAddr, request: &str) -> u16 {
    ask(address, request, "*/*").0.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The value of a series, which is written with its labels; 0 if there is none.
fn value(text: &str, series: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map_or(0.0, |value| value.parse().unwrap())
}

#[test]
fn counters_move_and_labels_are_bounded() {
    let address = free_address();
    let server = Server::start(&folder(), &[(ADDRESS, &address.to_string())]);
    let read = || ask(address, "GET /metrics", "*/*").1;

    server.token();
    assert_eq!(server.form("/sign-in", "", &[("email", "ada@example.org"), ("password", "not this one")]).0, 401);
    assert_eq!(server.call("POST /sign-in", &["sec-fetch-site: cross-site"], "").0, 403);
    assert_eq!(server.call("GET /api/v1/me", &["authorization: Bearer vst_nothing"], "").0, 401);
    assert_eq!(server.call("GET /healthz", &[], "").0, 200);
    assert_eq!(server.call("GET /favicon.ico-not-here", &[], "").0, 404);
    let text = read();
    for series in [
        r#"vestibule_http_requests_total{route="/sign-up",method="POST",door="pages",status="303"}"#,
        r#"vestibule_http_requests_total{route="/sign-in",method="POST",door="pages",status="401"}"#,
        r#"vestibule_http_requests_total{route="/api/v1/login",method="POST",door="token",status="201"}"#,
        r#"vestibule_http_requests_total{route="/api/v1/me",method="GET",door="token",status="401"}"#,
        r#"vestibule_http_requests_total{route="/healthz",method="GET",door="health",status="200"}"#,
        r#"vestibule_http_requests_total{route="unmatched",method="any",door="pages",status="404"}"#,
        r#"vestibule_http_request_duration_seconds_count{route="/sign-up",method="POST",door="pages"}"#,
        r#"vestibule_sign_in_steps_total{step="password",result="failed"}"#,
        r#"vestibule_sign_in_steps_total{step="password",result="passed"}"#,
        r#"vestibule_account_events_total{kind="account_created"}"#,
        r#"vestibule_account_events_total{kind="sign_in_failed"}"#,
        r#"vestibule_tokens_issued_total{issued_by="login"}"#,
        r#"vestibule_tokens_refused_total{reason="token_invalid"}"#,
        r#"vestibule_problems_total{code="token_invalid"}"#,
        r#"vestibule_guard_refusals_total{mount="pages"}"#,
        r#"vestibule_ready{component="database_writes"}"#,
        r#"vestibule_password_wait_seconds_count{queue="rate"}"#,
    ] {
        assert!((value(&text, series) - 1.0).abs() < f64::EPSILON, "{series}: {}", value(&text, series));
    }
    // A sign-up, a sign-in and a login, each a hash.
    let hashed = value(&text, r#"vestibule_password_work_seconds_count{queue="hash"}"#);
    assert!((hashed - 3.0).abs() < f64::EPSILON, "{hashed}");
    for series in [
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "vestibule_sqlite_wal_bytes",
        "vestibule_connections_max",
    ] {
        assert!(value(&text, series) > 0.0, "{series}");
    }

    // However many paths are asked for, there are no more series.
    let count = || read().lines().count();
    let before = count();
    for number in 0..30 {
        for path in [format!("/nowhere/{number}"), format!("/api/v1/secret-{number}"), format!("/reset/link_{number}")]
        {
            server.call(&format!("GET {path}"), &[], "");
        }
        server.call(&format!("BREW{number} /sign-in"), &[], "");
    }
    let first = count();
    server.call("GET /nowhere/else", &[], "");
    assert_eq!(count(), first);
    assert!(first - before < 100, "{before} {first}");
    let text = read();
    assert!(!text.contains("nowhere") && !text.contains("secret-") && !text.contains("BREW"), "{text}");
    assert!(text.contains(r#"route="/reset/{token}""#), "{text}");
    assert!(!text.contains("ada@") && !text.contains("127.0.0.1"), "neither addresses of mail nor of clients");
}

#[test]
fn metrics_are_off_by_default_and_have_a_listener_of_their_own() {
    let (first, address) = (Server::start(&folder(), &[]), free_address());
    assert_eq!(first.call("GET /metrics", &[], "").0, 404);
    drop(first);
    let server = Server::start(&folder(), &[(ADDRESS, &address.to_string())]);
    assert_eq!(server.call("GET /metrics", &[], "").0, 404, "not on the public port");
    for (request, expected) in [
        ("GET /metrics", 200),
        ("POST /metrics", 405),
        ("DELETE /metrics", 405),
        ("GET /", 404),
        ("GET /healthz", 404),
        ("GET /metrics/", 404),
        ("GET /sign-in", 404),
        ("POST /api/v1/login", 404),
    ] {
        assert_eq!(status(address, request), expected, "{request}");
    }
    let (head, body) = ask(address, "GET /metrics", "*/*");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert!(!body.contains("# EOF") && body.contains("# TYPE vestibule_http_requests_total counter\n"), "{body}");
    let (head, body) = ask(address, "GET /metrics", "application/openmetrics-text; version=1.0.0");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(body.ends_with("# EOF\n") && body.contains("# TYPE vestibule_http_requests counter\n"), "{body}");
}

#[test]
fn a_server_that_drains_is_not_ready_and_goes_on_serving() {
    let address = free_address();
    let settings = [("VESTIBULE_SERVER__DRAIN_SECONDS", "1"), (ADDRESS, &address.to_string())];
    let server = Server::start(&folder(), &settings);
    let (code, _, body) = server.call("GET /readyz", &[], "");
    assert_eq!((code, body.as_str()), (200, "ready\nserver: ok\ndatabase: ok\ndatabase writes: ok\n"));
    server.terminate();
    let begun = Instant::now();
    loop {
        let (code, _, body) = server.call("GET /readyz", &[], "");
        if code == 503 {
            assert_eq!(body, "not ready\nserver: stopping\ndatabase: ok\ndatabase writes: ok\n");
            break;
        }
        assert!(begun.elapsed() < Duration::from_millis(900), "{code}: {body}");
        sleep(Duration::from_millis(10));
    }
    assert_eq!((server.call("GET /", &[], "").0, server.call("GET /healthz", &[], "").0), (200, 200));
    assert_eq!(status(address, "GET /metrics"), 200);
    assert_eq!(server.wait(), Some(0));
}

async fn readiness_is_told_within_a_second_while_writes_hang(app: TestApp) {
    let mut raw = app.raw().await;
    // Whoever else writes has to wait.
    let is_sqlite = app.settings.database.url.starts_with("sqlite:");
    raw.run(if is_sqlite { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE readiness IN EXCLUSIVE MODE" }).await;
    let begun = Instant::now();
    let answers =
        [app.get("/readyz"), app.get("/readyz"), app.get("/readyz")].map(|request| tokio::spawn(request.into_future()));
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, 503);
        let expected = "not ready\nserver: ok\ndatabase: ok\ndatabase writes: no answer\n";
        assert_eq!(answer.text(), expected);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    raw.run("ROLLBACK").await;
    let begun = Instant::now();
    while app.get("/readyz").await.status != 200 {
        assert!(begun.elapsed() < PATIENCE, "not ready again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_line_of_json_has_the_request_the_client_and_the_account() {
    let server = Server::start(&folder(), &[JSON_LOG]);
    let token = server.token();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let (authorization, parent) =
        (format!("authorization: Bearer {token}"), format!("traceparent: 00-{trace}-00f067aa0ba902b7-01"));
    let headers = [authorization.as_str(), "x-request-id: mine-1", &parent];
    let (code, _, me) = server.call("GET /api/v1/me", &headers, "");
    assert_eq!(code, 200);
    let me: Value = serde_json::from_str(&me).unwrap();
    for quiet in ["GET /healthz", "GET /readyz"] {
        assert_eq!(server.call(quiet, &[], "").0, 200);
    }
    let log = server.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["target"] == "vestibule::request").collect();
    assert!(requests.iter().all(|line| line["message"] == "answered" && line["took_ms"].is_u64()), "{log}");
    let ours = requests.iter().find(|line| line["span"]["id"] == "mine-1").expect(&log);
    assert_eq!((&ours["level"], &ours["status"]), (&"INFO".into(), &200.into()));
    let span = &ours["span"];
    for (field, expected) in
        [("method", "GET"), ("path", "/api/v1/me"), ("address", "127.0.0.1"), ("trace_id", trace), ("name", "request")]
    {
        assert_eq!(span[field], expected, "{span}");
    }
    assert_eq!(span["account"], me["id"], "{span}");
    assert!(!log.contains("/healthz") && !log.contains("/readyz"), "all is well: {log}");
    assert!(!log.contains(&token[4..]), "never the token");
}
