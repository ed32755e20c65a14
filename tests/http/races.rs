//! Several at once, and clients that go away in the middle.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use tokio::{task::JoinSet, time::timeout};

use crate::support::{
    Database, Door, PASSWORD, Request, TestApp, all_scopes, hang_up_after, on_both_databases,
    resource::{COLLECTION, CREATE_FUNCTION, PAGE, READ_NAME, TABLE, change, create_arguments, item, item_form},
};

on_both_databases! {
    of_twenty_who_change_one_version_one_wins,
    of_fifty_who_make_the_last_token_one_does,
    of_two_who_sign_up_with_one_address_one_does,
    a_note_is_deleted_once,
    clients_that_hang_up_leave_nothing_behind,
    clients_that_hang_up_at_login_give_their_place_back,
    past_the_queue_login_is_unavailable_and_recovers,
    no_request_in_flight_brings_a_session_back,
}

/// Sends all of them at once and gives the statuses, sorted.
pub async fn at_once(asks: impl IntoIterator<Item = Request>) -> Vec<u16> {
    let mut running: JoinSet<_> = asks.into_iter().map(IntoFuture::into_future).collect();
    let mut statuses = Vec::new();
    while let Some(reply) = running.join_next().await {
        statuses.push(reply.unwrap().status.as_u16());
    }
    statuses.sort_unstable();
    statuses
}

async fn of_twenty_who_change_one_version_one_wins(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.item_path("a").await;
        let tag = ada.client.get(&note).await.header("etag").to_owned();
        let asks = (0..20).map(|n| door.patch(&note, change(n.to_string())).header("if-match", &tag));
        let statuses = at_once(asks).await;
        assert_eq!(statuses[0], 200);
        assert!(statuses[1..].iter().all(|status| *status == 412), "{statuses:?}");
    }
}

async fn of_fifty_who_make_the_last_token_one_does(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.per_account = 5).await;
    let ada = app.person("ada").await;
    for _ in 0..4 {
        app.token(&ada, &all_scopes()).await;
    }
    // What a login makes ends with it.
    let expires_at = app.db.now() + time::Duration::hours(1);
    let body = json!({"name": "last", "scopes": [READ_NAME], "expires_at": expires_at});
    let asks = (0..50).map(|number| ada.doors()[number % 2].post("/tokens", body.clone()));
    let statuses = at_once(asks).await;
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    let made = "SELECT name FROM tokens WHERE issued_by <> 'login'";
    assert_eq!(app.raw().await.texts(made).await.len(), 5);
}

async fn of_two_who_sign_up_with_one_address_one_does(app: TestApp) {
    for round in 0..5 {
        let email = format!("ada{round}@example.org");
        let form = [("name", "Ada"), ("email", &email), ("password", PASSWORD)];
        let asks = (0..2).map(|_| app.browser().ask(Method::POST, "/sign-up").form(&form));
        assert_eq!(at_once(asks).await, [303, 422]);
    }
    assert_eq!((app.count("accounts").await, app.count("browser_sessions").await), (5, 5));
}

async fn a_note_is_deleted_once(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let statuses = at_once((0..10).map(|_| ada.client.delete(&note))).await;
    assert_eq!(statuses[0], 204);
    assert!(statuses[1..].iter().all(|status| *status == 404), "{statuses:?}");
}

async fn clients_that_hang_up_leave_nothing_behind(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let mut running = JoinSet::new();
    for number in 0..200_usize {
        let ask = match number % 6 {
            0 => ada.client.post(COLLECTION, item("dropped", "")),
            1 => ada.browser.patch(&note, change(number.to_string())),
            2 => ada.browser.ask(Method::POST, PAGE).form(&item_form("dropped", "")),
            3 => app.post("/sign-in").form(&form),
            4 => ada.browser.ask(Method::POST, CREATE_FUNCTION).json(create_arguments("a")),
            _ => ada.client.delete(&note).header("if-match", "\"0\""),
        };
        // From the first wait to the middle of the answer, and beyond.
        let polls = 1 + number / 6;
        running.spawn(async move { (polls, hang_up_after(polls, ask).await.is_none()) });
    }
    while let Some(ended) = running.join_next().await {
        let (polls, went_away) = ended.unwrap();
        assert!(went_away || polls > 1, "each of them waits for something");
    }

    let soon = Duration::from_secs(10);
    for door in ada.doors() {
        let write = door.post(COLLECTION, item("after", "")).into_future();
        timeout(soon, write).await.unwrap().assert_status(201);
        let change = door.patch(&note, change("after")).into_future();
        timeout(soon, change).await.unwrap().assert_status(200);
    }
    // Those who went away while they signed in are signed in all the same, and then no longer counted.
    timeout(soon, app.db.wait_idle()).await.unwrap();
    timeout(soon, app.post("/sign-in").form(&form).into_future()).await.unwrap().assert_status(303);
    // Every sign-in has its account and every session its sign-in, and the file is whole.
    app.sql(&format!("UPDATE {TABLE} SET title = title")).await;
    let again = app.another_instance().await;
    timeout(soon, again.client(&ada.client.token).get(COLLECTION).into_future()).await.unwrap().assert_status(200);
}

async fn clients_that_hang_up_at_login_give_their_place_back(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.passwords.workers = 1;
        settings.passwords.queue = 1;
    })
    .await;
    let ada = app.person("ada").await;
    let login = || app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD})).into_future();
    for number in 0..40 {
        hang_up_after(1 + number % 20, login()).await;
    }
    app.db.wait_idle().await;
    login().await.assert_status(201);
}

async fn past_the_queue_login_is_unavailable_and_recovers(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.passwords.workers = 1;
        settings.passwords.queue = 1;
    })
    .await;
    let ada = app.person("ada").await;
    let login = || app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD}));
    let held = app.state.hasher.hold_hashing().unwrap();
    let mut running: JoinSet<_> = (0..10).map(|_| login().into_future()).collect();
    for _ in 0..9 {
        running.join_next().await.unwrap().unwrap().problem(503, "unavailable");
    }
    // Others never wait for it.
    ada.client.get("/me").await.assert_status(200);
    assert!(running.try_join_next().is_none(), "the tenth has the place in the queue");
    drop(held);
    running.join_next().await.unwrap().unwrap().assert_status(201);
    login().await.assert_status(201);
}

async fn no_request_in_flight_brings_a_session_back(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..10 {
        let browser = app.browser();
        browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
        let thief = app.browser();
        thief.plant(&browser.cookie().unwrap());
        let reads = (0..6).map(|_| thief.ask(Method::GET, "/account"));
        let writes = (0..6).map(|_| thief.post(COLLECTION, item("a", "")));
        let out = [browser.ask(Method::POST, "/sign-out")];
        at_once(reads.chain(writes).chain(out)).await;
        assert!(!thief.is_signed_in().await);
    }
    assert_eq!(app.count("browser_sessions").await, 1, "hers from the beginning");
}

/// On PostgreSQL; a SQLite file is one instance's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_instances_may_start_at_once() {
    let app = TestApp::with(Database::Postgres, |_| {}).await;
    // As on the first day: the tables are not there yet.
    app.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    let mut running = JoinSet::new();
    for _ in 0..4 {
        let app = app.clone();
        running.spawn(async move { app.another_instance().await });
    }
    let instances = running.join_all().await;
    let ada = instances[0].person("ada").await;
    for instance in instances {
        instance.client(&ada.client.token).get("/me").await.assert_status(200);
    }
}
