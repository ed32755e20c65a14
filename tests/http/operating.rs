//! What operators can rely on: that they reach the server's own database or none, that links lead to the site, that
//! what they did is written down, and that `check` refuses what `serve` refuses.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{
    binary::{DatabaseLocation, JSON_LOG, Server, command, free_address, refusal},
    operators::{cookie, is_signed_in, run, run_with},
    settings_check::check,
    support::{PASSWORD, RawDb, folder, on_both_databases},
};

on_both_databases! {
    a_command_makes_no_database,
    a_command_says_which_database_it_used,
    a_link_leads_where_the_server_was_started_or_is_not_made,
    tokens_are_listed_and_revoked,
    a_lockdown_ends_all_that_opens_an_account_without_its_password,
    what_operators_do_is_written_down_and_outlives_the_account,
    nothing_is_done_that_cannot_be_written_down,
    the_start_says_which_database_it_opened,
    what_is_done_after_the_answer_is_logged_with_the_request,
}

const ADA: &str = "ada@example.org";

fn serve(folder: &Path, place: &DatabaseLocation) -> Server {
    Server::start(folder, &[("DATABASE_URL", place.url())])
}

/// The database behind the program's back.
async fn raw(folder: &Path, place: &DatabaseLocation) -> RawDb {
    match place {
        DatabaseLocation::Postgres(postgres) => RawDb::connect(&postgres.url).await,
        _ => RawDb::connect(&format!("sqlite:{}", folder.join("vestibule.db").display())).await,
    }
}

async fn a_command_makes_no_database(place: DatabaseLocation) {
    let folder = folder();
    let create = ["accounts", "create", ADA];
    for line in [
        &["accounts", "list"][..],
        &create,
        &["accounts", "reset-link", ADA],
        &["sessions", "list"],
        &["sessions", "revoke", "--everybody", "--yes"],
        &["tokens", "list"],
        &["tokens", "revoke", "--everybody", "--yes"],
        &["lockdown", "--yes"],
        &["mail", "list"],
        &["backup", "copy"],
        &["restored", "--yes"],
        &["log"],
    ] {
        let said = run(&folder, &place, line, PASSWORD).assert_status(1);
        assert!(said.out.is_empty() && said.err.lines().count() == 1, "{line:?}: {}{}", said.out, said.err);
        for told in ["there is no database at", "(from DATABASE_URL", "--config", "Leptos.toml does not exist"] {
            assert!(said.err.contains(told), "{line:?}: {}", said.err);
        }
    }
    if let DatabaseLocation::Postgres(postgres) = &place {
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        assert!(RawDb::connect(&postgres.url).await.texts(tables).await.is_empty());
    } else {
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was made");
        fs::write(folder.join("vestibule.db"), "").unwrap();
        run(&folder, &place, &["accounts", "list"], "").assert_status(1);
        assert_eq!(fs::metadata(folder.join("vestibule.db")).unwrap().len(), 0, "nor in an empty file");
    }
    drop(serve(&folder, &place));
    run(&folder, &place, &create, PASSWORD).assert_status(0);
    // The unit's environment is missing, and this is another folder.
    let elsewhere = crate::support::folder();
    let said = run_with(&elsewhere, &[], &["sessions", "revoke", "--everybody", "--yes"], "").assert_status(1);
    assert!(
        said.err.contains(&format!("sqlite:vestibule.db (the default, in {}", elsewhere.display())),
        "{}",
        said.err
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

async fn a_command_says_which_database_it_used(place: DatabaseLocation) {
    let folder = folder();
    drop(serve(&folder, &place));
    for line in [&["accounts", "list"][..], &["accounts", "list", "--json"], &["lockdown", "--yes"]] {
        let said = run(&folder, &place, line, "").assert_status(0);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
        assert!(said.err.starts_with("Database: ") && said.err.contains("(from DATABASE_URL"), "{}", said.err);
    }
    let failed = run(&folder, &place, &["accounts", "disable", "nobody"], "").assert_status(2);
    assert!(failed.err.contains("(from DATABASE_URL") && failed.err.lines().count() == 1, "{}", failed.err);
    fs::write(folder.join("site.toml"), format!("[database]\nurl = {:?}\n", place.url())).unwrap();
    let said = run_with(&folder, &[], &["--config", "site.toml", "accounts", "list"], "").assert_status(0);
    assert!(said.err.contains("(from site.toml") && said.err.contains("Settings file: site.toml."), "{}", said.err);
}

async fn a_link_leads_where_the_server_was_started_or_is_not_made(place: DatabaseLocation) {
    let folder = folder();
    let server = serve(&folder, &place);
    server.token();
    let reset_link = ["accounts", "reset-link", ADA];
    let good = run(&folder, &place, &reset_link, "").assert_status(0).out;
    let elsewhere = [("DATABASE_URL", place.url()), ("VESTIBULE_SERVER__PUBLIC_URL", "https://elsewhere.example")];
    let said = run_with(&folder, &elsewhere, &reset_link, "").assert_status(2);
    assert!(said.out.is_empty() && said.err.contains("last started as http://localhost:3000"), "{}", said.err);
    assert!(said.err.contains("https://elsewhere.example") && said.err.contains("nothing was changed"), "{}", said.err);
    let path = good.trim_end().strip_prefix("http://localhost:3000").unwrap();
    assert_eq!(server.form(path, "", &[("password", "entirely different words")]).0, 200, "the good one is not void");
}

async fn tokens_are_listed_and_revoked(place: DatabaseLocation) {
    let folder = folder();
    let server = serve(&folder, &place);
    let first = server.token();
    let login = |email: &str| {
        let (status, login) =
            server.json("POST /api/v1/login", "", &json!({"email": email, "password": PASSWORD, "name": "phone"}));
        assert_eq!(status, 201);
        login["token"].as_str().unwrap().to_owned()
    };
    let bob = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    assert_eq!(server.form("/sign-up", "", &bob).0, 303);
    let (second, bobs) = (login(ADA), login("bob@example.org"));
    let code = |token: &str| {
        let (status, answer) = server.json("GET /api/v1/me", token, &Value::Null);
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    let (works, revoked) = ((200, String::new()), (401, "token_revoked".to_owned()));
    let run = |line: &[&str]| run(&folder, &place, line, "");

    let all = run(&["tokens", "list", "--json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 3);
    let hers = run(&["tokens", "list", "--account", ADA, "--json"]).json();
    assert!(hers.as_array().unwrap().len() == 2 && hers[0]["name"] == "phone" && hers[0]["email"] == ADA, "{hers}");
    let table = run(&["tokens", "list"]).assert_status(0).out;
    assert!(table.starts_with("ACCOUNT") && table.contains("phone") && table.lines().count() == 4, "{table}");
    assert_eq!(run(&["tokens", "list", "--limit", "1", "--json"]).json().as_array().unwrap().len(), 1);
    for secret in [&first, &second, &bobs] {
        assert!(!table.contains(secret.as_str()) && !all.to_string().contains(secret.as_str()));
    }

    let id = hers[0]["id"].as_str().unwrap();
    assert!(run(&["tokens", "revoke", id]).assert_status(0).out.starts_with("1 token has been revoked"));
    assert_eq!((code(&second), code(&first)), (revoked.clone(), works.clone()));
    assert!(run(&["tokens", "revoke", id]).assert_status(2).err.contains("no active token has the ID"));
    assert_eq!(run(&["tokens", "revoke", "--account", ADA, "--json"]).json(), json!({"revoked": 1}));
    assert_eq!((code(&first), code(&bobs)), (revoked.clone(), works.clone()));
    assert!(run(&["tokens", "revoke", "--everybody"]).assert_status(2).err.contains("--yes"));
    assert_eq!(code(&bobs), works);
    assert_eq!(run(&["tokens", "revoke", "--everybody", "--yes", "--json"]).json(), json!({"revoked": 1}));
    assert_eq!(code(&bobs), revoked);
    assert_eq!(run(&["tokens", "list"]).assert_status(0).out, "There are no active tokens.\n");
}

async fn a_lockdown_ends_all_that_opens_an_account_without_its_password(place: DatabaseLocation) {
    let folder = folder();
    let server = serve(&folder, &place);
    let token = server.token();
    let ada = cookie(&server, ADA, PASSWORD).unwrap();
    let run = |line: &[&str]| run(&folder, &place, line, "");
    let link = run(&["accounts", "reset-link", ADA]).assert_status(0).out;
    let path = link.trim_end().strip_prefix("http://localhost:3000").unwrap();
    let me = || server.json("GET /api/v1/me", &token, &Value::Null).0;
    let stamps = "SELECT auth_stamp FROM accounts";
    let before = raw(&folder, &place).await.bytes(stamps).await;

    assert!(run(&["lockdown"]).assert_status(2).err.contains("--yes"));
    assert!(is_signed_in(&server, &ada) && me() == 200 && server.call(&format!("GET {path}"), &[], "").0 == 200);
    // The browser that signed up and the one that signed in; the link that confirms the address and the one just made.
    assert_eq!(run(&["lockdown", "--yes", "--json"]).json(), json!({"browsers": 2, "tokens": 1, "links": 2}));
    assert!(!is_signed_in(&server, &ada) && me() == 401);
    assert_eq!(server.form(path, "", &[("password", "entirely different words")]).0, 410);
    assert_ne!(raw(&folder, &place).await.bytes(stamps).await, before, "what is in flight makes nothing");
    assert!(cookie(&server, ADA, PASSWORD).is_some(), "and may sign in again");
    let said = run(&["lockdown", "--yes"]).assert_status(0).out;
    assert!(said.contains("1 browser session, 0 tokens, 0 links in mails"), "{said}");
}

async fn what_operators_do_is_written_down_and_outlives_the_account(place: DatabaseLocation) {
    let folder = folder();
    let server = serve(&folder, &place);
    let environment = [("DATABASE_URL", place.url()), ("SUDO_USER", "grace"), ("USER", "root")];
    let run = |line: &[&str], typed: &str| run_with(&folder, &environment, line, typed);
    assert_eq!(run(&["log"], "").assert_status(0).out, "The operator log is empty.\n");
    run(&["accounts", "create", ADA], "short").assert_status(2);
    let account = run(&["accounts", "create", ADA, "--json"], PASSWORD).json()["id"].clone();
    cookie(&server, ADA, PASSWORD).unwrap();
    let session = run(&["sessions", "list", "--json"], "").json()[0]["id"].as_str().unwrap().to_owned();
    for line in [
        &["accounts", "disable", ADA][..],
        &["accounts", "enable", ADA],
        &["accounts", "reset-link", ADA],
        &["sessions", "revoke", "--account", ADA],
        &["sessions", "revoke", "--everybody", "--yes"],
        &["tokens", "revoke", "--account", ADA],
        &["tokens", "revoke", "--everybody", "--yes"],
        &["lockdown", "--yes"],
    ] {
        run(line, "").assert_status(0);
    }
    run(&["sessions", "revoke", &session], "").assert_status(2);
    run(&["tokens", "revoke", &session], "").assert_status(2);
    run(&["accounts", "delete", ADA, "--yes"], "").assert_status(0);
    // What only looks, or was not confirmed, leaves no trace.
    run(&["accounts", "list"], "").assert_status(0);
    run(&["lockdown"], "").assert_status(2);

    let log = run(&["log", "--json"], "").json();
    let entries: Vec<_> = log.as_array().unwrap().iter().rev().collect();
    let done: Vec<_> =
        entries.iter().map(|entry| (entry["action"].as_str().unwrap(), entry["outcome"].as_str().unwrap())).collect();
    assert_eq!(
        done,
        [
            ("accounts create", "failed"),
            ("accounts create", "done"),
            ("accounts disable", "done"),
            ("accounts enable", "done"),
            ("accounts reset-link", "done"),
            ("sessions revoke --account", "done"),
            ("sessions revoke --everybody", "done"),
            ("tokens revoke --account", "done"),
            ("tokens revoke --everybody", "done"),
            ("lockdown", "done"),
            ("sessions revoke", "failed"),
            ("tokens revoke", "failed"),
            ("accounts delete", "done"),
        ]
    );
    let last = entries.last().unwrap();
    assert_eq!((&last["subject"], &last["subject_id"]), (&json!(ADA), &account));
    assert!(last["operator"].as_str().unwrap().starts_with("grace by sudo (uid "), "{last}");
    assert!(!last["host"].as_str().unwrap().is_empty() && last["at"].is_string());
    assert_eq!(entries[1]["subject_id"], account, "an account that is made is named by its id as well");
    let two = run(&["log", "--limit", "2", "--json"], "");
    let (before, last) = (&entries[entries.len() - 2]["at"], &log[1]["id"]);
    let (before, last) = (before.as_str().unwrap(), last.as_str().unwrap());
    assert!(two.err.contains(&format!("add --before {last}.")), "{}", two.err);
    assert_eq!(two.json().as_array().unwrap()[..], log.as_array().unwrap()[..2]);
    let rest = run(&["log", "--before", last, "--json"], "").json();
    assert_eq!(rest.as_array().unwrap()[..], log.as_array().unwrap()[2..]);
    let older = run(&["log", "--before", before, "--json"], "").json();
    assert_eq!(older.as_array().unwrap().last(), log.as_array().unwrap().last());
    assert!(older.as_array().unwrap().len() < entries.len() - 1, "{older}");
    let newer = run(&["log", "--since", before, "--json"], "").json();
    assert_eq!(newer.as_array().unwrap().len() + older.as_array().unwrap().len(), entries.len());
    assert_eq!(run(&["log", "--since", "1h", "--json"], "").json(), log);
    assert_eq!(run(&["log", "--before", "1h"], "").assert_status(0).out, "Nothing was done then.\n");
    assert!(run(&["log", "--since", "yesterday"], "").assert_status(2).err.contains("--since yesterday: not a time"));
    let table = run(&["log"], "").assert_status(0).out;
    assert!(table.lines().count() == 14 && table.contains("grace by sudo") && table.contains(ADA), "{table}");
}

async fn nothing_is_done_that_cannot_be_written_down(place: DatabaseLocation) {
    let folder = folder();
    let server = serve(&folder, &place);
    server.token();
    raw(&folder, &place).await.run("DROP TABLE operator_log").await;
    for line in [
        &["accounts", "delete", ADA, "--yes"][..],
        &["accounts", "disable", ADA],
        &["sessions", "revoke", "--everybody", "--yes"],
        &["lockdown", "--yes"],
    ] {
        run(&folder, &place, line, "").assert_status(1);
    }
    assert!(cookie(&server, ADA, PASSWORD).is_some());
    let signed_in = run(&folder, &place, &["sessions", "list", "--json"], "").json();
    assert_eq!(signed_in.as_array().unwrap().len(), 2);
}

async fn the_start_says_which_database_it_opened(place: DatabaseLocation) {
    let (folder, address) = (folder(), free_address());
    let mut command = command(&folder, address, &[("DATABASE_URL", place.url())]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().take(2).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let told = &lines[1];
    assert!(told.contains(env!("CARGO_PKG_VERSION")) && told.contains(&address.to_string()), "{told}");
    assert!(told.contains("(from DATABASE_URL") && told.contains("Leptos.toml does not exist"), "{told}");
    assert!(told.contains("Mail is written to the folder outbox."), "{told}");
    let (place, _) = place.url().split_once('?').unwrap_or((place.url(), ""));
    assert!(told.contains(place.rsplit('@').next().unwrap()), "{told}");
}

async fn what_is_done_after_the_answer_is_logged_with_the_request(place: DatabaseLocation) {
    let folder = folder();
    let server = serve(&folder, &place);
    server.token();
    let headers =
        ["content-type: application/x-www-form-urlencoded", "sec-fetch-site: same-origin", "x-request-id: forgotten-1"];
    let body = serde_urlencoded::to_string([("email", ADA)]).unwrap();
    assert_eq!(server.call("POST /forgot", &headers, &body).0, 202);
    let log = server.log_path();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    for event in ["password_link_asked", "mail_sent"] {
        let ours = |line: &str| line.contains(event) && line.contains("id=forgotten-1 ");
        assert!(log.lines().any(ours), "{event}: {log}");
    }
}

#[test]
fn a_log_for_programs_has_nothing_that_they_cannot_read() {
    let objects = |log: &str| -> Vec<Value> {
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    };
    let server = Server::start(&folder(), &[JSON_LOG]);
    let started = objects(&server.log());
    let told = |start: &str| {
        let mut lines = started.iter().filter(|line| line["level"] == "INFO");
        lines.any(|line| line["message"].as_str().is_some_and(|message| message.starts_with(start)))
    };
    assert!(told("Vestibule is running at http://localhost:3000") && told("Version "), "{started:?}");
    for (address, settings, code, why) in [
        (server.address(), &[JSON_LOG][..], 1, "cannot listen on"),
        (free_address(), &[JSON_LOG, ("VESTIBULE_DATABASE__CONNECTIONS", "1")], 2, "database.connections: must be"),
    ] {
        let ended = command(&folder(), address, settings).output().unwrap();
        assert!(ended.status.code() == Some(code) && ended.stdout.is_empty(), "{ended:?}");
        let log = objects(&String::from_utf8(ended.stderr).unwrap());
        let last = log.last().unwrap();
        assert!(last["level"] == "ERROR" && last["message"].as_str().unwrap().contains(why), "{log:?}");
    }
}

#[test]
fn check_refuses_what_serve_refuses() {
    let site = ("VESTIBULE_SERVER__PUBLIC_URL", "https://vestibule.example");
    let from = ("VESTIBULE_MAIL__FROM", "hello@vestibule.example");
    for (settings, named) in [
        (&[("DATABASE_URL", "mysql://me:s3cret@127.0.0.1/x")][..], "database.url"),
        (&[("DATABASE_URL", "/srv/vestibule.db")], "database.url"),
        (&[("DATABASE_URL", "sqlite:no/such/folder/house.db")], "no/such/folder"),
        (&[("DATABASE_URL", "sqlite:.")], "is a folder"),
        (&[("DATABASE_URL", "sqlite::memory:")], "in memory"),
        (&[("DATABASE_URL", "sqlite:house.db?mode=memory")], "in memory"),
        (&[("DATABASE_URL", "postgres://me:s3cret@db.example/x")], "database.allow_plaintext"),
        (&[("VESTIBULE_MAIL__SMTP_URL", "smtp://mail.example"), from], "mail.allow_plaintext"),
        (&[("VESTIBULE_ACCOUNTS__CONFIRM", "required"), site], "accounts.confirm"),
        (&[("VESTIBULE_SERVER_PUBLIC_URL", "https://app.example")], "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
        (&[("VESTIBULE_SERVER__HOSTS", "*.example")], "server.hosts"),
        (&[("VESTIBULE_ACTIVITY__KEEP_DAYS", "9999999")], "activity.keep_days: must be 1 to 3660"),
        (&[("VESTIBULE_SESSIONS__REMEMBER_DAYS", "4294967295")], "sessions.remember_days: must be 1 to 400"),
        (&[("VESTIBULE_SERVER__SOCKET_MODE", "rw")], "server.socket_mode"),
        (&[("VESTIBULE_SERVER__ADDRESS", "unix:http.sock"), ("LEPTOS_SITE_ADDR", "")], "an absolute path"),
        (&[("VESTIBULE_DATABASE__CONNECTIONS", "1")], "database.connections: must be 2 to 1000"),
        (&[("VESTIBULE_MAIL__CA_FILE", "nowhere.pem")], "mail.ca_file: cannot read nowhere.pem"),
        (&[("DATABASE_URL_FILE", "nowhere")], "cannot read the secret in nowhere"),
    ] {
        let (code, said) = check(settings, &[]);
        assert!(code == 2 && said.contains(named) && !said.contains("s3cret"), "{settings:?}: {said}");
        let folder = folder();
        let (code, line) = refusal(&folder, free_address(), settings, &["serve"]);
        assert!([1, 2].contains(&code) && line.contains(named) && !line.contains("s3cret"), "{settings:?}: {line}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was made");
    }
}

#[test]
fn a_settings_file_that_is_named_has_to_be_there() {
    for line in [&["serve"][..], &["check"], &["accounts", "list"], &["openapi"]] {
        let line = [&["--config", "typo.toml"], line].concat();
        let (code, said) = refusal(&folder(), free_address(), &[], &line);
        assert!(code == 2 && said.contains("--config typo.toml"), "{line:?}: {said}");
    }
}

#[test]
fn what_is_empty_is_not_set() {
    let empty = [
        ("DATABASE_URL", ""),
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", ""),
        ("VESTIBULE_SERVER__HOSTS", "www.example.com, "),
        ("VESTIBULE_MAIL__SMTP_URL", ""),
        ("VESTIBULE_TOKENS__MAX_DAYS", ""),
    ];
    let (code, said) = check(&empty, &[]);
    assert!(code == 0 && said.contains("sqlite:vestibule.db (the default"), "{said}");
    let server = Server::start(&folder(), &empty);
    assert_eq!(server.call("GET /readyz", &[], "").0, 200);
}
