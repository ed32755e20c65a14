//! A credential ends with what it was made with (S59), and is made for the account that proved itself (S61), whatever
//! else happens at that moment.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::{
    auth::{
        sign_in::{Admitted, At, Wants},
        verify_password::verify_password,
    },
    feature,
    features::{accounts::admin, browser_sessions::service::record, tokens::service::create_at_login},
    http::{client::Client as Somewhere, problem::Problem},
};

use crate::support::{
    Browser, Client, Database, Door, PASSWORD, Person, TestApp, all_scopes, features, field_error, on_both_databases,
    resource::{HOME, READ_FIELD, READ_NAME},
};

on_both_databases! {
    a_login_ends_with_the_password_and_so_does_what_it_made,
    a_login_ends_with_a_reset_and_so_does_what_it_made,
    a_login_of_an_older_password_is_refused_before_anybody_revokes_it,
    nothing_is_made_with_a_password_that_was_changed_meanwhile,
    nothing_is_made_with_a_password_that_was_reset_meanwhile,
    nothing_is_made_for_an_account_that_was_disabled_meanwhile,
    what_waits_for_a_change_to_be_written_sees_it,
    no_login_in_flight_outlives_a_change_of_the_password,
    no_login_in_flight_outlives_a_reset,
    a_request_that_began_before_the_password_changed_makes_nothing,
    reauthentication_is_of_the_account_and_not_of_whoever_has_its_address,
}

pub(super) const NEW: &str = "entirely different words";
pub(super) const TOKEN: [(&str, &str); 3] = [("name", "stolen"), ("days", "30"), (READ_FIELD, "on")];

pub(super) fn somewhere() -> Somewhere {
    Somewhere::default()
}

/// As a sign-in at either door has it before it makes anything.
pub(super) async fn proven(app: &TestApp, person: &Person) -> Admitted {
    let state = feature::state(app.settings.clone(), app.db.clone(), features()).unwrap();
    let (limits, password) = (&app.settings.throttle, PASSWORD.into());
    let proven = verify_password(&app.db, &state.hasher, limits, &somewhere(), &person.email, password).await.unwrap();
    state.sign_ins.proceed(proven, At::Client(None), Wants::default(), &somewhere()).await.unwrap()
}

pub(super) async fn change_password(browser: &Browser, tokens_too: bool) {
    let mut form = vec![("current", PASSWORD), ("password", NEW)];
    if tokens_too {
        form.push(("tokens", "on"));
    }
    browser.submit("/account/password", &form).await.assert_redirect("/account");
}

async fn reset(app: &TestApp, person: &Person, form: &[(&str, &str)]) {
    app.browser().submit("/forgot", &[("email", &person.email)]).await.assert_status(202);
    let link = app.link("/reset/").await;
    app.browser().submit(&link, form).await.page(200);
}

pub(super) async fn login(app: &TestApp, person: &Person) -> Client {
    let made = app.post("/api/v1/login").json(json!({"email": person.email, "password": PASSWORD})).await;
    app.client(made.assert_status(201).json()["token"].as_str().unwrap())
}

async fn make(app: &TestApp, by: &Client, name: &str, days: u32) -> Client {
    let made = by.post("/tokens", json!({"name": name, "scopes": [READ_NAME, "tokens:manage"], "days": days})).await;
    app.client(made.assert_status(201).json()["token"].as_str().unwrap())
}

/// A token that ends in so many hours, so that a login may make it.
async fn make_soon(app: &TestApp, by: &Client, hours: i64) -> Client {
    let expires_at = app.db.now() + Duration::hours(hours);
    let body = json!({"name": "made", "scopes": [READ_NAME, "tokens:manage"], "expires_at": expires_at});
    app.client(by.post("/tokens", body).await.assert_status(201).json()["token"].as_str().unwrap())
}

async fn a_login_ends_with_the_password_and_so_does_what_it_made(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let child = make_soon(&app, &ada.client, 2).await;
    let grandchild = make_soon(&app, &child, 1).await;
    let by_hand = app.token(&ada, &all_scopes()).await;
    let its_child = make(&app, &by_hand, "made", 7).await;
    change_password(&ada.browser, false).await;
    for ended in [&ada.client, &child, &grandchild] {
        ended.get("/token").await.problem(401, "token_revoked");
    }
    // What she made herself goes on, as long as the box is not ticked.
    for kept in [&by_hand, &its_child] {
        kept.get("/token").await.assert_status(200);
    }
    bob.client.get("/me").await.assert_status(200);
    let form = [("current", NEW), ("password", PASSWORD), ("tokens", "on")];
    ada.browser.submit("/account/password", &form).await.assert_redirect("/account");
    for ended in [&by_hand, &its_child] {
        ended.get("/token").await.problem(401, "token_revoked");
    }
    // Its owner reads that they ended.
    app.db.wait_idle().await;
    let told = "activity WHERE kind = 'token_revoked'";
    assert_eq!(app.count(told).await, 5);
    login(&app, &ada).await.get("/me").await.assert_status(200);
}

async fn a_login_ends_with_a_reset_and_so_does_what_it_made(app: TestApp) {
    let ada = app.person("ada").await;
    app.sql("UPDATE accounts SET email_verified_at = created_at").await;
    let child = make_soon(&app, &ada.client, 2).await;
    let by_hand = app.token(&ada, &all_scopes()).await;
    reset(&app, &ada, &[("password", NEW)]).await;
    ada.client.get("/token").await.problem(401, "token_revoked");
    child.get("/token").await.problem(401, "token_revoked");
    by_hand.get("/token").await.assert_status(200);
    reset(&app, &ada, &[("password", "other words again"), ("tokens", "on")]).await;
    by_hand.get("/token").await.problem(401, "token_revoked");
}

async fn a_login_of_an_older_password_is_refused_before_anybody_revokes_it(app: TestApp) {
    let ada = app.person("ada").await;
    let child = make_soon(&app, &ada.client, 2).await;
    change_password(&ada.browser, false).await;
    // As if the server had died after the new password and before the rest.
    app.sql("UPDATE tokens SET revoked_at = NULL").await;
    ada.client.get("/token").await.problem(401, "token_revoked");
    child.get("/token").await.problem(401, "token_revoked");
    child.post("/tokens", json!({"name": "a", "scopes": [READ_NAME], "days": 1})).await.assert_status(401);
}

async fn is_refused(app: &TestApp, proven: &Admitted) -> Problem {
    let (tokens, browser_sessions) = (app.count("tokens").await, app.count("browser_sessions").await);
    let login = create_at_login(&app.db, &app.settings.tokens, &somewhere(), proven, Wants::default()).await;
    let sign_in = record(&app.db, &app.settings.sessions, proven, true, &somewhere()).await;
    assert_eq!((app.count("tokens").await, app.count("browser_sessions").await), (tokens, browser_sessions));
    let (login, sign_in) = (login.unwrap_err(), sign_in.unwrap_err());
    assert_eq!(login.code(), sign_in.code());
    login
}

async fn nothing_is_made_with_a_password_that_was_changed_meanwhile(app: TestApp) {
    let ada = app.person("ada").await;
    let before = proven(&app, &ada).await;
    change_password(&ada.browser, false).await;
    assert_eq!(is_refused(&app, &before).await.code(), "invalid_credentials");
    // Setting the same password once more ends what it was used for before.
    let form = [("current", NEW), ("password", PASSWORD)];
    ada.browser.submit("/account/password", &form).await.assert_redirect("/account");
    assert_eq!(is_refused(&app, &before).await.code(), "invalid_credentials");
    let now = proven(&app, &ada).await;
    record(&app.db, &app.settings.sessions, &now, false, &somewhere()).await.unwrap();
    create_at_login(&app.db, &app.settings.tokens, &somewhere(), &now, Wants::default()).await.unwrap();
}

async fn nothing_is_made_with_a_password_that_was_reset_meanwhile(app: TestApp) {
    let ada = app.person("ada").await;
    let before = proven(&app, &ada).await;
    reset(&app, &ada, &[("password", NEW)]).await;
    assert_eq!(is_refused(&app, &before).await.code(), "invalid_credentials");
}

async fn nothing_is_made_for_an_account_that_was_disabled_meanwhile(app: TestApp) {
    let ada = app.person("ada").await;
    let before = proven(&app, &ada).await;
    admin::disable(&app.db, ada.account.id).await.unwrap();
    assert_eq!(is_refused(&app, &before).await.code(), "account_disabled");
    admin::enable(&app.db, ada.account.id).await.unwrap();
    assert_eq!(is_refused(&app, &before).await.code(), "invalid_credentials");
    app.sql("DELETE FROM accounts").await;
    assert_eq!(is_refused(&app, &before).await.code(), "invalid_credentials");
}

async fn what_waits_for_a_change_to_be_written_sees_it(app: TestApp) {
    let ada = app.person("ada").await;
    let before = proven(&app, &ada).await;
    app.db.wait_idle().await;
    // The new password is written, and not committed yet.
    let mut change = app.raw().await;
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    change.run(if sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }).await;
    let new = "(SELECT hash FROM tokens LIMIT 1)";
    change.run(&format!("UPDATE accounts SET auth_stamp = {new}, password_stamp = {new}")).await;
    let (there, verified) = (app.clone(), before.clone());
    let login = tokio::spawn(async move {
        create_at_login(&there.db, &there.settings.tokens, &somewhere(), &verified, Wants::default()).await.map(drop)
    });
    let (there, verified) = (app.clone(), before.clone());
    let sign_in = tokio::spawn(async move {
        record(&there.db, &there.settings.sessions, &verified, false, &somewhere()).await.map(drop)
    });
    // PostgreSQL tells who waits. SQLite's writer is one at a time, whoever is there first.
    while !sqlite && app.count("pg_locks WHERE NOT granted").await < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    change.run("COMMIT").await;
    for made in [login.await.unwrap(), sign_in.await.unwrap()] {
        assert_eq!(made.unwrap_err().code(), "invalid_credentials");
    }
    assert_eq!((app.count("tokens").await, app.count("browser_sessions").await), (1, 1));
}

/// A house that takes many sign-ins at once, each of which takes a while.
async fn busy(database: Database) -> TestApp {
    TestApp::with(database, |settings| {
        settings.throttle.sign_ins_here = 1_000;
        settings.throttle.sign_ins_per_address = 1_000;
        settings.throttle.sign_ins_per_account = 1_000;
        settings.throttle.mails_per_address = 1_000;
        settings.passwords.memory_kib = 1_024;
        settings.passwords.workers = 2;
    })
    .await
}

/// Signs in many times at both doors while `work` is done, and gives what came of it.
async fn sign_ins_during(
    app: &TestApp,
    person: &Person,
    work: impl Future<Output = ()>,
) -> (Vec<Client>, Vec<Browser>) {
    let body = json!({"email": person.email, "password": PASSWORD});
    let logins: JoinSet<_> = (0..12).map(|_| app.post("/api/v1/login").json(body.clone()).into_future()).collect();
    let form = [("email", person.email.as_str()), ("password", PASSWORD)];
    let mut pages = JoinSet::new();
    for _ in 0..12 {
        let browser = app.browser();
        let ask = browser.ask(Method::POST, "/sign-in").form(&form).into_future();
        pages.spawn(async move {
            let reply = ask.await;
            assert!(matches!(reply.status.as_u16(), 303 | 401), "{}", reply.status);
            browser
        });
    }
    work.await;
    let mut clients = Vec::new();
    for reply in logins.join_all().await {
        match reply.status.as_u16() {
            201 => clients.push(app.client(reply.json()["token"].as_str().unwrap())),
            _ => drop(reply.problem(401, "invalid_credentials")),
        }
    }
    let browsers = pages.join_all().await;
    app.db.wait_idle().await;
    (clients, browsers)
}

async fn no_login_in_flight_outlives_a_change_of_the_password(database: Database) {
    let app = busy(database).await;
    for (number, tokens_too) in [true, false, true, false].into_iter().enumerate() {
        let ada = app.person(&format!("ada{number}")).await;
        let (clients, browsers) = sign_ins_during(&app, &ada, change_password(&ada.browser, tokens_too)).await;
        for client in &clients {
            client.get("/me").await.problem(401, "token_revoked");
        }
        for browser in browsers {
            assert!(!browser.is_signed_in().await);
        }
        assert!(ada.browser.is_signed_in().await);
        let working = "tokens WHERE revoked_at IS NULL";
        assert_eq!(app.count(working).await, 0, "no row of one is left that works");
        let rows = i64::try_from(number).unwrap() + 1;
        assert_eq!(app.count("browser_sessions").await, rows, "those of the browsers that changed it");
    }
}

async fn no_login_in_flight_outlives_a_reset(database: Database) {
    let app = busy(database).await;
    for number in 0..3 {
        let ada = app.person(&format!("ada{number}")).await;
        app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
        let link = app.link("/reset/").await;
        let work = async { drop(app.browser().submit(&link, &[("password", NEW)]).await.page(200)) };
        let (clients, browsers) = sign_ins_during(&app, &ada, work).await;
        for client in &clients {
            client.get("/me").await.problem(401, "token_revoked");
        }
        for browser in browsers {
            assert!(!browser.is_signed_in().await);
        }
        assert_eq!(app.count("tokens WHERE revoked_at IS NULL").await, 0);
        assert_eq!(app.count("browser_sessions").await, 0);
    }
}

async fn a_request_that_began_before_the_password_changed_makes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    // The very session of the browser that changes it, so its sign-in goes on.
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    let mut held = Vec::new();
    for ask in [
        thief.ask(Method::POST, "/tokens").form(&TOKEN),
        thief.call(Method::POST, "/tokens").json(json!({"name": "stolen", "scopes": [READ_NAME], "days": 30})),
        thief.ask(Method::POST, "/account/email").form(&[("email", "thief@new.example")]),
        thief.ask(Method::POST, "/account/delete").form(&[("email", &ada.email)]),
        thief.ask(Method::POST, "/account/sessions/revoke-others").form(&[]),
    ] {
        let mut ask = ask.held();
        ask.is_inside().await;
        held.push(ask);
    }
    change_password(&ada.browser, true).await;
    for ask in held {
        let reply = ask.finish().await;
        assert!(matches!(reply.status.as_u16(), 303 | 401), "{}: {}", reply.asked, reply.status);
        assert!(reply.status != 303 || reply.header("location") == "/sign-in", "{}", reply.asked);
    }
    assert_eq!(app.count("tokens WHERE name = 'stolen'").await, 0);
    assert!(app.emails_with_subject("Confirm your new email address").await.is_empty());
    assert!(ada.browser.is_signed_in().await, "and her account is there");
}

async fn reauthentication_is_of_the_account_and_not_of_whoever_has_its_address(app: TestApp) {
    const THIEFS: &str = "the words of the thief";
    let ada = app.person("ada").await;
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    app.clock.advance(Duration::minutes(10));
    let form = [TOKEN.as_slice(), &[("password-again", THIEFS)]].concat();
    let mut page = thief.ask(Method::POST, "/tokens").form(&form).held();
    page.is_inside().await;
    let mut reauthentication = thief.call(Method::POST, "/reauthenticate").json(json!({"password": THIEFS})).held();
    reauthentication.is_inside().await;
    let change = [("current", THIEFS), ("password", NEW)];
    let mut password = thief.ask(Method::POST, "/account/password").form(&change).held();
    password.is_inside().await;

    // Meanwhile she moves to another address, and the thief signs up with hers.
    let hers = app.browser();
    hers.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    hers.submit("/account/email", &[("email", "ada@new.example")]).await.assert_status(202);
    let link = app.link("/email/").await;
    hers.submit(&link, &[]).await.assert_redirect("/account");
    let form = [("name", "thief"), ("email", ada.email.as_str()), ("password", THIEFS)];
    app.browser().submit("/sign-up", &form).await.assert_status(303);

    let refused = page.finish().await.page(401);
    assert_eq!(field_error(&refused, "password-again"), "The password is wrong.");
    reauthentication.finish().await.problem(401, "invalid_credentials");
    assert_eq!(field_error(&password.finish().await.page(422), "current"), "The current password is wrong.");
    assert_eq!(app.count("tokens WHERE name = 'stolen'").await, 0);
    let form = [("email", "ada@new.example"), ("password", PASSWORD)];
    app.browser().submit("/sign-in", &form).await.assert_redirect(HOME);
}
