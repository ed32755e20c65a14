//! Restores of backups of other versions, and restores that do not come to their end: a server finds the database as it
//! was, or one in which everything has ended that must not come back.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;
use time::OffsetDateTime;
use vestibule::{
    db::{
        backup::{self, Place},
        dump_restore::Held,
    },
    timestamp::Timestamp,
};

use crate::{
    backup::{ADA, files, settings},
    binary::{DatabaseLocation, Server, command, exit_code, free_address, refusal},
    operators::{cookie, run_with},
    support::{Database, PASSWORD, Prepare, RawDb, folder, on_both_databases},
    upgrade::{copy, fixture, held},
};

on_both_databases! {
    a_backup_of_a_newer_version_is_refused_and_nothing_is_changed,
    a_backup_of_an_older_version_is_brought_up_to_date,
    an_upgrade_is_rolled_back_by_the_backup_from_before,
}

/// What a newer version does to a database.
const FUTURE: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    SELECT 9999, 'future', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
const OF_THE_FUTURE: &str = "_sqlx_migrations WHERE version = 9999";
/// PostgreSQL's schemas in which a restore has kept what was there.
const KEPT: &str = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'replaced%'";

/// The URL of the database of a server that runs in `folder`.
fn url(folder: &Path, place: &DatabaseLocation) -> String {
    match place {
        DatabaseLocation::Postgres(_) => place.url().to_owned(),
        _ => format!("sqlite:{}", folder.join("vestibule.db").display()),
    }
}

/// Ada's token, from a server that has stopped.
fn served(folder: &Path, settings: &[(&str, &str)]) -> String {
    let server = Server::start(folder, settings);
    let token = server.token();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    token
}

fn status(server: &Server, token: &str) -> u16 {
    server.json("GET /api/v1/me", token, &Value::Null).0
}

/// PostgreSQL's own program, which has to succeed.
fn program(name: &str, arguments: &[&str]) {
    let done = Command::new(name).args(arguments).output().unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
}

async fn a_backup_of_a_newer_version_is_refused_and_nothing_is_changed(place: DatabaseLocation) {
    let folder = folder();
    let (settings, url) = (settings(&place), url(&folder, &place));
    let token = served(&folder, &settings);
    let mut raw = RawDb::connect(&url).await;
    raw.run(FUTURE).await;
    let (newer, now) = (folder.join("newer"), Timestamp::new(OffsetDateTime::now_utc()));
    backup::make(Place::of(&url).unwrap(), newer, String::new(), now).await.unwrap();
    let mut backups = vec!["newer"];
    if let DatabaseLocation::Postgres(_) = &place {
        // What version it is of is seen only in the database, when everything is restored but not committed.
        let inserts = folder.join("inserts");
        program("pg_dump", &["--format=custom", "--inserts", "--file", inserts.to_str().unwrap(), &url]);
        backups.push("inserts");
    }
    raw.run(&format!("DELETE FROM {OF_THE_FUTURE}")).await;
    raw.close().await;

    let before = files(&folder);
    for backup in backups {
        let (code, line) = refusal(&folder, free_address(), &settings, &["restore", backup, "--force"]);
        assert!(code == if backup == "newer" { 2 } else { 1 }, "{backup}: {code} {line}");
        assert!(line.contains("newer vestibule (migration 9999 is unknown"), "{backup}: {line}");
        assert!(line.contains("nothing was changed") || line.contains("nothing was restored"), "{backup}: {line}");
        assert_eq!(files(&folder), before, "{backup}");
        if let DatabaseLocation::Postgres(_) = &place {
            let mut raw = RawDb::connect(&url).await;
            assert_eq!(raw.texts(KEPT).await, [""; 0], "{backup}");
            raw.close().await;
        }
    }
    assert_eq!(status(&Server::start(&folder, &settings), &token), 200);
}

/// The database that `version` wrote, as a backup in `folder`.
async fn backup_of(version: &str, database: Database, folder: &Path) -> PathBuf {
    let to = folder.join("older");
    if database == Database::Sqlite {
        fs::copy(fixture(version, "vestibule.sqlite"), &to).unwrap();
    } else {
        let (url, _postgres) = copy(version, database).await;
        program("pg_dump", &["--format=custom", "--file", to.to_str().unwrap(), &url]);
    }
    to
}

async fn a_backup_of_an_older_version_is_brought_up_to_date(database: Database) {
    for version in ["0.1.0", "0.2.0"] {
        let (folder, place) = (folder(), DatabaseLocation::on(database).await);
        let settings = settings(&place);
        let backup = backup_of(version, database, &folder).await;
        let run = |line: &[&str]| run_with(&folder, &settings, line, "");
        run(&["restore", backup.to_str().unwrap()]).assert_status(0);
        assert!(run(&["migrate", "--check"]).assert_status(0).out.contains("is up to date"), "{version}");

        let held: Value = serde_json::from_slice(&held(version, database)).unwrap();
        let server = Server::start(&folder, &settings);
        assert_eq!(status(&server, held["token"].as_str().unwrap()), 401, "{version}");
        assert!(cookie(&server, ADA, held["password"].as_str().unwrap()).is_some(), "{version}");
    }
}

async fn an_upgrade_is_rolled_back_by_the_backup_from_before(place: DatabaseLocation) {
    let folder = folder();
    let (settings, url) = (settings(&place), url(&folder, &place));
    let token = served(&folder, &settings);
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    run(&["backup", "before"]).assert_status(0);
    let mut raw = RawDb::connect(&url).await;
    raw.run(FUTURE).await;
    raw.close().await;
    let (code, line) = refusal(&folder, free_address(), &settings, &["serve"]);
    assert!(code == 1 && line.contains("newer vestibule") && line.contains("restore a backup"), "{line}");

    assert!(run(&["restore", "before"]).assert_status(2).err.contains("--force"));
    let said = run(&["restore", "before", "--force"]).assert_status(0).err;
    let server = Server::start(&folder, &settings);
    assert!(cookie(&server, ADA, PASSWORD).is_some());
    assert_eq!(status(&server, &token), 401, "it may have been revoked since");
    // The newer one is kept.
    if let DatabaseLocation::Postgres(_) = &place {
        let mut raw = RawDb::connect(&url).await;
        let kept = raw.texts(KEPT).await.remove(0);
        assert!(said.contains(&format!("kept as the schema {kept}")), "{said}");
        assert_eq!(raw.count(&format!("{kept}.{OF_THE_FUTURE}")).await, 1);
    } else {
        let kept = files(&folder).into_iter().find(|name| name.starts_with("vestibule.db.replaced-")).unwrap();
        assert!(said.contains(&kept), "{said}");
        let mut raw = RawDb::connect(&format!("sqlite:{}", folder.join(kept).display())).await;
        assert_eq!(raw.count(OF_THE_FUTURE).await, 1);
    }
}

/// As if it had been killed when the tables were there, and nothing had ended yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_starts_on_a_restore_that_was_not_finished() {
    let (folder, place) = (folder(), DatabaseLocation::on(Database::Postgres).await);
    let settings = settings(&place);
    let token = served(&folder, &settings);
    // Nothing is ended before that is written down.
    let mut raw = RawDb::connect(place.url()).await;
    raw.run("ALTER TABLE operator_log RENAME TO hidden").await;
    raw.close().await;
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    run(&["backup", "before"]).assert_status(0);
    let said = run(&["restore", "before", "--force"]).assert_status(1).err;
    assert!(said.contains("what must not come back was not ended"), "{said}");
    let mut raw = RawDb::connect(place.url()).await;
    let kept = raw.texts(KEPT).await.remove(0);
    assert!(said.contains(&format!("kept as the schema {kept}")) && said.contains("`vestibule restored`"), "{said}");
    assert_eq!(raw.count("tokens WHERE revoked_at IS NULL").await, 1, "it would work");

    let (code, line) = refusal(&folder, free_address(), &settings, &["serve"]);
    assert!(code == 2 && line.contains("this database is a backup of 2") && line.contains("restored"), "{line}");
    raw.run("ALTER TABLE hidden RENAME TO operator_log").await;
    raw.close().await;
    run(&["restored", "--yes"]).assert_status(0);
    let server = Server::start(&folder, &settings);
    assert_eq!(status(&server, &token), 401);
    assert!(cookie(&server, ADA, PASSWORD).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_starts_during_a_restore_waits_until_it_is_over() {
    let (folder, place) = (folder(), DatabaseLocation::on(Database::Postgres).await);
    let settings = settings(&place);
    served(&folder, &settings);
    let mut held = Held::take(place.url()).await.unwrap();
    while held.found().others > 0 {
        held.again().await.unwrap();
    }
    let mut command = command(&folder, free_address(), &settings);
    let mut child = command.args(["accounts", "list"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_secs(1));
    assert!(child.try_wait().unwrap().is_none(), "it has looked at the database");
    drop(held);
    assert_eq!(exit_code(&mut child), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_whose_rows_are_damaged_is_no_backup() {
    let (folder, place) = (folder(), DatabaseLocation::on(Database::Postgres).await);
    let settings = settings(&place);
    let token = served(&folder, &settings);
    let mut raw = RawDb::connect(place.url()).await;
    // More than the table of contents, also when it is compressed.
    let rows = "INSERT INTO server_info (key, value, updated_at)
        SELECT 'filler ' || n, md5(n::text), now() FROM generate_series(1, 20000) n";
    raw.run(rows).await;
    raw.close().await;
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    run(&["backup", "whole"]).assert_status(0);
    let mut bytes = fs::read(folder.join("whole")).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 64] {
        *byte = !*byte;
    }
    let damaged = folder.join("damaged");
    fs::write(&damaged, bytes).unwrap();
    program("pg_restore", &["--list", damaged.to_str().unwrap()]);

    let said = run(&["restore", "damaged", "--force"]).assert_status(2).err;
    assert!(said.contains("damaged is no backup that can be restored"), "{said}");
    assert_eq!(status(&Server::start(&folder, &settings), &token), 200, "nothing was changed");
}
