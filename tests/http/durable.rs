//! An acknowledged write is kept, whatever happens to the disk. With a full, read-only or failing disk the answer is
//! 503.

use std::{
    collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path, process::Command, thread::sleep,
    time::Duration,
};

use axum::http::Method;
use serde_json::Value;

use super::binary::{PATIENCE, Server, new_token};
use crate::support::{
    Database, Door, PASSWORD, RawDb, TestApp, folder, on_both_databases,
    resource::{COLLECTION, TABLE, item},
};

on_both_databases! {
    readiness_writes_once_for_all_who_ask,
}

pub(super) const FILE: [(&str, &str); 1] = [("DATABASE_URL", "sqlite:vestibule.db")];

/// Lets no file of the server grow past `size`, as a full disk would. The signal that comes with it is not ignored
/// here: the server survives it by itself.
pub(super) fn limit(server: &Server, size: &str) {
    let (id, size) = (server.id().to_string(), format!("--fsize={size}:unlimited"));
    let done = Command::new("prlimit").args(["--pid", &id, &size]).status().expect("prlimit, of util-linux");
    assert!(done.success());
}

/// Half of the size of the write-ahead log, so that nothing can be added to it.
pub(super) fn full(folder: &Path) -> String {
    (folder.join("vestibule.db-wal").metadata().unwrap().len() / 2).to_string()
}

#[track_caller]
pub(super) fn unavailable((status, head, body): (u16, String, String)) {
    assert_eq!(status, 503, "{body}");
    assert!(head.contains("retry-after: "), "{head}");
}

fn readiness(server: &Server) -> u16 {
    server.call("GET /readyz", &[], "").0
}

/// Asks until the answer is `status`. The last result is trusted for some seconds.
pub(super) fn becomes(server: &Server, status: u16) {
    let begun = std::time::Instant::now();
    while readiness(server) != status {
        assert!(begun.elapsed() < PATIENCE, "/readyz does not become {status}");
        sleep(Duration::from_millis(100));
    }
}

fn cookie(head: &str) -> String {
    let (_, rest) = head.split_once("set-cookie: session=").unwrap();
    format!("session={}", rest.split_once(';').unwrap().0)
}

fn headers(token: &str) -> [String; 2] {
    ["content-type: application/json".into(), format!("authorization: Bearer {token}")]
}

pub(super) fn call(server: &Server, request: &str, token: &str, body: &Value) -> (u16, String, String) {
    let headers = headers(token);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.call(request, &headers.each_ref().map(String::as_str), &body)
}

/// Leaves room for a few of the thirty items that `request` makes of what `body` gives for their number. Returns the
/// ids of those that were acknowledged and of the `first`, which was there before, the newest first.
pub(super) fn kept_while_it_fills(
    server: &Server,
    folder: &Path,
    token: &str,
    request: &str,
    first: &Value,
    body: impl Fn(i32) -> Value,
) -> Vec<Value> {
    let room = folder.join("vestibule.db-wal").metadata().unwrap().len() + 100_000;
    limit(server, &room.to_string());
    let mut kept = vec![first["id"].clone()];
    let mut refused = 0;
    for number in 1..=30 {
        let answer = call(server, request, token, &body(number));
        if answer.0 == 201 {
            kept.insert(0, serde_json::from_str::<Value>(&answer.2).unwrap()["id"].clone());
        } else {
            assert_eq!(serde_json::from_str::<Value>(&answer.2).unwrap()["code"], "unavailable");
            unavailable(answer);
            refused += 1;
        }
    }
    assert!(kept.len() > 1 && refused > 1, "{} kept, {refused} refused", kept.len());
    kept
}

#[test]
fn on_a_full_disk_nothing_is_acknowledged_that_is_not_kept() {
    let folder = folder();
    let server = Server::start(&folder, &FILE);
    let token = server.token();
    let first = server.json("POST /api/v1/tokens", &token, &new_token("0")).1;
    becomes(&server, 200);

    let made = |number: i32| new_token(&number.to_string());
    let mut kept = kept_while_it_fills(&server, &folder, &token, "POST /api/v1/tokens", &first, made);

    limit(&server, &full(&folder));
    let path = format!("/api/v1/tokens/{}", first["id"].as_str().unwrap());
    unavailable(call(&server, &format!("DELETE {path}"), &token, &Value::Null));
    let bob = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    unavailable(server.form("/sign-up", "", &bob));
    unavailable(server.form("/sign-in", "", &[("email", "ada@example.org"), ("password", PASSWORD)]));
    becomes(&server, 503);

    limit(&server, "unlimited");
    becomes(&server, 200);
    let (status, list) = server.json("GET /api/v1/tokens", &token, &Value::Null);
    let listed: BTreeSet<_> = list["items"].as_array().unwrap().iter().map(|made| made["id"].to_string()).collect();
    let own = server.json("GET /api/v1/token", &token, &Value::Null).1;
    kept.push(own["id"].clone());
    assert_eq!((status, listed), (200, kept.iter().map(Value::to_string).collect()));
    let works = server.json("GET /api/v1/me", first["token"].as_str().unwrap(), &Value::Null);
    assert_eq!(works.0, 200, "not revoked");
    assert_eq!(server.form("/sign-up", "", &bob).0, 303, "nothing of the sign-up was kept");
    let log = server.log();
    for named in ["INSERT tokens", "UPDATE tokens", "INSERT readiness"] {
        assert!(log.lines().any(|line| line.contains("write_failed") && line.contains(named)), "{named}: {log}");
    }
}

#[test]
fn on_a_full_disk_nobody_is_told_that_they_are_signed_out() {
    let folder = folder();
    let server = Server::start(&folder, &FILE);
    let token = server.token();
    let (status, head, _) = server.form("/sign-in", "", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert_eq!(status, 303);
    let cookie = cookie(&head);
    let (_, about) = server.json("GET /api/v1/token", &token, &Value::Null);
    let own = format!("DELETE /api/v1/tokens/{}", about["id"].as_str().unwrap());

    limit(&server, &full(&folder));
    for request in ["POST /api/v1/logout", "POST /api/v1/logout-all", &own] {
        unavailable(call(&server, request, &token, &Value::Null));
    }
    unavailable(server.form("/sign-out", &cookie, &[]));
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 200);

    limit(&server, "unlimited");
    let account = |cookie: &str| server.call("GET /account", &[&format!("cookie: {cookie}")], "").0;
    assert_eq!(account(&cookie), 200);
    assert_eq!(server.form("/sign-out", &cookie, &[]).0, 303);
    assert_eq!(account(&cookie), 303);
    assert_eq!(server.json("POST /api/v1/logout", &token, &Value::Null).0, 204);
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_file_is_unavailable_and_not_ready() {
    let mut app = TestApp::with(Database::Sqlite, |_| {}).await;
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    app.settings.database.url += "?mode=ro";
    let app = app.another_instance().await;
    let client = app.client(&ada.client.token);
    client.post(COLLECTION, item("a", "")).await.problem(503, "unavailable");
    client.call(Method::POST, "/logout").await.problem(503, "unavailable");
    client.get(COLLECTION).await.assert_status(200);
    app.get("/readyz").await.assert_status(503);
}

/// PostgreSQL reports a full disk or a read-only server at the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_503_and_leaves_nothing() {
    let app = TestApp::with(Database::Postgres, |_| {}).await;
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    app.sql(
        "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$",
    )
    .await;
    for table in [TABLE, "tokens", "browser_sessions"] {
        let trigger = format!(
            "CREATE CONSTRAINT TRIGGER disk_is_full AFTER INSERT OR UPDATE OR DELETE ON {table}
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION disk_is_full()"
        );
        app.sql(&trigger).await;
    }
    for door in ada.doors() {
        door.post(COLLECTION, item("a", "")).await.problem(503, "unavailable");
    }
    ada.client.call(Method::POST, "/logout").await.problem(503, "unavailable");
    ada.browser.submit("/sign-out", &[]).await.assert_status(503);
    assert_eq!(app.count(TABLE).await, 0);
    ada.client.get("/me").await.assert_status(200);
    assert!(ada.browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_for_reading_only_is_unavailable_and_not_ready() {
    async fn read_only(raw: &mut RawDb, how: &str) {
        let statement = format!("'ALTER DATABASE %I {how}', current_database()");
        raw.run("SET default_transaction_read_only = off").await;
        raw.run(&format!("DO $$ BEGIN EXECUTE format({statement}); END $$")).await;
        let others = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        raw.texts(others).await;
    }
    let app = TestApp::with(Database::Postgres, |_| {}).await;
    let (ada, mut raw) = (app.person("ada").await, app.raw().await);
    app.db.wait_idle().await;
    app.get("/readyz").await.assert_status(200);
    read_only(&mut raw, "SET default_transaction_read_only = on").await;
    ada.client.post(COLLECTION, item("a", "")).await.problem(503, "unavailable");
    ada.client.get(COLLECTION).await.assert_status(200);
    becomes_in_process(&app, 503).await;
    read_only(&mut raw, "RESET default_transaction_read_only").await;
    ada.client.post(COLLECTION, item("a", "")).await.assert_status(201);
    becomes_in_process(&app, 200).await;
}

async fn becomes_in_process(app: &TestApp, status: u16) {
    let begun = std::time::Instant::now();
    while app.get("/readyz").await.status != status {
        assert!(begun.elapsed() < PATIENCE, "/readyz does not become {status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn readiness_writes_once_for_all_who_ask(app: TestApp) {
    let mut witness = app.witness().await;
    app.get("/readyz").await.assert_status(200);
    assert!(witness.saw_a_write().await, "only a write tells");
    let asked: Vec<_> = (0..20).map(|_| tokio::spawn(app.get("/readyz").into_future())).collect();
    for reply in asked {
        reply.await.unwrap().assert_status(200);
    }
    assert!(!witness.saw_a_write().await);
}

#[track_caller]
fn is_private(path: &Path) {
    let found = path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(found.permissions().mode() & 0o077, 0, "{}", path.display());
}

#[test]
fn every_file_is_for_the_servers_user_only() {
    let folder = folder();
    let files = ["vestibule.db", "vestibule.db-wal", "vestibule.db-shm", "outbox"].map(|name| folder.join(name));
    let server = Server::start(&folder, &FILE);
    server.token();
    let begun = std::time::Instant::now();
    while fs::read_dir(folder.join("outbox")).map_or(0, Iterator::count) == 0 {
        assert!(begun.elapsed() < PATIENCE, "no mail");
        sleep(Duration::from_millis(20));
    }
    for file in &files {
        is_private(file);
    }
    for mail in fs::read_dir(folder.join("outbox")).unwrap() {
        is_private(&mail.unwrap().path());
    }

    // As an earlier version created them before its machine crashed.
    drop(server);
    for file in &files[..3] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let server = Server::start(&folder, &FILE);
    files[..3].iter().for_each(|file| is_private(file));
    assert!(server.log().contains("no longer can"), "{}", server.log());
}

/// The peak memory of the server, in KiB.
fn peak(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_never_in_memory_whole() {
    let events = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 60000)
         INSERT INTO activity (id, account_id, at, kind, credential, subject, address, browser)
         SELECT randomblob(16), accounts.id, 1, 'signed_in', 'password', 'a', '', replace(hex(zeroblob(1000)), '0', 'x')
         FROM number, accounts";
    // What the allocator holds back of small objects is 25 to 50 MB, however long the export is.
    export_of(60_000, r#""subject":"a""#, events, 80_000).await;
}

/// Adds `count` items by `sql` and exports them in at most `most` KiB of memory, which is less than two thirds of them.
/// `mark` is in each of them.
pub(super) async fn export_of(count: usize, mark: &str, sql: &str, most: u64) {
    let folder = folder();
    let server = Server::start(&folder, &FILE);
    server.token();
    let (_, head, _) = server.form("/sign-in", "", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    let cookie = format!("cookie: {}", cookie(&head));
    let export = || server.call("GET /account/export", &[&cookie, "sec-fetch-site: same-origin"], "");
    assert_eq!(export().0, 200);
    let before = peak(&server);
    let url = format!("sqlite:{}", folder.join("vestibule.db").display());
    RawDb::connect(&url).await.run(sql).await;
    let (status, _, body) = export();
    let (items, grown) = (body.matches(mark).count(), peak(&server) - before);
    assert_eq!((status, items), (200, count));
    assert!(body.len() as u64 > 1500 * most);
    assert!(grown < most, "{grown} KiB for {} bytes", body.len());
}
