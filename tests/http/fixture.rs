//! The database of a version, with people who hold everything there is: `scripts/fixture` writes it when the version is
//! released, and in those that follow everybody signs in with what they hold.

use std::{env, fs, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use vestibule::{
    settings::{FirstPartyClient, TokenLogin},
    timestamp::Timestamp,
};

use crate::{
    device_bound::{Bound, Key},
    oauth::{OWN, OWN_URI, Tokens, refresh},
    sign_in::{Enrolled, step, totp},
    support::{Authenticator, Database, Door, PASSWORD, RawDb, TestApp, on_both_databases},
    upgrade::{copy, fixture, held},
};

on_both_databases! {
    what_people_of_earlier_versions_hold_works,
}

const ORIGIN: &str = "https://vestibule.example";
const COOKIE: &str = "__Host-Http-session";

/// What the people of a fixture hold. What is bytes is Base64.
#[derive(Serialize, Deserialize)]
struct Held {
    made_at: Timestamp,
    /// Of all of them.
    password: String,
    /// Ada's, who has a password alone.
    email: String,
    session: String,
    token: String,
    refresh_token: String,
    /// Bob has a passkey.
    passkey_key: String,
    passkey_id: String,
    passkey_user: String,
    passkey_count: u32,
    /// Carol has an authenticator app and recovery codes.
    totp_email: String,
    totp_secret: String,
    recovery_codes: Vec<String>,
    /// Dora's session is bound to a key of her device, the RSA key of the tests.
    bound_cookie: String,
    bound_session: String,
}

/// The site, over the database at `url` or a new one.
async fn site(database: Database, url: Option<String>) -> TestApp {
    TestApp::with(database, |settings| {
        settings.server.public_url = ORIGIN.parse().unwrap();
        settings.tokens.login = TokenLogin::On;
        settings.oauth.clients = vec![FirstPartyClient {
            id: OWN.into(),
            name: "Own app".into(),
            redirect_uris: vec![OWN_URI.into()],
            ..FirstPartyClient::default()
        }];
        if let Some(url) = url {
            settings.database.url = url;
        }
    })
    .await
}

fn passkey(key: &[u8]) -> Authenticator {
    Authenticator { origin: ORIGIN.into(), rp_id: "vestibule.example".into(), ..Authenticator::of(key) }
}

async fn populated(app: &TestApp) -> Held {
    let (ada, bob, dora) = (app.person("ada").await, app.person("bob").await, app.person("dora").await);
    let tokens = Tokens::own(app, &ada).await;
    let key = Authenticator::new_key();
    let mut authenticator = passkey(&key);
    bob.browser.add_passkey(&mut authenticator).await;
    let carol = Enrolled::new(app, "carol").await;
    let bound = Bound::new(app, &dora, Key::rsa()).await;
    app.db.wait_idle().await;
    Held {
        made_at: app.db.now(),
        password: PASSWORD.into(),
        session: ada.browser.cookie().unwrap(),
        token: ada.client.token.clone(),
        email: ada.email,
        refresh_token: tokens.refresh,
        passkey_key: BASE64_STANDARD.encode(key),
        passkey_id: BASE64_STANDARD.encode(&authenticator.credential_id),
        passkey_user: BASE64_STANDARD.encode(&authenticator.user_handle),
        passkey_count: authenticator.sign_count,
        totp_email: carol.person.email,
        totp_secret: BASE64_STANDARD.encode(carol.secret),
        recovery_codes: carol.codes,
        bound_cookie: bound.browser.cookie().unwrap(),
        bound_session: bound.session,
    }
}

/// Writes the fixture of the version that the environment names, on both databases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/fixture runs it"]
async fn write() {
    let version = env::var("FIXTURE").expect("FIXTURE is the version");
    fs::create_dir_all(fixture(&version, "")).unwrap();
    for (database, file) in [(Database::Sqlite, "sqlite.json"), (Database::Postgres, "postgres.json")] {
        let app = site(database, None).await;
        let held = Box::pin(populated(&app)).await;
        app.db.close().await;
        let json = serde_json::to_string_pretty(&held).unwrap();
        fs::write(fixture(&version, file), json + "\n").unwrap();
        let mut raw = app.raw().await;
        // The resource of the tests is of no version.
        raw.run("DROP TABLE entries").await;
        dump(&mut raw, &app.settings.database.url, &version).await;
    }
}

async fn dump(raw: &mut RawDb, url: &str, version: &str) {
    if matches!(raw, RawDb::Sqlite(_)) {
        let file = fixture(version, "vestibule.sqlite");
        let _ = fs::remove_file(&file);
        raw.run(&format!("VACUUM INTO '{}'", file.display())).await;
        return;
    }
    let made = Command::new("pg_dump").args(["--inserts", "--no-owner", "--no-privileges", url]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = String::from_utf8(made.stdout).unwrap();
    // Without comments, and without the commands of psql.
    let kept = text.lines().filter(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\'));
    let kept: Vec<_> = kept.collect();
    fs::write(fixture(version, "postgres.sql"), kept.join("\n") + "\n").unwrap();
}

/// The versions whose fixtures `scripts/fixture` has written.
fn versions() -> Vec<String> {
    let folders = fs::read_dir(fixture("", "")).unwrap().flatten();
    let folders = folders.filter(|folder| folder.file_type().unwrap().is_dir());
    let mut names: Vec<_> = folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    // That one was written by hand, and has tests of its own.
    names.retain(|name| name != "0.1.0");
    names.sort();
    names
}

async fn what_people_of_earlier_versions_hold_works(database: Database) {
    let versions = versions();
    assert!(!versions.is_empty());
    for version in versions {
        let (url, _postgres) = copy(&version, database).await;
        let held: Held = serde_json::from_slice(&held(&version, database)).unwrap();
        let app = site(database, Some(url)).await;
        app.clock.advance(held.made_at.get() - OffsetDateTime::now_utc() + Duration::minutes(10));
        everybody_signs_in(&app, held).await;
    }
}

async fn everybody_signs_in(app: &TestApp, held: Held) {
    let bytes = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    let browser = app.browser();
    browser.put(COOKIE, &held.session);
    assert!(browser.is_signed_in().await);
    assert_eq!(app.client(&held.token).get("/me").await.assert_status(200).json()["email"], held.email.as_str());
    refresh(app, OWN, &held.refresh_token).await.assert_status(200);
    let login =
        async |email: &str| app.post("/api/v1/login").json(json!({"email": email, "password": held.password})).await;
    login(&held.email).await.assert_status(201);

    let mut key = Authenticator {
        credential_id: bytes(&held.passkey_id),
        user_handle: bytes(&held.passkey_user),
        sign_count: held.passkey_count,
        ..passkey(&bytes(&held.passkey_key))
    };
    app.browser().sign_in_with(&mut key).await.assert_status(200);

    let code = totp(&bytes(&held.totp_secret), app.db.now().get().unix_timestamp() / 30);
    for (factor, code) in [("totp", &code), ("recovery_code", &held.recovery_codes[3])] {
        let waits = login(&held.totp_email).await.problem(401, "second_factor_required");
        step(app, factor, waits["pending"].as_str().unwrap(), code).await.assert_status(201);
    }

    let browser = app.browser();
    browser.put(COOKIE, &held.bound_cookie);
    assert!(!browser.is_signed_in().await, "the short cookie is over");
    let bound = Bound { browser, key: Key::rsa(), session: held.bound_session };
    bound.renew().await.assert_status(200);
    assert!(bound.browser.is_signed_in().await);
}
