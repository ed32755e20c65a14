//! The task that runs the jobs: nothing ends it.

use std::time::Duration as StdDuration;

use serde_json::json;
use time::Duration;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{sleep, timeout},
};
use vestibule::{app::jobs::run_jobs_every, state::AppState};

use crate::support::{
    Database, Door, PASSWORD, TestApp, features, on_both_databases,
    resource::{READ, READ_NAME},
};

on_both_databases! {
    the_loop_goes_on_whatever_becomes_of_a_job,
    a_mail_server_that_says_nothing_does_not_stop_it,
    what_lasts_longer_than_the_calendar_ends_with_it,
}

/// How long anything may take.
const PATIENCE: StdDuration = StdDuration::from_secs(20);

fn running(app: AppState) -> JoinHandle<()> {
    tokio::spawn(run_jobs_every(app, features(), StdDuration::from_millis(10)))
}

/// Waits until `table` has `rows` rows.
async fn has(app: &TestApp, table: &str, rows: i64) {
    let empty = async {
        while app.count(table).await != rows {
            sleep(StdDuration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, empty).await.unwrap_or_else(|_| panic!("{table} still has rows"));
}

/// Leaves something in the table of what was tried too often that is over in an hour.
async fn tried(app: &TestApp) {
    let login = json!({"email": "nobody@example.org", "password": "wrong password"});
    app.post("/api/v1/login").json(login).at("192.0.2.1").await.assert_status(401);
    app.db.wait_idle().await;
    app.clock.advance(Duration::hours(1));
}

async fn the_loop_goes_on_whatever_becomes_of_a_job(app: TestApp) {
    app.browser().submit("/forgot", &[("email", "nobody@example.org")]).await.assert_status(202);
    let ada = app.person("ada").await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(31));
    let (links, throttled) = (app.count("one_time_links").await, app.count("rate_limit_attempts").await);
    assert!(links > 0 && throttled > 0);

    // One job has no table, and another is told of a day that no calendar has.
    app.sql("ALTER TABLE one_time_links RENAME TO one_time_links_elsewhere").await;
    let state = app.state(|settings| settings.activity.keep_days = 9_999_999).await;
    let task = running(state);
    has(&app, "rate_limit_attempts", 0).await;
    has(&app, "browser_sessions", 0).await;
    assert!(app.count("activity").await > 0, "it is kept for as long as can be");
    app.sql("ALTER TABLE one_time_links_elsewhere RENAME TO one_time_links").await;
    has(&app, "one_time_links", 0).await;
    tried(&app).await;
    has(&app, "rate_limit_attempts", 0).await;
    assert!(!task.is_finished());
    task.abort();
}

async fn a_mail_server_that_says_nothing_does_not_stop_it(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..3 {
        app.token(&ada, &[READ]).await;
    }
    app.clock.advance(Duration::days(24));
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let task = running(app.state(|settings| settings.mail.smtp_url = url.into()).await);
    // Its greeting is awaited from here on.
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(timeout(PATIENCE, silent.accept()).await.expect("a mail is sent").unwrap());
    }
    for _ in 0..3 {
        tried(&app).await;
        // That her network is known is kept for longer.
        has(&app, "rate_limit_attempts", 1).await;
    }
    task.abort();
}

async fn what_lasts_longer_than_the_calendar_ends_with_it(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.sessions.remember_days = u32::MAX;
        settings.sessions.remember_idle_days = 9_999_999;
        settings.tokens.max_days = 9_999_999;
        settings.tokens.login_remember_days = u32::MAX;
        settings.accounts.confirm_hours = u32::MAX;
    })
    .await;
    let ada = app.person("ada").await;
    let login = json!({"email": ada.email, "password": PASSWORD, "remember": true});
    let browser = app.browser();
    browser.post("/login", login.clone()).await.assert_status(200);
    assert!(browser.is_signed_in().await);
    let token = app.post("/api/v1/login").json(login).await.assert_status(201).json();
    assert_eq!(token["expires_at"], "9999-12-31T23:59:59.999Z");
    app.client(token["token"].as_str().unwrap()).get("/me").await.assert_status(200);
    let new = json!({"name": "long", "scopes": [READ_NAME], "days": 9_999_999, "renew": true});
    let made = ada.client.post("/tokens", new).await;
    assert!(matches!(made.status.as_u16(), 201 | 422), "{}", made.text());
    ada.browser.visit("/tokens").await.page(200);
}
