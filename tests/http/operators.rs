//! `vestibule accounts` and `vestibule sessions`, beside a server that runs on the same database.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    binary::{DatabaseLocation, PATIENCE, Server, command, exit_code, free_address},
    support::{PASSWORD, RawDb, folder, members, on_both_databases},
};

on_both_databases! {
    accounts_are_made_listed_and_deleted,
    an_account_is_disabled_and_enabled_under_a_running_server,
    a_link_for_a_new_password_works_once,
    second_factors_are_removed_after_a_waiting_time,
    browsers_are_listed_and_signed_out,
    what_cannot_be_done_is_one_line_and_2,
    why_somebody_cannot_sign_in_is_told_and_mended,
    what_a_limit_refuses_is_in_the_log,
    what_cannot_be_printed_is_one_line_and_1,
}

pub(super) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub(super) fn assert_status(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(super) fn json(self) -> Value {
        let said = self.assert_status(0);
        serde_json::from_str(&said.out).unwrap()
    }
}

/// Runs the program with `line` and `typed` on its stdin.
pub(super) fn run(folder: &Path, place: &DatabaseLocation, line: &[&str], typed: &str) -> Said {
    run_with(folder, &[("DATABASE_URL", place.url())], line, typed)
}

/// The same, with the environment `settings`.
pub(super) fn run_with(folder: &Path, settings: &[(&str, &str)], line: &[&str], typed: &str) -> Said {
    let mut command = command(folder, free_address(), settings);
    command.args(line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    // It may write more than a pipe holds.
    let mut stdout = child.stdout.take().unwrap();
    let reading = thread::spawn(move || {
        let mut out = String::new();
        stdout.read_to_string(&mut out).unwrap();
        out
    });
    let code = exit_code(&mut child).unwrap();
    let (out, mut err) = (reading.join().unwrap(), String::new());
    child.stderr.unwrap().read_to_string(&mut err).unwrap();
    assert!(!out.contains(PASSWORD) && !err.contains(PASSWORD));
    Said { code, out, err }
}

pub(super) fn cookie(server: &Server, email: &str, password: &str) -> Option<String> {
    let (status, head, _) = server.form("/sign-in", "", &[("email", email), ("password", password)]);
    let (_, rest) = head.split_once("set-cookie: session=").filter(|_| status == 303)?;
    Some(format!("session={}", rest.split_once(';').unwrap().0))
}

pub(super) fn is_signed_in(server: &Server, cookie: &str) -> bool {
    server.call("GET /account", &[&format!("cookie: {cookie}")], "").0 == 200
}

async fn accounts_are_made_listed_and_deleted(place: DatabaseLocation) {
    let folder = folder();
    drop(Server::start(&folder, &[("DATABASE_URL", place.url())]));
    let run = |line: &[&str], typed: &str| run(&folder, &place, line, typed);
    assert_eq!(run(&["accounts", "list"], "").assert_status(0).out, "There are no accounts.\n");
    let made = run(&["accounts", "create", "Ada@example.org", "--name", "Ada Lovelace"], &format!("{PASSWORD}\n"));
    assert_eq!(made.assert_status(0).out, "Created the account ada@example.org.\n");
    let line = ["accounts", "create", "bob@example.org", "--confirmed", "--json"];
    let bob = run(&line, PASSWORD).json();
    assert_eq!(members(&bob), ["created_at", "disabled_at", "email", "email_verified_at", "id", "name"]);
    assert!(bob["name"] == "bob" && bob["email_verified_at"].is_string() && bob["disabled_at"].is_null());

    let table = run(&["accounts", "list"], "").assert_status(0).out;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("EMAIL") && lines[1].contains("Ada Lovelace"), "{table}");
    assert!(lines[1].contains("unconfirmed") && lines[2].contains("  confirmed"), "{table}");
    let list = run(&["accounts", "--json", "list"], "").json();
    assert_eq!(list[1], bob);
    let first = run(&["accounts", "list", "--limit", "1", "--json"], "");
    assert!(first.err.contains("There are more than 1."), "{}", first.err);
    let first = first.json();
    assert_eq!(first, json!([list[0]]));
    let after = run(&["accounts", "list", "--after", first[0]["id"].as_str().unwrap(), "--json"], "");
    assert!(!after.err.contains("There are more"), "{}", after.err);
    assert_eq!(after.json(), json!([bob]));

    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    assert!(cookie(&server, "ada@example.org", PASSWORD).is_some(), "the server knows her");
    assert!(
        run(&["accounts", "delete", "ada@example.org"], "ada@example.org\n").assert_status(2).err.contains("--yes")
    );
    run(&["accounts", "delete", "ada@example.org", "--yes"], "").assert_status(0);
    let bob_id = bob["id"].as_str().unwrap();
    assert_eq!(run(&["accounts", "delete", bob_id, "--yes", "--json"], "").json(), json!({"deleted": bob_id}));
    assert!(cookie(&server, "ada@example.org", PASSWORD).is_none());
    assert_eq!(run(&["accounts", "list", "--json"], "").json(), json!([]));
}

async fn an_account_is_disabled_and_enabled_under_a_running_server(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    let token = server.token();
    let ada = cookie(&server, "ada@example.org", PASSWORD).unwrap();
    let me = || server.json("GET /api/v1/me", &token, &Value::Null);
    assert!(is_signed_in(&server, &ada) && me().0 == 200);

    let run = |line: &[&str]| run(&folder, &place, line, "");
    assert!(run(&["accounts", "disable", "ada@example.org"]).assert_status(0).out.contains("has been disabled"));
    assert!(!is_signed_in(&server, &ada));
    let (status, problem) = me();
    assert_eq!((status, &problem["code"]), (401, &json!("token_revoked")));
    let (status, _, page) = server.form("/sign-in", "", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert!(status == 403 && page.contains("This account is disabled."));
    assert!(run(&["accounts", "disable", "ada@example.org"]).assert_status(0).out.contains("was already disabled"));
    assert!(run(&["accounts", "list"]).assert_status(0).out.contains("disabled"));
    assert!(run(&["accounts", "reset-link", "ada@example.org"]).assert_status(2).err.contains("enable it first"));

    let enabled = run(&["accounts", "enable", "ada@example.org", "--json"]).json();
    assert!(enabled["disabled_at"].is_null());
    assert!(!is_signed_in(&server, &ada), "what has ended stays ended");
    assert_eq!(me().0, 200);
    let ada = cookie(&server, "ada@example.org", PASSWORD).unwrap();
    let (_, _, page) = server.call("GET /account", &[&format!("cookie: {ada}")], "");
    assert!(page.contains("Account disabled") && page.contains("Account enabled"), "{page}");
}

async fn a_link_for_a_new_password_works_once(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    server.token();
    let said = run(&folder, &place, &["accounts", "reset-link", "ada@example.org"], "").assert_status(0);
    let path = said.out.trim_end().strip_prefix("http://localhost:3000").unwrap();
    assert!(path.starts_with("/reset/link_") && said.err.contains("works once, for 30 minutes"), "{}", said.err);
    let form = [("password", "entirely different words")];
    assert_eq!(server.form(path, "", &form).0, 200);
    assert_eq!(server.form(path, "", &form).0, 410);
    assert!(cookie(&server, "ada@example.org", "entirely different words").is_some());
    let said = run(&folder, &place, &["accounts", "reset-link", "ada@example.org", "--json"], "").json();
    assert_eq!(members(&said), ["account_id", "link", "minutes"]);
}

async fn second_factors_are_removed_after_a_waiting_time(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    server.token();
    let line = ["accounts", "reset-factors", "ada@example.org"];
    let said = run(&folder, &place, &line, "").assert_status(2);
    assert!(said.err.contains("has no second factor"), "{}", said.err);
    let file = format!("sqlite:{}", folder.join("vestibule.db").display());
    let mut raw = RawDb::connect(if place.url().starts_with("sqlite:") { &file } else { place.url() }).await;
    // As if she had set up an app.
    raw.run(
        "INSERT INTO totp_secrets (account_id, secret, created_at, enabled_at)
         SELECT id, auth_stamp, created_at, created_at FROM accounts",
    )
    .await;
    let said = run(&folder, &place, &line, "").assert_status(0);
    assert!(said.out.starts_with("The second factors of ada@example.org will be removed at "), "{}", said.out);
    assert!(said.err.contains("was mailed"), "{}", said.err);
    let said = run(&folder, &place, &[&line[..], &["--json"]].concat(), "").json();
    assert_eq!(members(&said), ["account_id", "due_at"]);
    assert_eq!(raw.count("factor_resets").await, 1);
    let log = run(&folder, &place, &["log", "--json"], "").json();
    assert_eq!((&log[0]["action"], &log[0]["outcome"]), (&json!("accounts reset-factors"), &json!("done")));
}

async fn browsers_are_listed_and_signed_out(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    server.token();
    let bob = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    assert_eq!(server.form("/sign-up", "", &bob).0, 303);
    let [ada, again] = [(); 2].map(|()| cookie(&server, "ada@example.org", PASSWORD).unwrap());
    let bob = cookie(&server, "bob@example.org", PASSWORD).unwrap();
    let run = |line: &[&str]| run(&folder, &place, line, "");

    let all = run(&["sessions", "list", "--json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 5, "two of them from signing up");
    let hers = run(&["sessions", "list", "ada@example.org", "--json"]).json();
    assert!(hers.as_array().unwrap().len() == 3 && hers[0]["email"] == "ada@example.org");
    let two = run(&["sessions", "list", "--limit", "2", "--json"]).json();
    let rest = run(&["sessions", "list", "--after", two[1]["id"].as_str().unwrap(), "--json"]).json();
    assert_eq!(json!([two[0], two[1], rest[0], rest[1], rest[2]]), all);
    let table = run(&["sessions", "list"]).assert_status(0).out;
    assert!(table.starts_with("ACCOUNT") && table.contains("127.0.0.1") && table.lines().count() == 6, "{table}");
    for hash in ["argon2", &ada, &bob] {
        assert!(!table.contains(hash) && !all.to_string().contains(hash));
    }

    let newest = hers[0]["id"].as_str().unwrap();
    assert_eq!(run(&["sessions", "revoke", newest]).assert_status(0).out, "1 browser has been signed out.\n");
    assert!(is_signed_in(&server, &ada) && !is_signed_in(&server, &again));
    assert!(run(&["sessions", "revoke", newest]).assert_status(2).err.contains("no browser session has the ID"));
    assert_eq!(run(&["sessions", "revoke", "--account", "ada@example.org", "--json"]).json(), json!({"revoked": 2}));
    assert!(!is_signed_in(&server, &ada) && is_signed_in(&server, &bob));
    assert!(run(&["sessions", "revoke", "--everybody"]).assert_status(2).err.contains("--yes"));
    assert!(is_signed_in(&server, &bob));
    assert_eq!(
        run(&["sessions", "revoke", "--everybody", "--yes"]).assert_status(0).out,
        "2 browsers have been signed out.\n"
    );
    assert!(!is_signed_in(&server, &bob));
    assert_eq!(run(&["sessions", "list"]).assert_status(0).out, "There are no browser sessions.\n");
    assert!(cookie(&server, "bob@example.org", PASSWORD).is_some(), "and may sign in again");
}

async fn what_cannot_be_done_is_one_line_and_2(place: DatabaseLocation) {
    let folder = folder();
    drop(Server::start(&folder, &[("DATABASE_URL", place.url())]));
    let create = ["accounts", "create", "ada@example.org"];
    run(&folder, &place, &create, PASSWORD).assert_status(0);
    for (line, typed, named) in [
        (&create[..], PASSWORD, "already"),
        (&["accounts", "create", "bob@example.org"], "password1", "most common"),
        (&["accounts", "create", "bob@example.org"], "", "at least 8 characters"),
        (&["accounts", "create", "bob"], PASSWORD, "email address"),
        (&["accounts", "disable", "nobody@example.org"], "", "nobody@example.org"),
        (&["sessions", "list", "nobody"], "", "nobody"),
        (&["sessions", "revoke", "--account", "nobody"], "", "nobody"),
    ] {
        let said = run(&folder, &place, line, typed).assert_status(2);
        assert!(said.err.starts_with("vestibule: ") && said.err.contains(named), "{line:?}: {}", said.err);
        assert!(said.err.lines().count() == 1 && said.out.is_empty(), "{line:?}: {}", said.err);
    }
    // What the command line itself does not know, and a secret as an argument is among it.
    for line in [
        &["accounts", "create", "bob@example.org", "--password", PASSWORD][..],
        &["accounts"],
        &["sessions", "revoke"],
        &["sessions", "revoke", "nonsense"],
        &["sessions", "revoke", "--everybody", "--account", "ada@example.org"],
    ] {
        assert!(run_quietly(&folder, &place, line) == 2, "{line:?}");
    }
    for line in [&["mail", "show", "xyz"][..], &["tokens", "revoke", "xyz"], &["sessions", "list", "--after", "xyz"]] {
        let said = run(&folder, &place, line, "").assert_status(2).err;
        assert!(said.contains("xyz is not an ID"), "{line:?}: {said}");
    }
    let list = run(&folder, &place, &["accounts", "list", "--json"], "").json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    // Nothing there to open is the machine's fault.
    let nowhere = DatabaseLocation::At("sqlite:no/such/folder/house.db");
    let said = run(&folder, &nowhere, &["accounts", "list"], "").assert_status(1);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}

/// What clap says names the arguments it was given.
fn run_quietly(folder: &Path, place: &DatabaseLocation, line: &[&str]) -> i32 {
    let mut command = command(folder, free_address(), &[("DATABASE_URL", place.url())]);
    let mut child = command.args(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    exit_code(&mut child).unwrap()
}

async fn why_somebody_cannot_sign_in_is_told_and_mended(place: DatabaseLocation) {
    let (folder, ada) = (folder(), "ada@example.org");
    let settings = [("DATABASE_URL", place.url()), ("VESTIBULE_THROTTLE__SIGN_INS_HERE", "1")];
    let server = Server::start(&folder, &settings);
    server.token();
    let sign_in = |password: &str| server.form("/sign-in", "", &[("email", ada), ("password", password)]).0;
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let show = || run(&["accounts", "show", ada, "--json"]).json();
    let shown = show();
    assert_eq!((&shown["sign_in_refused"], &shown["has_password"]), (&Value::Null, &json!(true)));
    assert_eq!((&shown["browsers"], &shown["tokens"], &shown["factors"]), (&json!(1), &json!(1), &json!([])));

    let id = shown["account"]["id"].as_str().unwrap();
    // Each wait is twice the one before, so that one of them is longer than a hash takes.
    assert!((0..20).any(|_| sign_in("a wrong password") == 429));
    assert!(run(&["accounts", "unlock", ada]).assert_status(0).out.contains("are forgiven"));
    assert_eq!(show()["sign_in_refused"], Value::Null);
    let (status, head, _) = server.form("/sign-in", "", &[("email", ada), ("password", PASSWORD)]);
    let device = head.split("set-cookie: ").find(|cookie| cookie.starts_with("device=")).unwrap();
    let device = device.split(';').next().unwrap();
    assert_eq!(status, 303);
    assert!(run(&["accounts", "unlock", ada]).assert_status(0).out.contains("No failed attempts"));
    let of_address = |what: &str| run(&["accounts", what, "--address", "::ffff:127.0.0.1"]).assert_status(0).out;
    assert_eq!(of_address("unlock"), "What was counted of 127.0.0.1 is forgiven.\n");
    assert_eq!(of_address("unlock"), "Nothing from 127.0.0.1 is counted.\n");
    assert_eq!(of_address("show"), "Nothing from 127.0.0.1 has to wait.\n");
    let done = run(&["log", "--json"]).json()[0].clone();
    assert_eq!((&done["action"], &done["subject"]), (&json!("accounts unlock --address"), &json!("127.0.0.1")));
    for neither in [&["accounts", "unlock"][..], &["accounts", "unlock", ada, "--address", "192.0.2.7"]] {
        run(neither).assert_status(2);
    }
    let text = run(&["accounts", "show", ada]).assert_status(0).out;
    assert!(text.contains("Can sign in: yes") && text.contains(ada), "{text}");

    // A browser that signed in before is counted by itself.
    let there = |password: &str| server.form("/sign-in", device, &[("email", ada), ("password", password)]).0;
    assert!((0..20).any(|_| there("a wrong password") == 429));
    assert!(run(&["accounts", "unlock", ada]).assert_status(0).out.contains("are forgiven"));
    assert_eq!(there(PASSWORD), 303);

    run(&["accounts", "disable", ada]).assert_status(0);
    assert_eq!((show()["sign_in_refused"].clone(), sign_in(PASSWORD)), (json!("disabled"), 403));
    for reason in ["throttled", "disabled"] {
        let refused = format!("event=\"sign_in_refused\" reason=\"{reason}\"");
        let log = server.log();
        assert!(log.lines().any(|line| line.contains(&refused) && line.contains(id) && !line.contains(ada)), "{log}");
    }

    let listed = run(&["activity", "list", ada, "--since", "1h", "--json"]).json();
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"account_disabled") && kinds.contains(&"sign_in_failed"), "{kinds:?}");
    let table = run(&["activity", "list", ada]).assert_status(0).out;
    assert!(table.contains("Wrong password") && table.contains("127.0.0.1"), "{table}");
    assert_eq!(run(&["activity", "list", ada, "--since", "0m"]).assert_status(0).out, "Nothing happened.\n");
    run(&["activity", "list", ada, "--since", "yesterday"]).assert_status(2);
    assert_eq!(run(&["log", "--json"]).json()[0]["action"], "accounts disable");
}

/// Whether one of many attempts has to wait. Each wait is twice the one before, so that one of them is longer than an
/// attempt takes.
fn is_refused(attempt: impl Fn() -> u16) -> bool {
    (0..20).any(|_| attempt() == 429)
}

async fn what_a_limit_refuses_is_in_the_log(place: DatabaseLocation) {
    let (folder, ada) = (folder(), "ada@example.org");
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    server.token();
    let session = format!("cookie: {}", cookie(&server, ada, PASSWORD).unwrap());
    drop(server);
    let settings = [
        ("DATABASE_URL", place.url()),
        ("VESTIBULE_EMAIL_CODES__SECOND_STEP", "true"),
        ("VESTIBULE_THROTTLE__SIGN_INS_HERE", "1"),
        ("VESTIBULE_THROTTLE__PASSKEYS_PER_ADDRESS", "1"),
        ("VESTIBULE_THROTTLE__MAILS_PER_RECIPIENT", "1"),
    ];
    let server = Server::start(&folder, &settings);
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let shown = run(&["accounts", "show", ada, "--json"]).json();
    let id = shown["account"]["id"].as_str().unwrap();
    let login = |password: &str| server.json("POST /api/v1/login", "", &json!({"email": ada, "password": password}));
    let headers = ["content-type: application/json", "sec-fetch-site: same-origin", &session];
    let ask = |path: &str, body: &Value| server.call(&format!("POST {path}"), &headers, &body.to_string()).0;

    let code = json!({"pending": login(PASSWORD).1["pending"], "code": "0000-0000"});
    assert!(is_refused(|| server.json("POST /api/v1/login/email_code", "", &code).0));
    let code = json!({"step": "email_code", "code": "0000-0000"});
    assert!(is_refused(|| ask("/session/v1/reauthenticate", &code)));
    assert!(is_refused(|| ask("/session/v1/login/passkey/options", &json!({}))));
    assert!(is_refused(|| login(PASSWORD).0), "as many codes are sent");
    assert!(is_refused(|| login("a wrong password").0));
    // Whoever asks for a mail is not told that it is withheld.
    for kind in ["email_code", "reset"] {
        let withheld = format!("event=\"mail_withheld\" kind=\"{kind}\" account={id}");
        let is_withheld = || {
            let status = if kind == "reset" {
                server.form("/forgot", "", &[("email", ada)]).0
            } else {
                server.json("POST /api/v1/login/email_code/send", "", &json!({"email": ada})).0
            };
            assert!(status < 400, "{kind}: {status}");
            server.log().contains(&withheld)
        };
        assert!((0..10).any(|_| is_withheld()), "{kind}: {}", server.log());
    }

    let (log, hers) = (server.log(), format!("account={id} "));
    let hers = hers.as_str();
    for (step, whose, limit) in [
        ("email_code", hers, "code"),
        ("reauthentication", hers, "code"),
        ("passkey", "", "passkey"),
        ("email_code", hers, "mail"),
        ("password", hers, "password"),
    ] {
        let step = format!("step=\"{step}\" {whose}limit=\"{limit}\"");
        let refused = format!("event=\"sign_in_refused\" reason=\"throttled\" {step}");
        assert!(log.lines().any(|line| line.contains(&refused) && !line.contains(ada)), "{refused}: {log}");
    }
    let forgiven = run(&["accounts", "unlock", ada, "--json"]).json();
    assert!(forgiven["forgiven"].as_u64() > Some(0) && forgiven["forgiven_mails"].as_u64() > Some(0), "{forgiven}");
    assert_eq!(login(PASSWORD).1["code"], "second_factor_required");
}

async fn what_cannot_be_printed_is_one_line_and_1(place: DatabaseLocation) {
    let (folder, ada) = (folder(), "ada@example.org");
    let settings = [("DATABASE_URL", place.url())];
    let server = Server::start(&folder, &settings);
    server.token();
    let create = ["tokens", "create", ada, "--name", "deploy", "--scope", "account:read"];
    for line in [
        &["openapi"][..],
        &["settings"],
        &["routes"],
        &["check"],
        &["completions", "bash"],
        &["accounts", "list"],
        &["accounts", "list", "--json"],
        &create,
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = command(&folder, free_address(), &settings);
        let done = command.args(line).stdout(full).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{line:?}: {said}");
        let told = said.lines().filter(|line| line.contains("the output cannot be written")).count();
        assert!(told == 1 && !said.contains("panicked"), "{line:?}: {said}");
    }
    let tokens = run_with(&folder, &settings, &["tokens", "list", "--json"], "").json();
    assert_eq!(tokens.as_array().unwrap().len(), 2, "what was done is done: {tokens}");
    // A server does not depend on it.
    drop(server);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let address = free_address();
    let mut serving = command(&folder, address, &settings).stdout(full).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < PATIENCE && serving.try_wait().unwrap().is_none(), "it does not serve");
        thread::sleep(Duration::from_millis(50));
    }
    serving.kill().unwrap();
    serving.wait().unwrap();
}
