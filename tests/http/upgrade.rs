//! A database of each earlier version is brought up to date with everything in it.
//!
//! `tests/fixtures` has a folder for each version: a database of both kinds that the version's own server wrote, and
//! what its people hold: cookies, tokens, links.

use std::{fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use vestibule::timestamp::Timestamp;

use crate::support::{Database, Door, Postgres, RawDb, TestApp, folder, on_both_databases};

on_both_databases! {
    sessions_and_tokens_of_0_1_0_go_on,
    everything_of_0_1_0_is_kept,
    an_upgraded_database_has_the_schema_of_a_new_one,
}

/// What the people of a fixture hold.
#[derive(Deserialize)]
struct Held {
    /// When the database was written.
    made_at: Timestamp,
    account: Value,
    password: String,
    /// The session cookie of a browser that stays signed in.
    session: String,
    token: String,
    /// Made by `token`.
    child_token: String,
    /// Of `POST login`.
    login_token: String,
    revoked_token: String,
    /// The path of a link that was not used.
    reset_link: String,
    tokens: Value,
}

/// What the people of the fixture of `version` hold, as JSON.
pub(super) fn held(version: &str, database: Database) -> Vec<u8> {
    let file = if database == Database::Sqlite { "sqlite.json" } else { "postgres.json" };
    fs::read(fixture(version, file)).unwrap()
}

/// The application over a copy of the database that `version` wrote, ten minutes after that.
pub(super) struct Upgraded {
    pub(super) app: TestApp,
    held: Held,
    /// Keeps the database.
    _postgres: Option<Postgres>,
}

pub(super) fn fixture(version: &str, file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version).join(file)
}

/// A copy of the database that `version` wrote: its URL, and what keeps it.
pub(super) async fn copy(version: &str, database: Database) -> (String, Option<Postgres>) {
    match database {
        Database::Sqlite => {
            let copy = folder().join("vestibule.db");
            fs::copy(fixture(version, "vestibule.sqlite"), &copy).unwrap();
            (format!("sqlite:{}", copy.display()), None)
        }
        Database::Postgres => {
            let postgres = Postgres::new().await;
            let dump = fs::read_to_string(fixture(version, "postgres.sql")).unwrap();
            let mut raw = RawDb::connect(&postgres.url).await;
            raw.run(&dump).await;
            raw.close().await;
            (postgres.url.clone(), Some(postgres))
        }
    }
}

impl Upgraded {
    pub(super) async fn from(version: &str, database: Database) -> Self {
        let (url, postgres) = copy(version, database).await;
        let held: Held = serde_json::from_slice(&held(version, database)).unwrap();
        let app = TestApp::with(database, |settings| settings.database.url = url).await;
        app.clock.advance(held.made_at.get() - OffsetDateTime::now_utc() + Duration::minutes(10));
        Self { app, held, _postgres: postgres }
    }
}

async fn sessions_and_tokens_of_0_1_0_go_on(database: Database) {
    let Upgraded { app, held, .. } = &Upgraded::from("0.1.0", database).await;
    let browser = app.browser();
    browser.plant(&held.session);
    assert!(browser.is_signed_in().await);
    let client = app.client(&held.token);
    for door in [&browser as &dyn Door, &client] {
        let me = door.get("/me").await.assert_status(200).json();
        assert_eq!((&me["id"], &me["email"]), (&held.account["id"], &held.account["email"]));
    }
    for token in [&held.child_token, &held.login_token] {
        app.client(token).get("/token").await.assert_status(200);
    }
    app.client(&held.revoked_token).get("/token").await.problem(401, "token_revoked");
    // What a token has made ends with it.
    client.call(axum::http::Method::POST, "/logout").await.assert_status(204);
    app.client(&held.child_token).get("/token").await.problem(401, "token_revoked");
    browser.submit("/sign-out", &[]).await.assert_status(303);
    assert!(!browser.is_signed_in().await);
}

async fn everything_of_0_1_0_is_kept(database: Database) {
    let Upgraded { app, held, .. } = &Upgraded::from("0.1.0", database).await;
    for (table, rows) in [
        ("accounts", 2),
        ("accounts WHERE email_verified_at IS NOT NULL", 1),
        ("activity", 16),
        ("browser_sessions", 2),
        ("browser_sessions WHERE reauthenticated_at = created_at", 2),
        ("idempotency", 1),
        ("known_browsers", 4),
        ("one_time_links", 2),
        ("rate_limit_attempts", 7),
        ("tower_sessions", 3),
        ("tower_sessions WHERE browser_session_id IS NOT NULL", 3),
        ("tower_sessions JOIN browser_sessions ON browser_sessions.id = browser_session_id", 2),
    ] {
        assert_eq!(app.count(table).await, rows, "{table}");
    }
    let client = app.client(&held.token);
    let tokens = client.get("/tokens").await.assert_status(200).json();
    let names = |list: &Value| list.as_array().unwrap().iter().map(|token| token["id"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&tokens["items"]), names(&held.tokens));

    let sign_in = |email: &str| {
        let (browser, form) = (app.browser(), [("email", email.to_owned()), ("password", held.password.clone())]);
        async move { browser.submit("/sign-in", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await }
    };
    sign_in(held.account["email"].as_str().unwrap()).await.assert_status(303);
    sign_in("bob@example.org").await.page(403);
    app.browser().visit(&held.reset_link).await.page(200);
}

/// What the database's own catalogue says of its tables, columns, indexes and constraints.
async fn schema(raw: &mut RawDb) -> Vec<String> {
    // A database that was in use has statistics for the planner besides.
    const SQLITE: &str = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master
        WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1";
    const POSTGRES: &str = "
        SELECT concat_ws(' ', table_name, column_name, data_type, column_default, is_nullable)
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype <> 'n' AND connamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1";
    let sql = if matches!(raw, RawDb::Sqlite(_)) { SQLITE } else { POSTGRES };
    raw.texts(sql).await
}

async fn an_upgraded_database_has_the_schema_of_a_new_one(database: Database) {
    let Upgraded { app, .. } = &Upgraded::from("0.1.0", database).await;
    let new = TestApp::with(database, |_| {}).await;
    let (mut upgraded, mut new) = (app.raw().await, new.raw().await);
    assert_eq!(schema(&mut upgraded).await, schema(&mut new).await);

    let kind = if matches!(upgraded, RawDb::Sqlite(_)) { "sqlite" } else { "postgres" };
    let files = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind)).unwrap();
    let version = |name: &str| name.split_once('_').unwrap().0.parse::<i64>().unwrap();
    let newest = files.map(|file| version(file.unwrap().file_name().to_str().unwrap())).max().unwrap();
    let applied = upgraded.texts("SELECT CAST(max(version) AS text) FROM _sqlx_migrations WHERE success").await;
    assert_eq!(applied, [newest.to_string()]);
}
