//! Passwords that are known from breaches are refused wherever one is chosen, and nobody is locked out for having one.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use axum::http::Method;
use serde_json::{Value, json};
use vestibule::auth::passwords::breached::{Format, learn};

use crate::{
    binary::{DatabaseLocation, Server, free_address, refusal},
    operators::{Said, run_with},
    support::{Database, PASSWORD, TestApp, field_error, folder, on_both_databases},
};

on_both_databases! {
    a_breached_password_is_refused_wherever_one_is_chosen,
    whoever_has_a_breached_password_can_still_sign_in,
    operators_cannot_choose_a_breached_password_either,
}

/// Strong enough for everything but a list of stolen passwords, and with a form of its own once it is normalized.
const STOLEN: &str = "stolen cafe\u{301} umbrella";
const NORMALIZED: &str = "stolen café umbrella";
const MESSAGE: &str = "This password is in a list of passwords that were stolen from other sites. Choose another one.";

/// A file of breached passwords in a folder of its own.
fn file_of(list: &str) -> String {
    let path = folder().join("breached.filter");
    let now = "2026-11-28T12:00:00Z".parse().unwrap();
    learn(list.as_bytes(), Format::Plain, 1_000, |_| {}).unwrap().write(&path, now).unwrap();
    path.display().to_string()
}

async fn with_stolen(database: Database) -> TestApp {
    TestApp::with(database, |settings| settings.passwords.breached = file_of(STOLEN)).await
}

async fn a_breached_password_is_refused_wherever_one_is_chosen(database: Database) {
    let app = with_stolen(database).await;
    let ada = app.person("ada").await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let link = app.link("/reset/").await;
    for stolen in [STOLEN, NORMALIZED] {
        let new = [("name", "Bob"), ("email", "bob@example.org"), ("password", stolen)];
        let pages = [
            app.browser().submit("/sign-up", &new).await.page(422),
            app.browser().submit(&link, &[("password", stolen)]).await.page(422),
            ada.browser.submit("/account/password", &[("current", PASSWORD), ("password", stolen)]).await.page(422),
        ];
        for page in pages {
            assert_eq!(field_error(&page, "password"), MESSAGE);
            assert!(!page.contains("umbrella"), "a password does not come back");
        }
        for door in ada.doors() {
            let change = json!({"current_password": PASSWORD, "new_password": stolen});
            let problem = door.post("/me/password", change).await.problem(422, "validation_failed");
            let error = &problem["errors"][0];
            let told = (&error["field"], &error["code"], &error["message"], &error["params"]);
            assert_eq!(told, (&json!("new_password"), &json!("breached"), &json!(MESSAGE), &json!({})));
        }
        let asked = json!({"password": stolen, "email": "", "name": ""});
        let told = app.browser().ask(Method::POST, "/fn/accounts/strength").json(asked).await.assert_status(200).json();
        assert_eq!(told, json!({"score": 0, "rejection": MESSAGE, "feedback": ""}));
    }
    assert_eq!(app.count("accounts").await, 1);
    // The link is still good, and so is any other password.
    app.browser().submit(&link, &[("password", "stolen tea umbrella")]).await.assert_status(200);
    let new = [("name", "Bob"), ("email", "bob@example.org"), ("password", "STOLEN café umbrella")];
    app.browser().submit("/sign-up", &new).await.assert_status(303);
}

async fn whoever_has_a_breached_password_can_still_sign_in(app: TestApp) {
    let ada = app.person("ada").await;
    let mut app = app;
    app.settings.passwords.breached = file_of(PASSWORD);
    let app = app.another_instance().await;
    let browser = app.browser();
    browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let login = json!({"email": ada.email, "password": PASSWORD});
    app.post("/api/v1/login").json(login.clone()).await.assert_status(201);
    app.browser().ask(Method::POST, "/session/v1/login").json(login).await.assert_status(200);
    let change = [("current", PASSWORD), ("password", PASSWORD)];
    let page = browser.submit("/account/password", &change).await.page(422);
    assert_eq!(field_error(&page, "password"), MESSAGE);
    let change = [("current", PASSWORD), ("password", "entirely different words")];
    browser.submit("/account/password", &change).await.assert_status(303);
}

fn run(folder: &Path, place: &DatabaseLocation, breached: &str, line: &[&str], typed: &str) -> Said {
    let environment = [("DATABASE_URL", place.url()), ("VESTIBULE_PASSWORDS__BREACHED", breached)];
    run_with(folder, &environment, line, typed)
}

async fn operators_cannot_choose_a_breached_password_either(place: DatabaseLocation) {
    let folder = folder();
    fs::write(folder.join("list"), format!("{STOLEN}\n")).unwrap();
    let run = |line: &[&str], typed: &str| run(&folder, &place, "breached.filter", line, typed);
    // The server does not start without the file that it is told to use.
    let settings = [("DATABASE_URL", place.url()), ("VESTIBULE_PASSWORDS__BREACHED", "breached.filter")];
    let (code, line) = refusal(&folder, free_address(), &settings, &["serve"]);
    assert!(code == 1 && line.contains("passwords.breached: breached.filter cannot be used"), "{line}");
    let made = run(&["passwords", "learn", "list", "--plain"], "").assert_status(0);
    assert!(
        made.out.starts_with("Made breached.filter (")
            && made.out.ends_with("from list. Passwords kept: 1. Lines read: 1.\n"),
        "{}",
        made.out
    );
    assert_eq!(made.err, "Restart the server to use it.\n");

    let server = Server::start(&folder, &settings);
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", STOLEN)];
    let (status, _, page) = server.form("/sign-up", "", &form);
    assert!(status == 422 && page.contains(MESSAGE), "{page}");
    let create = ["accounts", "create", "ada@example.org"];
    let refused = run(&create, STOLEN).assert_status(2);
    assert!(refused.err.contains(MESSAGE) && !refused.err.contains("umbrella"), "{}", refused.err);
    run(&create, PASSWORD).assert_status(0);
    assert!(!server.log().contains("umbrella"));
}

const SETTING: &str = "VESTIBULE_PASSWORDS__BREACHED";

/// The SHA-1 hashes of "password number 0", "1" and "2".
const HASHES: [&str; 3] = [
    "529B6501A081B46D89571D9D2EC0EE8C7D062642",
    "06B1E31950FD17228F88DDE969B4DD00E948873E",
    "F16E72D182CBB8D156C969624E2993C20EBDA1BB",
];

fn learned(folder: &Path, settings: &[(&str, &str)], line: &[&str], typed: &str) -> Said {
    run_with(folder, settings, &[&["passwords", "learn"], line].concat(), typed)
}

fn check(folder: &Path, breached: &str) -> Said {
    run_with(folder, &[(SETTING, breached)], &["check"], "")
}

#[test]
fn a_download_is_learned_without_a_database() {
    let folder = folder();
    let lines: Vec<_> = HASHES.iter().zip(1..).map(|(hash, count)| format!("{hash}:{count}\r\n")).collect();
    let list = lines.concat();
    fs::write(folder.join("download"), &list).unwrap();
    let said = learned(&folder, &[], &["download", "--to", "breached.filter"], "").assert_status(0);
    assert!(
        said.out.contains("Passwords kept: 3. Lines read: 3.") && said.err.contains("set passwords.breached"),
        "{}",
        said.err
    );
    let mode = fs::metadata(folder.join("breached.filter")).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, fs::read_dir(&folder).unwrap().count()), (0o600, 2));
    let checked = check(&folder, "breached.filter").assert_status(0);
    assert!(
        checked.out.contains("Breached passwords are refused: 3, from a file that was made today."),
        "{}",
        checked.out
    );
    let without = check(&folder, "").assert_status(0);
    assert!(
        without.out.contains("Breached passwords are not refused: passwords.breached is not set."),
        "{}",
        without.out
    );

    // By stdin, over the older file, and only the most frequent.
    let line = ["-", "--at-most", "2"];
    let said = learned(&folder, &[(SETTING, "breached.filter")], &line, &list).assert_status(0);
    assert!(said.out.contains("from -. Passwords kept: 2. Lines read: 3."), "{}", said.out);
    let checked = check(&folder, "breached.filter").assert_status(0);
    assert!(checked.out.contains("Breached passwords are refused: 2,"), "{}", checked.out);
}

#[test]
fn what_cannot_be_learned_is_one_line_and_makes_nothing() {
    let folder = folder();
    fs::write(folder.join("plain"), "correct horse battery\n").unwrap();
    fs::write(folder.join("ntlm"), "8846F7EAEE8FB117AD06BDD830B7586C:5\n").unwrap();
    fs::write(folder.join("empty"), "").unwrap();
    symlink("plain", folder.join("link")).unwrap();
    let to = ["--to", "breached.filter"];
    for (line, told) in [
        (&["plain", to[0], to[1]][..], "plain: line 1 is not a SHA-1 hash"),
        (&["ntlm", to[0], to[1]], "line 1 is an NTLM hash"),
        (&["empty", to[0], to[1]], "no password in the list"),
        (&["missing", to[0], to[1]], "missing cannot be read"),
        (&[".", to[0], to[1]], "directory"),
        (&["plain", "--plain"], "passwords.breached is not set"),
        (&["plain", "--plain", "--to", "plain"], "plain exists and was not made by this command"),
        (&["plain", "--plain", "--to", "link"], "link exists and was not made by this command"),
        (&["plain", "--plain", "--to", "no/such/folder"], "no/such/folder cannot be written"),
        (&["plain", "--plain", "--to", "."], "exists and was not made by this command"),
    ] {
        let said = learned(&folder, &[], line, "");
        assert!([1, 2].contains(&said.code) && said.err.contains(told), "{line:?}: {}", said.err);
        assert!(said.err.lines().count() == 1 && said.out.is_empty(), "{line:?}: {}", said.err);
        assert!(!said.err.contains("horse"), "{line:?}: {}", said.err);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 4, "{line:?}: nothing was made");
    }
    assert_eq!(fs::read_to_string(folder.join("plain")).unwrap(), "correct horse battery\n");
}

#[test]
fn a_damaged_file_refuses_the_start_and_is_found_by_check() {
    let folder = folder();
    learned(&folder, &[], &["-", "--plain", "--to", "breached.filter"], "correct horse battery").assert_status(0);
    let whole = fs::read(folder.join("breached.filter")).unwrap();
    let mut damaged = whole.clone();
    damaged[50] ^= 1;
    for (contents, told) in [
        (&whole[..whole.len() - 1], "it is incomplete"),
        (&damaged, "it is damaged"),
        (b"a list of passwords", "was not made by `vestibule passwords learn`"),
        (b"", "was not made by `vestibule passwords learn`"),
    ] {
        fs::write(folder.join("breached.filter"), contents).unwrap();
        let (code, line) = refusal(&folder, free_address(), &[(SETTING, "breached.filter")], &["serve"]);
        let named = "passwords.breached: breached.filter cannot be used: ";
        assert!(code == 1 && line.contains(named) && line.contains(told), "{line}");
        let checked = check(&folder, "breached.filter").assert_status(2);
        assert!(checked.out.contains(named) && checked.out.contains(told), "{}", checked.out);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no database was made");
    }
    let found: Value = {
        let said = run_with(&folder, &[(SETTING, "breached.filter")], &["check", "--json"], "").assert_status(2);
        serde_json::from_str(&said.out).unwrap()
    };
    assert_eq!((&found["valid"], &found["findings"][0]["key"]), (&json!(false), &json!("passwords.breached")));
}

#[test]
fn check_says_how_old_the_file_is() {
    let path = folder().join("breached.filter");
    let list = b"correct horse battery".as_slice();
    let learned = learn(list, Format::Plain, 10, |_| {}).unwrap();
    learned.write(&path, "2024-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let said = check(&folder(), &path.display().to_string()).assert_status(0);
    assert!(
        said.out.contains("advice  passwords.breached: the file was made ") && said.out.contains(" days ago"),
        "{}",
        said.out
    );
}
