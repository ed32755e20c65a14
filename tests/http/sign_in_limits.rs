//! How many browsers an account may be signed in with at once, and what listing and ending many of them costs (S63).

use axum::http::Method;
use time::Duration;
use tokio::task::JoinSet;
use uuid::Uuid;
use vestibule::{
    auth::{
        browser_session::BrowserSessionWithOwner,
        sign_in::{At, Wants},
        verify_password::verify_password,
    },
    feature,
    features::{
        accounts::admin,
        browser_sessions::service::{list_all, record},
    },
    http::client::Client,
};

use crate::support::{Browser, Database, PASSWORD, Person, TestApp, features, on_both_databases, resource::HOME};

on_both_databases! {
    the_oldest_browser_makes_room,
    browsers_of_the_future_make_room_first,
    many_at_once_leave_no_more_than_there_may_be,
    the_account_page_lists_no_more_than_there_may_be,
    signing_many_out_at_once_writes_no_more_than_a_page,
    operators_see_all_of_many,
}

async fn second_browser(app: &TestApp, person: &Person) -> Browser {
    let browser = app.browser();
    browser.submit("/sign-in", &[("email", &person.email), ("password", PASSWORD)]).await.assert_redirect(HOME);
    browser
}

/// How many browsers the account page lists.
async fn rows(browser: &Browser) -> usize {
    let page = browser.visit("/account").await.page(200);
    let (_, list) = page.split_once("Signed-in browsers").unwrap();
    list.split_once("</ul>").unwrap().0.matches("<li>").count()
}

async fn the_oldest_browser_makes_room(database: Database) {
    let app = TestApp::with(database, |settings| settings.sessions.per_account = 2).await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let second = second_browser(&app, &ada).await;
    let third = second_browser(&app, &ada).await;
    assert!(!ada.browser.is_signed_in().await, "hers was the oldest");
    assert!(second.is_signed_in().await && third.is_signed_in().await && bob.browser.is_signed_in().await);
    app.db.wait_idle().await;
    let page = third.visit("/account").await.page(200);
    assert_eq!(page.matches("Oldest browser signed out (limit reached)").count(), 1, "{page}");
    // One that signs in once more takes the place of its own.
    third.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    assert_eq!(app.count("browser_sessions").await, 2);
}

async fn browsers_of_the_future_make_room_first(database: Database) {
    let app = TestApp::with(database, |settings| settings.sessions.per_account = 2).await;
    let ada = app.person("ada").await;
    app.clock.advance(Duration::hours(1));
    let second = second_browser(&app, &ada).await;
    app.clock.advance(Duration::hours(-1));
    app.sql("DELETE FROM rate_limit_attempts").await;
    let third = second_browser(&app, &ada).await;
    assert!(!second.is_signed_in().await, "the clock was set back after it signed in");
    assert!(ada.browser.is_signed_in().await && third.is_signed_in().await);
}

async fn many_at_once_leave_no_more_than_there_may_be(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.sessions.per_account = 3;
        settings.throttle.sign_ins_here = 1_000;
    })
    .await;
    let ada = app.person("ada").await;
    let browsers: Vec<_> = (0..20).map(|_| app.browser()).collect();
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let asks: JoinSet<_> =
        browsers.iter().map(|browser| browser.ask(Method::POST, "/sign-in").form(&form).into_future()).collect();
    for reply in asks.join_all().await {
        reply.assert_redirect(HOME);
    }
    assert_eq!(app.count("browser_sessions").await, 3);
    let mut signed_in = 0;
    for browser in &browsers {
        signed_in += usize::from(browser.is_signed_in().await);
    }
    assert_eq!(signed_in, 3);
}

async fn the_account_page_lists_no_more_than_there_may_be(app: TestApp) {
    let ada = app.person("ada").await;
    let mut newest = ada.browser.clone();
    for _ in 0..4 {
        newest = second_browser(&app, &ada).await;
    }
    assert_eq!(rows(&newest).await, 5);
    let mut smaller = app.clone();
    smaller.settings.sessions.per_account = 2;
    let there = smaller.another_instance().await.browser();
    there.plant(&newest.cookie().unwrap());
    assert_eq!(rows(&there).await, 2);
}

async fn signing_many_out_at_once_writes_no_more_than_a_page(database: Database) {
    let app = TestApp::with(database, |settings| settings.sessions.per_account = 1_000).await;
    let ada = app.person("ada").await;
    let state = feature::state(app.settings.clone(), app.db.clone(), features()).unwrap();
    let (limits, client) = (&app.settings.throttle, Client::default());
    let proven = verify_password(&app.db, &state.hasher, limits, &client, &ada.email, PASSWORD.into()).await.unwrap();
    let proven = state.sign_ins.proceed(proven, At::Client(None), Wants::default(), &client).await.unwrap();
    for _ in 0..130 {
        record(&app.db, &app.settings.sessions, &proven, false, &client).await.unwrap();
    }
    ada.browser.submit("/account/sessions/revoke-others", &[]).await.assert_redirect("/account");
    app.db.wait_idle().await;
    assert_eq!(app.count("browser_sessions").await, 1);
    assert_eq!(app.count("activity WHERE kind = 'sign_in_revoked'").await, 101);
    assert_eq!(app.count("activity WHERE subject = '30 more browsers'").await, 1);
}

async fn operators_see_all_of_many(app: TestApp) {
    let ada = app.person("ada").await;
    // More than one statement reads, each the copy of hers.
    let (new_id, none) = if app.settings.database.url.starts_with("sqlite:") {
        ("randomblob(16)", "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1100)")
    } else {
        ("gen_random_uuid()", "WITH n (n) AS (SELECT generate_series(1, 1100))")
    };
    let columns = "account_id, user_agent, address, remembered, created_at, last_seen_at, expires_at, ends_at, \
                   reauthenticated_at";
    let many = format!(
        "INSERT INTO browser_sessions (id, {columns}) {none} SELECT {new_id}, {columns} FROM browser_sessions, n"
    );
    app.sql(&many).await;
    let people = "id, email, name, password_hash, auth_stamp, password_stamp, created_at";
    let many = format!(
        "INSERT INTO accounts ({people}) {none} SELECT {new_id}, 'n' || n, name, password_hash, auth_stamp,
            password_stamp, created_at FROM accounts, n"
    );
    app.sql(&many).await;
    let mut all = Vec::new();
    loop {
        let before = all.last().map_or(Uuid::max(), |last: &BrowserSessionWithOwner| last.session.id);
        let batch = list_all(&app.db, Some(ada.account.id), before, 500).await.unwrap();
        if batch.is_empty() {
            break;
        }
        all.extend(batch);
    }
    assert_eq!(all.len(), 1_101);
    assert!(all.windows(2).all(|pair| pair[0].session.id > pair[1].session.id), "each once, the newest first");
    let mut accounts = admin::list(&app.db, Uuid::nil(), 1_000).await.unwrap();
    assert_eq!(accounts.len(), 1_000);
    accounts.extend(admin::list(&app.db, accounts[999].id, 1_000).await.unwrap());
    assert_eq!(accounts.len(), 1_101);
    assert!(accounts.windows(2).all(|pair| pair[0].id < pair[1].id));
}
