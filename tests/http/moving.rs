//! `vestibule move`: everything goes on at the other database, nothing is forgotten, and no write is lost.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};
use vestibule::settings::without_credentials;

use crate::{
    binary::{DatabaseLocation, Server, command, free_address, refusal},
    oauth::{OWN, Site, Tokens, refresh},
    operators::{Said, cookie, is_signed_in, run_with},
    passkey_sign_in::with_passkey,
    sign_in::{Enrolled, step},
    support::{
        Authenticator, Database, Door, PASSWORD, Prepare, RawDb, TestApp, folder, on_both_databases,
        resource::COLLECTION,
    },
};

on_both_databases! {
    what_people_hold_works_after_a_move,
    what_cannot_be_moved_is_refused,
}

fn url(app: &TestApp) -> &str {
    &app.settings.database.url
}

/// `vestibule move`, with the database of `app` as its source.
fn move_of(app: &TestApp, line: &[&str]) -> Said {
    run_with(&folder(), &[("DATABASE_URL", url(app))], &[&["move"], line].concat(), "")
}

/// An application that has ended, over an empty database.
async fn empty(database: Database) -> TestApp {
    let Site(app) = Site::on(database).await;
    app.db.close().await;
    app
}

async fn what_people_hold_works_after_a_move(database: Database) {
    let Site(app) = Site::on(database).await;
    let ada = Enrolled::new(&app, "ada").await;
    let mut key = Authenticator::new();
    let bob = with_passkey(&app, "bob", &mut key).await;
    let tokens = Tokens::own(&app, &bob).await;
    let item = bob.item("kept", "text").await;
    app.db.close().await;

    let other = if database == Database::Sqlite { Database::Postgres } else { Database::Sqlite };
    let mut target = empty(other).await;
    let said = move_of(&app, &["--to", url(&target), "--json"]).json();
    let accounts = said["tables"].as_array().unwrap().iter().find(|table| table["table"] == "accounts").unwrap();
    assert!(accounts["rows"] == 2 && accounts["sha256"].as_str().unwrap().len() == 64, "{accounts}");

    target.clock = app.clock.clone();
    let moved = target.another_instance().await;
    let browser = moved.browser();
    browser.plant(&bob.browser.cookie().unwrap());
    assert!(browser.is_signed_in().await);
    for token in [&bob.client.token, &tokens.access.token] {
        moved.client(token).get("/me").await.assert_status(200);
    }
    assert_eq!(browser.get(COLLECTION).await.assert_status(200).json()["items"][0], item);
    refresh(&moved, OWN, &tokens.refresh).await.assert_status(200);
    moved.browser().sign_in_with(&mut key).await.assert_status(200);
    step(&moved, "totp", &ada.pending(&moved).await, &ada.next_code(&moved)).await.assert_status(201);
    step(&moved, "recovery_code", &ada.pending(&moved).await, &ada.codes[0]).await.assert_status(201);

    // Whoever serves the source all the same loses no write: there is none.
    let (code, line) = refusal(&folder(), free_address(), &[("DATABASE_URL", url(&app))], &["serve"]);
    assert!(code == 2 && line.contains("was moved to") && line.contains("--undo"), "{line}");
    let old = app.another_instance().await;
    let client = old.client(&bob.client.token);
    assert_eq!(client.get(COLLECTION).await.assert_status(200).json()["items"][0], item);
    client.post(COLLECTION, json!({"title": "late", "body": ""})).await.problem(503, "unavailable");
    assert!(move_of(&app, &["--to", url(&target)]).assert_status(2).err.contains("was moved to"));
    move_of(&app, &["--undo"]).assert_status(0);
    let log = || run_with(&folder(), &[("DATABASE_URL", url(&app))], &["log", "--json"], "").json();
    assert_eq!((&log()[0]["action"], &log()[0]["outcome"]), (&json!("move --undo"), &json!("done")));
    assert_eq!(log()[0]["subject"], without_credentials(url(&target)));
    client.post(COLLECTION, json!({"title": "late", "body": ""})).await.assert_status(201);
    assert!(move_of(&app, &["--undo"]).assert_status(2).err.contains("was not moved"));
    assert_eq!(log()[1]["action"], "move", "what was not undone has no entry");
}

async fn what_cannot_be_moved_is_refused(place: DatabaseLocation) {
    let folder = folder();
    let settings = [("DATABASE_URL", place.url())];
    let server = Server::start(&folder, &settings);
    let token = server.token();
    let ada = cookie(&server, "ada@example.org", PASSWORD).unwrap();
    let run = |line: &[&str]| run_with(&folder, &settings, &[&["move"], line].concat(), "");
    let planned = run(&["--to", "sqlite:there.db", "--dry-run"]).assert_status(0).out;
    assert!(planned.contains("\naccounts ") && planned.contains("Nothing was changed"), "{planned}");
    assert!(!folder.join("there.db").exists());
    assert!(run(&["--to", "sqlite:there.db"]).assert_status(2).err.contains("Stop all that use it first"));
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    if matches!(place, DatabaseLocation::Postgres(_)) {
        let psql = RawDb::connect(place.url()).await;
        let said = run(&["--to", "sqlite:there.db"]).assert_status(2).err;
        assert!(said.contains("another client, such as a server or psql, is connected"), "{said}");
        psql.close().await;
    }
    assert!(run(&["--to", place.url()]).assert_status(2).err.contains("the same database"));
    for elsewhere in ["mysql://me:s3cret@127.0.0.1/vestibule", "nonsense"] {
        let said = run(&["--to", elsewhere]).assert_status(2).err;
        assert!(said.contains("--to: must start with sqlite: or postgres:") && !said.contains("s3cret"), "{said}");
    }
    let nowhere = run(&["--to", "postgres://me:s3cret@127.0.0.1:1/vestibule"]).assert_status(1).err;
    assert!(nowhere.contains("postgres://127.0.0.1:1/vestibule") && !nowhere.contains("s3cret"), "{nowhere}");

    run(&["--to", "sqlite:there.db"]).assert_status(0);
    let there = [("DATABASE_URL", "sqlite:there.db")];
    let back = run_with(&folder, &there, &["move", "--to", place.url()], "").assert_status(2);
    assert!(back.err.contains("the target is not empty: accounts"), "{}", back.err);
    let log = run_with(&folder, &there, &["log", "--json"], "").json();
    assert_eq!((&log[0]["action"], &log[0]["outcome"]), (&json!("move"), &json!("done")));
    assert!(run_with(&folder, &settings, &["accounts", "list"], "").assert_status(2).err.contains("was moved to"));
    let server = Server::start(&folder, &there);
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 200);
    assert!(is_signed_in(&server, &ada));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_move_goes_on_where_it_was() {
    let app = TestApp::on(Database::Sqlite).await;
    app.person("ada").await;
    app.db.close().await;
    let target = empty(Database::Postgres).await;
    let mut raw = target.raw().await;
    // Those that all databases share were analyzed when the server was set up.
    let of_system = "pg_stat_sys_tables WHERE last_analyze IS NOT NULL";
    let before = raw.count(of_system).await;
    raw.run("BEGIN; LOCK TABLE tokens IN SHARE MODE").await;
    kill_a_move(&app, &target);
    raw.run("ROLLBACK").await;
    goes_on(&app, &target, &mut raw).await;
    assert_eq!(raw.count(of_system).await, before, "most of them only a superuser can analyze");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_move_to_sqlite_goes_on_where_it_was() {
    /// SQLite has no lock of a table. With this, a row of `tokens` takes minutes: a text of four million letters is
    /// compared at as many places.
    const SLOW: &str = "CREATE INDEX slow ON tokens (instr(hex(zeroblob(4000000)), hex(zeroblob(2000000)) || hex(id)))";

    let app = TestApp::on(Database::Postgres).await;
    app.person("ada").await;
    app.db.close().await;
    let target = empty(Database::Sqlite).await;
    let mut raw = target.raw().await;
    raw.run(SLOW).await;
    raw.close().await;
    kill_a_move(&app, &target);
    let mut raw = target.raw().await;
    raw.run("DROP INDEX slow").await;
    goes_on(&app, &target, &mut raw).await;
}

/// Begins to move `app` to `target`, in which `tokens` cannot be written, and kills that.
fn kill_a_move(app: &TestApp, target: &TestApp) {
    let mut command = command(&folder(), free_address(), &[("DATABASE_URL", url(app))]);
    let mut child = command.args(["move", "--to", url(target)]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    // By then the accounts, which come before, are complete.
    said.find(|line| line.starts_with("browser_sessions: ")).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The move that was killed goes on, and nothing else can be done with the two databases. `raw` is the target's.
async fn goes_on(app: &TestApp, target: &TestApp, raw: &mut RawDb) {
    assert_eq!((raw.count("accounts").await, raw.count("tokens").await), (1, 0));
    for (place, why) in [(url(app), "is being moved to"), (url(target), "is the target of a move")] {
        let (code, line) = refusal(&folder(), free_address(), &[("DATABASE_URL", place)], &["serve"]);
        assert!(code == 2 && line.contains(why), "{line}");
    }
    let other = empty(Database::Sqlite).await;
    assert!(move_of(&other, &["--to", url(target)]).assert_status(2).err.contains("part of another move"));

    // What is complete is not copied again, but it is compared.
    raw.run("UPDATE accounts SET name = 'Eve'").await;
    let wrong = move_of(app, &["--to", url(target)]).assert_status(1).err;
    assert!(wrong.contains("not the same in both databases: accounts (1 rows became 1)."), "{wrong}");
    assert!(wrong.contains("tokens: 1 rows") && !wrong.contains("accounts: "), "{wrong}");
    raw.run("UPDATE accounts SET name = 'ada'").await;
    move_of(app, &["--to", url(target)]).assert_status(0);
    assert_eq!(raw.count("server_info WHERE key LIKE 'moved%'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_move_has_copied_can_be_deleted() {
    let app = TestApp::on(Database::Postgres).await;
    app.person("ada").await;
    app.db.close().await;
    let target = empty(Database::Sqlite).await;
    let mut raw = target.raw().await;
    raw.run(
        r#"INSERT INTO server_info (key, value, updated_at) VALUES ('moved_from', '{"other": "sqlite:x",
           "id": "0199f3a0-7b1c-7c41-a3d5-000000000001", "at": "2027-01-04T09:00:00Z", "complete": false,
           "entry": null}', 1), ('moved_table_accounts', '', 1)"#,
    )
    .await;
    assert!(move_of(&app, &["--to", url(&target)]).assert_status(2).err.contains("Add --restart"));
    move_of(&app, &["--to", url(&target), "--restart"]).assert_status(0);
    assert_eq!(raw.count("accounts").await, 1);
}

/// Every table has a row, which comes back as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_is_forgotten() {
    /// A product may have numbers of a sequence, and floating-point ones.
    const PRICES: &str = "CREATE TABLE prices (id INTEGER PRIMARY KEY NOT NULL, price REAL NOT NULL) STRICT";

    let app = TestApp::on(Database::Sqlite).await;
    app.person("ada").await;
    app.db.close().await;
    let mut raw = app.raw().await;
    raw.run(PRICES).await;
    fill(&mut raw).await;
    let before = contents(&mut raw).await;
    raw.close().await;

    let (there, back) = (empty(Database::Postgres).await, empty(Database::Sqlite).await);
    let missing = move_of(&app, &["--to", url(&there)]).assert_status(2).err;
    assert!(missing.contains("the target has no tables for these of the source: prices"), "{missing}");
    let mut at = there.raw().await;
    at.run("CREATE TABLE prices (id BIGSERIAL PRIMARY KEY, price DOUBLE PRECISION NOT NULL)").await;
    at.close().await;
    move_of(&app, &["--to", url(&there)]).assert_status(0);
    let mut at = there.raw().await;
    for table in at.tables().await {
        assert!(at.count(&table).await > 0, "{table}");
    }
    at.run("BEGIN; INSERT INTO prices (price) VALUES (2); ROLLBACK").await;
    at.close().await;
    let mut at = back.raw().await;
    at.run(PRICES).await;
    at.close().await;
    move_of(&there, &["--to", url(&back)]).assert_status(0);
    assert_eq!(before, contents(&mut back.raw().await).await);
}

/// Gives each table without rows one. Parents are filled before their children.
async fn fill(raw: &mut RawDb) {
    let mut tables = raw.tables().await;
    tables.retain(|table| !table.starts_with("sqlite_"));
    for table in tables.iter().cycle().take(tables.len() * 4) {
        let parents = format!(r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('{table}')"#);
        let mut waits = raw.count(table).await > 0;
        for parent in raw.texts(&parents).await.iter().filter(|parent| *parent != table) {
            waits |= raw.count(parent).await == 0;
        }
        if waits {
            continue;
        }
        let values = format!(
            r#"SELECT coalesce((SELECT '(SELECT "' || f."to" || '" FROM "' || f."table" || '" LIMIT 1)'
                    FROM pragma_foreign_key_list('{table}') f WHERE f."from" = c.name),
                CASE c.type WHEN 'TEXT' THEN '''2027-01-04T09:00:00Z''' WHEN 'BLOB' THEN 'randomblob(16)'
                    WHEN 'REAL' THEN '1.5' ELSE '1' END)
            FROM pragma_table_info('{table}') c ORDER BY c.cid"#
        );
        let values = raw.texts(&values).await.join(", ");
        raw.run(&format!(r#"INSERT INTO "{table}" VALUES ({values})"#)).await;
    }
    for table in &tables {
        assert!(raw.count(table).await > 0, "{table}");
    }
}

/// Every row of every table, but what is said of the moves.
async fn contents(raw: &mut RawDb) -> Vec<String> {
    let mut contents = Vec::new();
    let mut tables = raw.tables().await;
    tables.sort();
    for table in tables {
        if table.starts_with("sqlite_") || ["_sqlx_migrations", "operator_log"].contains(&&*table) {
            continue;
        }
        let columns = format!(r#"SELECT 'quote("' || name || '")' FROM pragma_table_info('{table}') ORDER BY cid"#);
        let columns = raw.texts(&columns).await.join(" || ',' || ");
        let of_move = if table == "server_info" { "WHERE key NOT LIKE 'moved%'" } else { "" };
        let rows = format!(r#"SELECT '{table}: ' || {columns} FROM "{table}" {of_move} ORDER BY 1"#);
        contents.extend(raw.texts(&rows).await);
    }
    contents
}
