//! The mail about a browser that an account was never seen with.

use serde_json::json;
use tokio::task::JoinSet;
use vestibule::settings::Confirm;

use crate::support::{Database, PASSWORD, Request, TestApp, on_both_databases};

on_both_databases! {
    a_browser_never_seen_before_is_told_by_mail_once,
    the_first_browser_of_an_account_is_no_news,
    the_same_kind_of_browser_nearby_is_no_news,
    whoever_does_not_get_in_is_no_news,
    the_token_door_tells_it_too,
    of_many_at_once_one_is_told,
}

const ABOUT: &str = "New sign-in to your account";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/17.4 Safari/605.1.15";

/// Signs Ada in at the session door.
fn sign_in(app: &TestApp, password: &str, user_agent: &str, address: &str) -> Request {
    let form = [("email", "ada@example.org"), ("password", password)];
    app.post("/sign-in").form(&form).header("user-agent", user_agent).at(address)
}

async fn a_browser_never_seen_before_is_told_by_mail_once(app: TestApp) {
    app.person("ada").await;
    app.db.wait_idle().await;
    for _ in 0..3 {
        sign_in(&app, PASSWORD, FIREFOX, "198.51.100.7").await.assert_status(303);
    }
    let [letter] = app.emails_with_subject(ABOUT).await.try_into().unwrap();
    assert_eq!(letter.header("To"), "ada@example.org");
    let text = letter.text();
    assert!(text.contains("Firefox on Linux") && text.contains("198.51.100.7"), "{text}");
    assert!(text.contains("http://localhost:3000/account") && text.contains("/forgot"), "{text}");
    assert!(!text.contains(PASSWORD));
    sign_in(&app, PASSWORD, SAFARI, "198.51.100.7").await.assert_status(303);
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 2);
}

async fn the_first_browser_of_an_account_is_no_news(database: Database) {
    let app = TestApp::with(database, |settings| settings.accounts.confirm = Confirm::Required).await;
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    app.browser().submit("/sign-up", &form).await.assert_status(202);
    let link = app.link("/confirm/").await;
    let confirm = app.browser().ask(axum::http::Method::POST, &link).form(&form[2..]);
    confirm.header("user-agent", SAFARI).await.assert_redirect("/account");
    assert!(app.emails_with_subject(ABOUT).await.is_empty());
    sign_in(&app, PASSWORD, FIREFOX, "198.51.100.7").await.assert_status(303);
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 1);
}

async fn the_same_kind_of_browser_nearby_is_no_news(app: TestApp) {
    app.person("ada").await;
    sign_in(&app, PASSWORD, FIREFOX, "198.51.100.7").await.assert_status(303);
    let newer = FIREFOX.replace("128", "129");
    sign_in(&app, PASSWORD, &newer, "198.51.200.1").await.assert_status(303);
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 1);
    sign_in(&app, PASSWORD, FIREFOX, "203.0.113.7").await.assert_status(303);
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 2);
    // Another account has browsers of its own.
    app.person("bob").await;
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 2);
}

async fn whoever_does_not_get_in_is_no_news(app: TestApp) {
    app.person("ada").await;
    app.db.wait_idle().await;
    sign_in(&app, "wrong password", FIREFOX, "198.51.100.7").await.assert_status(401);
    assert!(app.emails_with_subject(ABOUT).await.is_empty());
    assert_eq!(app.count("known_browsers").await, 1);
}

async fn the_token_door_tells_it_too(app: TestApp) {
    app.person("ada").await;
    app.db.wait_idle().await;
    for path in ["/api/v1/login", "/session/v1/login"] {
        let login = app.post(path).json(json!({"email": "ada@example.org", "password": PASSWORD}));
        assert!(login.header("user-agent", FIREFOX).at("198.51.100.7").await.status.is_success());
    }
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 1);
}

async fn of_many_at_once_one_is_told(app: TestApp) {
    app.person("ada").await;
    app.db.wait_idle().await;
    let there = app.another_instance().await;
    let asks = (0..8).map(|n| sign_in(if n % 2 == 0 { &app } else { &there }, PASSWORD, FIREFOX, "198.51.100.7"));
    let running: JoinSet<_> = asks.map(IntoFuture::into_future).collect();
    for reply in running.join_all().await {
        reply.assert_status(303);
    }
    there.db.wait_idle().await;
    assert_eq!(app.emails_with_subject(ABOUT).await.len(), 1);
}
