//! Backups and restores: what is written down is whole and private, and what was ended after a backup stays ended.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread::sleep,
    time::{Duration as StdDuration, Instant},
};

use serde_json::{Value, json};
use time::Duration;
use vestibule::{
    app::restored::restored,
    db::backup::{self, Place},
    features::accounts::factor_reset,
};

use crate::{
    binary::{DatabaseLocation, PATIENCE, Server, free_address, refusal},
    email_codes::newest_code,
    oauth::{OWN, OWN_URI, Site, Tokens, code, exchange, refresh},
    operators::{cookie, is_signed_in, run_with},
    sign_in::{Enrolled, step},
    support::{Database, Door, PASSWORD, RawDb, Sink, TestApp, features, folder, on_both_databases},
};

on_both_databases! {
    what_was_ended_after_a_backup_stays_ended,
    what_was_half_done_at_a_backup_comes_to_nothing,
    what_is_no_backup_is_not_restored,
    a_backup_has_nothing_of_the_mails_that_wait,
    the_server_makes_backups_by_itself,
    of_every_table_it_is_decided_what_a_restore_does,
    a_backup_is_made_also_if_nothing_can_be_written_down,
}

pub(super) const ADA: &str = "ada@example.org";

/// The tables of which nothing is left after a restore, and all others.
const ENDED: [&str; 12] = [
    "browser_sessions",
    "changes",
    "dpop_proofs",
    "email_codes",
    "factor_resets",
    "oauth_codes",
    "oauth_device_codes",
    "passkey_challenges",
    "pending_sign_ins",
    "recovery_codes",
    "server_keys",
    "trusted_devices",
];
const KEPT: [&str; 22] = [
    "_sqlx_migrations",
    "accounts",
    "activity",
    "browser_reports",
    "entries",
    "idempotency",
    "known_browsers",
    "known_devices",
    "notes",
    "oauth_clients",
    "oauth_grants",
    "oauth_refresh_tokens",
    "one_time_links",
    "operator_log",
    "outgoing_mails",
    "passkeys",
    "rate_limit_attempts",
    "readiness",
    "server_info",
    "tokens",
    "totp_secrets",
    "tower_sessions",
];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Where PostgreSQL's programs may be.
fn path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| std::env::var("PATH").unwrap_or_default())
}

/// The environment of a server and of the commands beside it.
pub(super) fn settings(place: &DatabaseLocation) -> [(&str, &str); 2] {
    [("DATABASE_URL", place.url()), ("PATH", path())]
}

/// The names of the files in `folder`, hidden ones too.
pub(super) fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn what_was_ended_after_a_backup_stays_ended(place: DatabaseLocation) {
    let folder = folder();
    let settings = settings(&place);
    let server = Server::start(&folder, &settings);
    let token = server.token();
    let ada = cookie(&server, ADA, PASSWORD).unwrap();
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let link = run(&["accounts", "reset-link", ADA]).assert_status(0).out;
    let path = link.trim_end().strip_prefix("http://localhost:3000").unwrap();

    // While the server runs.
    let made = run(&["backup", "before", "--json"]).json();
    let file = folder.join("before");
    assert_eq!((made["bytes"].as_u64().unwrap(), mode(&file)), (fs::metadata(&file).unwrap().len(), 0o600));
    assert!(run(&["backup", "before"]).assert_status(1).err.contains("exists already"));
    assert!(files(&folder).iter().all(|name| !name.starts_with('.')), "{:?}", files(&folder));

    let bob = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    assert_eq!(server.form("/sign-up", "", &bob).0, 303);
    assert_eq!(server.json("POST /api/v1/logout", &token, &Value::Null).0, 204);
    server.form("/sign-out", &ada, &[]);
    assert!(!is_signed_in(&server, &ada));
    assert_eq!(server.form(path, "", &[("password", "entirely different words")]).0, 200);

    let refused = run(&["restore", "before", "--force"]).assert_status(2).err;
    assert!(refused.contains("nothing was changed") && refused.to_lowercase().contains("stop"), "{refused}");
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert!(run(&["restore", "before"]).assert_status(2).err.contains("--force"));
    let said = run(&["restore", "before", "--force", "--json"]).assert_status(0);
    let ended: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&ended["tokens"], &ended["browsers"]), (&json!(1), &json!(2)), "{ended}");
    assert!(said.err.contains("is kept as"), "{}", said.err);

    let server = Server::start(&folder, &settings);
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 401, "it was revoked after the backup");
    assert!(!is_signed_in(&server, &ada), "she signed out after the backup");
    assert_eq!(server.form(path, "", &[("password", "entirely different words")]).0, 410, "it was used");
    assert!(cookie(&server, ADA, PASSWORD).is_some(), "the password is that of the backup");
    assert!(cookie(&server, "bob@example.org", PASSWORD).is_none(), "and so are the accounts");
    let log = run(&["log", "--json"]).json();
    assert_eq!(
        (&log[0]["action"], &log[0]["outcome"], &log[0]["subject"]),
        (&json!("restore"), &json!("done"), &json!("before"))
    );

    // Whoever restores by other means does the same, as often as they like.
    assert!(run(&["restored"]).assert_status(2).err.contains("--yes"));
    assert_eq!(run(&["restored", "--yes", "--json"]).json()["browsers"], 1);
    assert_eq!(run(&["restored", "--yes", "--json"]).json()["browsers"], 0);
}

async fn what_was_half_done_at_a_backup_comes_to_nothing(Site(app): Site) {
    app.clock.stop();
    let (ada, eve) = (Enrolled::new(&app, "ada").await, app.person("eve").await);
    let pending = ada.pending(&app).await;
    let waiting = app.browser();
    waiting.post("/login/email_code/send", json!({"email": eve.email})).await.assert_status(202);
    let by_mail = newest_code(&app).await;
    app.browser().asked_to_sign().await;
    let tokens = exchange(&app, OWN, OWN_URI, &code(&eve.browser, OWN, OWN_URI).await).await;
    let tokens = Tokens::of(&app, &tokens);
    let unused = code(&eve.browser, OWN, OWN_URI).await;
    let with = (&app.db, &app.settings, &app.state.mailer);
    factor_reset::service::ask(with, &app.state.sign_ins, (ada.person.account.id, &ada.person.email)).await.unwrap();
    app.db.wait_idle().await;
    app.clock.advance(Duration::seconds(30));

    let ended = restored(&app.db, false).await.unwrap();
    // The authorization code ended with the browser session that it is from.
    assert!(ended.short_lived == 4 && ended.recovery_codes == 10 && ended.links > 0, "{ended:?}");
    for table in ENDED {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    assert_eq!(app.count("accounts WHERE last_change < 1000000").await, 0, "a cursor of before is too old");
    step(&app, "totp", &pending, &ada.code(&app, 0)).await.problem(401, "sign_in_expired");
    waiting.post("/login/email_code", json!({"code": by_mail})).await.assert_status(401);
    exchange(&app, OWN, OWN_URI, &unused).await.assert_status(400);
    refresh(&app, OWN, &tokens.refresh).await.assert_status(400);
    tokens.access.get("/me").await.assert_status(401);
    assert!(!eve.browser.is_signed_in().await);
    app.clock.advance(Duration::hours(25));
    assert_eq!(factor_reset::service::remove_due(&app.state, 10).await.unwrap(), 0, "the owner may have stopped it");

    // Nobody can tell which codes of the app were used.
    let again = restored(&app.db, false).await.unwrap();
    assert_eq!((again.browsers, again.tokens, again.links, again.short_lived, again.recovery_codes), (0, 0, 0, 0, 0));
    let pending = ada.pending(&app).await;
    for steps in [0, 1] {
        assert_ne!(step(&app, "totp", &pending, &ada.code(&app, steps)).await.status, 201);
    }
    assert_ne!(step(&app, "recovery_code", &pending, &ada.codes[0]).await.status, 201);
    app.clock.advance(Duration::seconds(60));
    step(&app, "totp", &ada.pending(&app).await, &ada.code(&app, 0)).await.assert_status(201);
}

async fn what_is_no_backup_is_not_restored(place: DatabaseLocation) {
    let folder = folder();
    let settings = settings(&place);
    let server = Server::start(&folder, &settings);
    server.token();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    run(&["backup", "whole"]).assert_status(0);
    let whole = fs::read(folder.join("whole")).unwrap();
    fs::write(folder.join("half"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.join("diary"), "Dear diary,\n".repeat(1_000)).unwrap();
    for file in ["half", "diary", "missing"] {
        let said = run(&["restore", file, "--force"]).assert_status(2);
        assert!(said.err.contains("is no backup that can be restored"), "{file}: {}", said.err);
    }
    assert_eq!(run(&["accounts", "list", "--json"]).json()[0]["email"], ADA, "nothing was changed");
    if let DatabaseLocation::Postgres(_) = &place {
        let without = [("DATABASE_URL", place.url()), ("VESTIBULE_BACKUP__POSTGRES_BIN", "/nowhere")];
        let said = run_with(&folder, &without, &["backup", "another"], "").assert_status(1);
        assert!(
            said.err.contains("pg_dump is not in /nowhere") && said.err.contains("postgresql-client"),
            "{}",
            said.err
        );
        assert!(!folder.join("another").exists());
        return;
    }
    // A copy of a file says what it is, and no server starts on it as it is.
    let copy = [("DATABASE_URL", "sqlite:whole")];
    let (code, line) = refusal(&folder, free_address(), &copy, &["serve"]);
    assert!(code == 2 && line.contains("vestibule restored"), "{line}");
    run_with(&folder, &copy, &["restored", "--yes"], "").assert_status(0);
    drop(Server::start(&folder, &copy));
    // Where there is nothing, there is nothing to force.
    let fresh = crate::support::folder();
    let (source, elsewhere) = (folder.join("whole"), [("DATABASE_URL", "sqlite:new.db")]);
    run_with(&fresh, &elsewhere, &["restore", source.to_str().unwrap()], "").assert_status(0);
    assert_eq!(files(&fresh), ["new.db", "new.db-server"]);
    assert_eq!(mode(&fresh.join("new.db")), 0o600);
}

#[test]
fn a_server_whose_file_was_moved_away_is_noticed() {
    let folder = folder();
    let settings = settings(&DatabaseLocation::File);
    let server = Server::start(&folder, &settings);
    server.token();
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    run(&["backup", "before"]).assert_status(0);
    fs::rename(folder.join("vestibule.db"), folder.join("away.db")).unwrap();
    let before = files(&folder);
    let refused = run(&["restore", "before"]).assert_status(2).err;
    assert!(refused.contains("a server uses") && refused.contains("nothing was changed"), "{refused}");
    assert_eq!(files(&folder), before);
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    run(&["restore", "before"]).assert_status(0);
}

/// As after a crash, if somebody moves the broken file away and forgets its log.
#[test]
fn a_log_that_was_left_is_not_applied_to_what_is_restored() {
    let folder = folder();
    let place = DatabaseLocation::File;
    let settings = settings(&place);
    let mut server = Server::start(&folder, &settings);
    let token = server.token();
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    run(&["backup", "before"]).assert_status(0);
    let bob = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    assert_eq!(server.form("/sign-up", "", &bob).0, 303);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    fs::rename(folder.join("vestibule.db"), folder.join("broken.db")).unwrap();
    let left = fs::read(folder.join("vestibule.db-wal")).unwrap();
    assert!(!left.is_empty());

    let said = run(&["restore", "before"]).assert_status(0).err;
    let kept = files(&folder).into_iter().find(|name| name.contains(".replaced-") && name.ends_with("-wal")).unwrap();
    assert!(said.contains("is kept as") && said.contains(&kept), "{said}");
    assert_eq!(fs::read(folder.join(kept)).unwrap(), left);
    assert!(!folder.join("vestibule.db-wal").exists());
    let server = Server::start(&folder, &settings);
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 401);
    assert!(cookie(&server, ADA, PASSWORD).is_some() && cookie(&server, "bob@example.org", PASSWORD).is_none());
    // Nor is one that has the name of a backup to be made.
    fs::write(folder.join("later-wal"), left).unwrap();
    let said = run(&["backup", "later"]).assert_status(1).err;
    assert!(said.contains("later-wal") && !folder.join("later").exists(), "{said}");
}

async fn a_backup_has_nothing_of_the_mails_that_wait(database: Database) {
    let sink = Sink::open().await;
    let app = TestApp::with(database, |settings| {
        settings.mail.smtp_url = sink.url().into();
        settings.mail.from = "hello@vestibule.example".into();
    })
    .await;
    sink.refuse(&["450 later", "450 later"]);
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    let content = app.raw().await.texts("SELECT content FROM outgoing_mails").await.remove(0);
    let (_, rest) = content.split_once("/confirm/link_").unwrap();
    let secret = &rest[..38];
    let place = Place::of(&app.settings.database.url).unwrap();
    let to = folder().join("copy");
    backup::make(place.clone(), to.clone(), String::new(), app.db.now()).await.unwrap();
    backup::verify(place, to.clone(), String::new()).await.unwrap();
    let holds = |needle: &str| fs::read(&to).unwrap().windows(needle.len()).any(|part| part == needle.as_bytes());
    assert!(!holds(secret));
    if database == Database::Sqlite {
        assert!(holds(&ada.email), "it can be read");
    }
    assert!(ada.browser.is_signed_in().await, "and the server goes on");
    assert_eq!(app.count("outgoing_mails WHERE content IS NOT NULL").await, 1, "the mail still waits");
    // In a restored database it waits no more: it may have been sent since.
    assert_eq!(restored(&app.db, false).await.unwrap().mails, 1);
    app.clock.advance(Duration::minutes(5));
    app.state.mailer.wake();
    app.db.wait_idle().await;
    assert!(sink.taken().is_empty());
}

/// As on a full disk: the backup goes to another one.
async fn a_backup_is_made_also_if_nothing_can_be_written_down(place: DatabaseLocation) {
    let folder = folder();
    let settings = settings(&place);
    let server = Server::start(&folder, &settings);
    server.token();
    let file = format!("sqlite:{}", folder.join("vestibule.db").display());
    let mut raw = RawDb::connect(if place.url().starts_with("sqlite:") { &file } else { place.url() }).await;
    raw.run("DROP TABLE operator_log").await;
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let said = run(&["backup", "before"]).assert_status(0);
    assert!(said.out.contains("was made and checked"), "{}", said.out);
    assert!(said.err.contains("no entry of this in the operators' log"), "{}", said.err);
    // What changes something is not done.
    run(&["accounts", "disable", ADA]).assert_status(1);
}

async fn the_server_makes_backups_by_itself(place: DatabaseLocation) {
    let folder = folder();
    let [database, path] = settings(&place);
    let settings = [database, path, ("VESTIBULE_BACKUP__EVERY_HOURS", "1")];
    let backups: PathBuf = folder.join("backups");
    let whole = || {
        let names = if backups.exists() { files(&backups) } else { Vec::new() };
        names.into_iter().filter(|name| name.starts_with("vestibule-2")).collect::<Vec<_>>()
    };
    let server = Server::start(&folder, &settings);
    let begun = Instant::now();
    while whole().is_empty() {
        assert!(begun.elapsed() < PATIENCE, "no backup: {}", server.log());
        sleep(StdDuration::from_millis(100));
    }
    assert!((mode(&backups), mode(&backups.join(&whole()[0]))) == (0o700, 0o600));
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    // A restart is no reason for another one.
    let server = Server::start(&folder, &settings);
    server.token();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert_eq!(whole().len(), 1);
}

/// A table that is new is in neither list.
async fn of_every_table_it_is_decided_what_a_restore_does(app: TestApp) {
    let tables = app.raw().await.tables().await;
    let decided: Vec<_> = ENDED.into_iter().chain(KEPT).collect();
    // The table of a resource has its feature's name, and holds what people made.
    let kept = |table: &str| features().iter().any(|feature| feature.name == table);
    let known = |table: &str| table.starts_with("sqlite_") || decided.contains(&table) || kept(table);
    let undecided: Vec<_> = tables.iter().filter(|table| !known(table)).collect();
    assert!(undecided.is_empty(), "end them in src/db/restored.rs, or keep them: {undecided:?}");
}
