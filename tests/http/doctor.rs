//! `vestibule doctor`, beside a server that runs and one that does not; and what shells and `man` get.
//! TLS and proxies are in tests/deploy.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    binary::{DatabaseLocation, PATIENCE, PUBLIC_URL_BY_ADDRESS, Server, command, free_address},
    operators::{Said, run, run_with},
    support::{RawDb, folder, on_both_databases},
};

on_both_databases! {
    a_doctor_says_what_is_wrong_and_changes_nothing,
    an_operator_makes_a_token_for_somebody,
}

const ADA: &str = "ada@example.org";

/// Runs it as on the machine of a server that listens on `address`.
fn doctor(folder: &Path, place: &DatabaseLocation, address: &str, line: &[&str]) -> Said {
    let settings = [("DATABASE_URL", place.url()), ("LEPTOS_SITE_ADDR", address), PUBLIC_URL_BY_ADDRESS];
    run_with(folder, &settings, &[&["doctor"][..], line].concat(), "")
}

/// The status of `check`, and what is said about it.
fn found(document: &Value, check: &str) -> (String, String) {
    let entries = document["checks"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["check"] == check);
    let text = |name: &str| entry.map(|entry| entry[name].as_str().unwrap().to_owned()).unwrap_or_default();
    (text("status"), format!("{} {}", text("message"), text("advice")))
}

async fn a_doctor_says_what_is_wrong_and_changes_nothing(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url()), PUBLIC_URL_BY_ADDRESS]);
    let address = server.address().to_string();
    let healthy = doctor(&folder, &place, &address, &["--json", "--mail-to", ADA]).json();
    assert_eq!(healthy["healthy"], true, "{healthy}");
    for check in ["server", "site", "clock", "compression", "database", "mail", "test message", "permissions"] {
        let mut checks = healthy["checks"].as_array().unwrap().iter();
        assert!(checks.any(|found| found["check"] == check && found["status"] == "ok"), "{check}: {healthy}");
    }
    assert_eq!(found(&healthy, "backup").0, "warning", "nobody has made one");
    assert_eq!(fs::read_dir(folder.join("outbox")).unwrap().count(), 1, "the message was written");
    run(&folder, &place, &["backup", "copy"], "").assert_status(0);
    let lines = doctor(&folder, &place, &address, &[]).assert_status(0).out;
    assert!(lines.lines().any(|line| line.starts_with("ok       backup: the newest is 0 hours old")), "{lines}");

    let mut raw = match &place {
        DatabaseLocation::Postgres(postgres) => RawDb::connect(&postgres.url).await,
        _ => RawDb::connect(&format!("sqlite:{}", folder.join("vestibule.db").display())).await,
    };
    if let DatabaseLocation::Postgres(_) = &place {
        let settings = [
            ("DATABASE_URL", place.url()),
            ("VESTIBULE_BACKUP__EVERY_HOURS", "24"),
            ("VESTIBULE_BACKUP__POSTGRES_BIN", "/nowhere"),
        ];
        let said = run_with(&folder, &settings, &["doctor"], "").assert_status(1);
        assert!(said.out.contains("problem  backup: the server can make none: pg_dump is not in"), "{}", said.out);
    }
    raw.run("INSERT INTO server_info SELECT 'backup_of', 'last week', updated_at FROM server_info LIMIT 1").await;
    let copy = doctor(&folder, &place, &address, &["--json"]);
    let copy: Value = serde_json::from_str(&copy.assert_status(1).out).unwrap();
    let (status, words) = found(&copy, "database");
    assert!(status == "problem" && words.contains("is a backup of last week"), "{copy}");
    raw.run("DELETE FROM server_info WHERE key = 'backup_of'").await;
    let newest = "(SELECT max(version) FROM _sqlx_migrations)";
    raw.run(&format!("UPDATE _sqlx_migrations SET version = 99999999 WHERE version = {newest}")).await;
    let newer = doctor(&folder, &place, &address, &["--json"]);
    let newer: Value = serde_json::from_str(&newer.assert_status(1).out).unwrap();
    assert!(found(&newer, "database").1.contains("migration 99999999 is unknown"), "{newer}");
    raw.run("DELETE FROM _sqlx_migrations WHERE version = 99999999").await;
    let older = doctor(&folder, &place, &address, &["--json"]).json();
    assert_eq!(found(&older, "database").0, "warning");
    assert!(found(&older, "database").1.contains("1 migrations of this binary have not run"), "{older}");

    drop(server);
    fs::set_permissions(folder.join("outbox"), fs::Permissions::from_mode(0o755)).unwrap();
    let said = doctor(&folder, &place, &address, &[]).assert_status(1);
    let problems: Vec<_> = said.out.lines().filter(|line| line.starts_with("problem")).collect();
    let of = |check: &str| problems.iter().any(|line| line.starts_with(&format!("problem  {check}: ")));
    assert!(of("server") && of("site") && of("permissions") && problems.len() == 3, "{}", said.out);
    assert!(said.out.contains("chmod go= outbox") && said.err.ends_with("3 problems were found\n"), "{}", said.err);
}

#[test]
fn a_doctor_needs_no_database_and_makes_none() {
    let folder = folder();
    let said = run_with(&folder, &[PUBLIC_URL_BY_ADDRESS], &["doctor"], "").assert_status(1);
    assert!(said.out.contains("problem  database: there is no database of a server at sqlite:"), "{}", said.out);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let bad = [("VESTIBULE_TOKENS__PER_ACCOUNT", "0"), ("DATABASE_URL", "postgres://me:s3cret@127.0.0.1:1/x")];
    let said = run_with(&folder, &bad, &["doctor"], "").assert_status(1);
    assert!(said.out.contains("problem  settings: tokens.per_account"), "{}", said.out);
    assert!(said.out.contains("problem  database: ") && !said.out.contains("s3cret"), "{}", said.out);
}

async fn an_operator_makes_a_token_for_somebody(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    server.token();
    let run = |line: &[&str]| run(&folder, &place, line, "");
    let line = ["tokens", "create", ADA, "--name", "deploy", "--scope", "account:read", "--days", "7"];
    let said = run(&line).assert_status(0);
    let token = said.out.trim_end();
    assert!(said.err.contains("not shown again") && !said.err.contains(token), "{}", said.err);
    let (status, me) = server.json("GET /api/v1/me", token, &Value::Null);
    assert_eq!((status, &me["email"]), (200, &json!(ADA)), "{me}");
    let listed = run(&["tokens", "list", "--json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["scopes"]), (&json!("deploy"), &json!("account:read")), "{listed}");
    let made = run(&[&line[..], &["--json"]].concat()).json();
    assert!(made["token"].as_str().unwrap().starts_with("vst_") && made["name"] == "deploy", "{made}");
    let log = run(&["log", "--json"]).json().to_string();
    assert!(log.contains("tokens create") && !log.contains(token), "{log}");
    assert!(run(&["activity", "list", ADA]).assert_status(0).out.contains("deploy"));

    for (wrong, told) in [("nobody:reads", "There is no scope"), ("", "There is no scope")] {
        let said = run(&["tokens", "create", ADA, "--name", "x", "--scope", wrong]).assert_status(2);
        assert!(said.out.is_empty() && said.err.contains(told), "{}", said.err);
    }
    let said = run(&["tokens", "create", ADA, "--name", "x", "--scope", "account:read", "--days", "100000"]);
    assert!(said.assert_status(2).err.contains("days"));
    run(&["accounts", "disable", ADA]).assert_status(0);
    assert!(run(&line).assert_status(2).err.contains("is disabled"));
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = folder();
    let none = [("DATABASE_URL", "")];
    for shell in ["bash", "zsh", "fish"] {
        let script = run_with(&folder, &none, &["completions", shell], "").assert_status(0).out;
        for command in ["doctor", "lockdown", "everybody"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    run_with(&folder, &none, &["man", "man1"], "").assert_status(0);
    for page in ["vestibule.1", "vestibule-doctor.1", "vestibule-tokens-create.1"] {
        assert!(fs::read_to_string(folder.join("man1").join(page)).unwrap().contains(".SH NAME"), "{page}");
    }
}

#[test]
fn no_password_goes_where_the_settings_forbid_it() {
    let (folder, listener) = (folder(), TcpListener::bind("0.0.0.0:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    // A name that is this machine, which the settings cannot know.
    let database = format!("postgres://me:s3cret@0.0.0.0:{port}/x");
    let said = run_with(&folder, &[("DATABASE_URL", database.as_str())], &["doctor"], "").assert_status(1);
    assert!(said.out.contains("problem  settings: database.url: passwords"), "{}", said.out);
    assert!(said.out.contains("skipped  database: ") && !said.out.contains("s3cret"), "{}", said.out);

    let server = Server::start(&folder, &[PUBLIC_URL_BY_ADDRESS]);
    let (mail, address) = (format!("smtp://me:s3cret@0.0.0.0:{port}"), server.address().to_string());
    let settings = [
        ("LEPTOS_SITE_ADDR", address.as_str()),
        PUBLIC_URL_BY_ADDRESS,
        ("VESTIBULE_MAIL__SMTP_URL", mail.as_str()),
        ("VESTIBULE_MAIL__FROM", "hello@vestibule.example"),
    ];
    let said = run_with(&folder, &settings, &["doctor", "--mail-to", ADA], "").assert_status(1);
    assert!(said.out.contains("skipped  test message: "), "{}", said.out);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody connected");
}

#[test]
fn a_database_that_says_nothing_holds_nobody_up() {
    let (folder, listener) = (folder(), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("postgres://me@{}/x", listener.local_addr().unwrap());
    let settings = [("DATABASE_URL", url.as_str())];
    let said = run_with(&folder, &settings, &["doctor"], "").assert_status(1);
    assert!(said.out.contains("problem  database: ") && said.out.contains("does not answer within 5"), "{}", said.out);
    let said = run_with(&folder, &settings, &["accounts", "list"], "").assert_status(1);
    assert!(said.err.contains("does not answer within 5 seconds") && said.err.lines().count() == 1, "{}", said.err);
}

#[test]
fn a_server_that_was_not_restarted_is_told_from_a_proxy() {
    let folder = folder();
    let server = Server::start(&folder, &[]);
    let address = server.address().to_string();
    // The settings name another host since.
    let url = format!("http://127.0.0.2:{}", server.address().port());
    let settings = [("LEPTOS_SITE_ADDR", address.as_str()), ("VESTIBULE_SERVER__PUBLIC_URL", url.as_str())];
    let said = run_with(&folder, &settings, &["doctor"], "").assert_status(1);
    assert!(said.out.contains("problem  server: it runs at") && said.out.contains("Restart it"), "{}", said.out);
    assert!(!said.out.contains("problem  proxy") && !said.out.contains("problem  compression"), "{}", said.out);
}

#[test]
fn a_server_that_is_not_there_is_told_once_by_its_address() {
    let said = run_with(&folder(), &[PUBLIC_URL_BY_ADDRESS], &["doctor"], "").assert_status(1);
    let line = said.out.lines().find(|line| line.starts_with("problem  server: ")).unwrap();
    assert!(line.matches("127.0.0.1:").count() == 1 && line.contains("refused"), "{line}");
    assert!(!said.err.contains("ERROR"), "{}", said.err);
}

#[test]
fn a_file_that_others_can_read_is_told_and_stays_as_it_is() {
    let folder = folder();
    let server = Server::start(&folder, &[PUBLIC_URL_BY_ADDRESS]);
    let (address, file) = (server.address().to_string(), folder.join("vestibule.db"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = doctor(&folder, &DatabaseLocation::File, &address, &[]).assert_status(1);
    assert!(said.out.contains("chmod go= vestibule.db"), "{}", said.out);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_broken_file_is_to_be_restored() {
    let folder = folder();
    let server = Server::start(&folder, &[PUBLIC_URL_BY_ADDRESS]);
    let address = server.address().to_string();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let mut bytes = fs::read(folder.join("vestibule.db")).unwrap();
    bytes[100..4_000].fill(0xff);
    fs::write(folder.join("vestibule.db"), bytes).unwrap();
    let said = doctor(&folder, &DatabaseLocation::File, &address, &[]).assert_status(1);
    let line = said.out.lines().find(|line| line.starts_with("problem  database: ")).unwrap();
    assert!(line.contains("malformed") && line.contains("docs/backup.md") && !line.contains("password"), "{line}");
    let said = run(&folder, &DatabaseLocation::File, &["migrate", "--check"], "").assert_status(1);
    assert!(said.err.contains("malformed. The file must be"), "{}", said.err);
    assert!(!said.err.contains("communicating"), "{}", said.err);
}

#[test]
fn a_file_with_a_password_is_closed_to_others() {
    let folder = folder();
    let file = folder.join("smtp_url");
    fs::write(&file, "smtps://me:s3cret@mail.example\n").unwrap();
    let settings = [("VESTIBULE_MAIL__SMTP_URL_FILE", "smtp_url"), ("VESTIBULE_MAIL__FROM", "hello@vestibule.example")];
    for (mode, told) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let said = run_with(&folder, &settings, &["doctor"], "").assert_status(1);
        assert_eq!(said.out.contains("chmod go= smtp_url"), told, "{}", said.out);
    }
}

#[test]
fn a_server_at_a_unix_socket_is_asked_as_well() {
    let folder = folder();
    let path = folder.join("http.sock");
    let address = format!("unix:{}", path.display());
    let doctor = || run_with(&folder, &[("LEPTOS_SITE_ADDR", address.as_str())], &["doctor"], "").assert_status(1).out;
    let said = doctor();
    assert!(said.contains(&format!("problem  server: it does not answer at {address}: No such file")), "{said}");
    let mut server = command(&folder, free_address(), &[("LEPTOS_SITE_ADDR", address.as_str())]);
    let mut server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while UnixStream::connect(&path).is_err() && begun.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20));
    }
    let said = doctor();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(said.contains(&format!("ok       server: it runs at {address} and is ready")), "{said}");
    let said = doctor();
    assert!(said.contains(&format!("problem  server: it does not answer at {address}: ")), "{said}");
}

#[test]
fn another_server_behind_the_name_is_told() {
    let (ours, theirs) = (folder(), folder());
    let server = Server::start(&ours, &[]);
    // The name in the settings leads to it.
    let other = Server::start(&theirs, &[PUBLIC_URL_BY_ADDRESS]);
    let (address, url) = (server.address().to_string(), format!("http://localhost:{}", other.address().port()));
    let settings = [("LEPTOS_SITE_ADDR", address.as_str()), ("VESTIBULE_SERVER__PUBLIC_URL", url.as_str())];
    let said = run_with(&ours, &settings, &["doctor"], "").assert_status(1);
    assert!(said.out.contains("ok       server: ") && said.out.contains("leads to another vestibule"), "{}", said.out);
    assert!(!said.out.contains("ok       site: "), "{}", said.out);
}
