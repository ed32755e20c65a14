//! The server that runs: what it prints at its start, what it says to the operator, and how it stops.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    thread::sleep,
};

use serde_json::Value;

use crate::{
    binary::{Server, refusal},
    sockets::{SHORT, connect},
    support::folder,
};

/// A mail server that lets everybody in and says nothing.
fn mute() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn sigterm_waits_for_nobody_longer_than_it_says() {
    let (_mute, url) = mute();
    let server = Server::start(
        &folder(),
        &[
            ("VESTIBULE_MAIL__SMTP_URL", url.as_str()),
            ("VESTIBULE_MAIL__FROM", "hello@vestibule.example"),
            ("VESTIBULE_SERVER__SHUTDOWN_SECONDS", "2"),
        ],
    );
    server.token();
    assert_eq!(server.form("/forgot", "", &[("email", "ada@example.org")]).0, 202);
    // And a request that never ends.
    let mut slow = connect(server.address());
    let head = "POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9";
    slow.write_all(format!("{head}\r\n\r\n{{").as_bytes()).unwrap();
    sleep(SHORT);
    let log = server.log_path();
    server.terminate();
    assert_eq!(server.wait(), Some(0));

    let log = fs::read_to_string(log).unwrap();
    let line = |parts: &[&str]| log.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    // It stays in the database, and the next start sends it.
    assert!(line(&["mail_deferred", "reset", "the server stops"]), "{log}");
    assert!(line(&["no response", "/api/v1/login"]), "{log}");
    assert!(!log.contains("ada@example.org"), "{log}");
}

/// Starts it and gives what it says as it opens.
fn said(folder: &Path) -> (Server, String) {
    Server::start_saying(folder, &[])
}

#[test]
fn the_outbox_opens_with_what_was_printed() {
    let folder: PathBuf = folder();
    let (server, first) = said(&folder);
    let (_, key) = first.split_once("http://localhost:3000/dev/outbox?key=").unwrap();
    let key = key.trim();
    assert_eq!(server.call("GET /dev/outbox", &[], "").0, 404);
    let (status, head, _) = server.call(&format!("GET /dev/outbox?key={key}"), &[], "");
    assert_eq!(status, 303);
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(server.call("GET /dev/outbox", &[&cookie], "").0, 200);
    assert_eq!(server.call("GET /dev/outbox", &[&cookie, "x-forwarded-for: 192.0.2.1"], "").0, 404);
    assert!(!server.log().contains(key), "it is for the terminal");
    drop(server);
    let (server, second) = said(&folder);
    assert_ne!(first, second);
    assert_eq!(server.call("GET /dev/outbox", &[&cookie], "").0, 404, "a new start, a new key");
}

#[test]
fn a_site_that_does_not_know_its_address_tells_the_operator() {
    let server = Server::start(&folder(), &[]);
    let from = [
        "sec-fetch-site: same-origin",
        "origin: https://app.example",
        "content-type: application/x-www-form-urlencoded",
    ];
    for _ in 0..5 {
        assert_eq!(server.call("POST /forgot", &from, "email=ada%40example.org").0, 403);
    }
    let log = server.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("VESTIBULE_SERVER__PUBLIC_URL")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains("WARN") && told[0].contains("https://app.example"), "{log}");
    assert!(told[0].contains("http://localhost:3000"), "{log}");
}

#[test]
fn it_runs_in_an_empty_folder_without_any_setting() {
    let folder = folder();
    let server = Server::start(&folder, &[]);
    let token = server.token();
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).1["email"], "ada@example.org");
    assert!(folder.join("vestibule.db").is_file());
    server.terminate();
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_port_in_use_is_one_line_and_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = folder();
    let (code, line) = refusal(&folder, address, &[], &[]);
    assert_eq!(code, 1);
    assert!(line.contains(&format!("cannot listen on {address}")) && line.contains("LEPTOS_SITE_ADDR"), "{line}");
    assert!(!folder.join("vestibule.db").exists(), "and nothing was made");
}
