//! An account an operator has disabled.

use serde_json::json;
use vestibule::features::accounts::admin;

use crate::support::{Browser, Database, Door, PASSWORD, Person, TestApp, on_both_databases};

on_both_databases! {
    it_is_out_at_both_doors_from_the_next_request_on,
    only_who_knows_the_password_is_told,
    its_links_are_void_and_it_gets_no_new_ones,
    enabled_again_it_signs_in_and_nothing_that_ended_comes_back,
    a_sign_in_that_was_on_its_way_does_not_come_back_either,
    its_owner_sees_what_was_done,
    every_instance_keeps_it_out,
}

async fn disable(app: &TestApp, person: &Person) {
    assert!(admin::disable(&app.db, person.account.id).await.unwrap());
}

async fn enable(app: &TestApp, person: &Person) {
    assert!(admin::enable(&app.db, person.account.id).await.unwrap());
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> (Browser, u16, String) {
    let browser = app.browser();
    let reply = browser.submit("/sign-in", &[("email", email), ("password", password)]).await;
    let (status, text) = (reply.status.as_u16(), reply.text().to_owned());
    (browser, status, text)
}

async fn it_is_out_at_both_doors_from_the_next_request_on(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    disable(&app, &ada).await;
    assert!(!ada.browser.is_signed_in().await);
    assert_eq!(ada.browser.cookie(), None, "signed out cleanly");
    ada.browser.get("/me").await.problem(401, "not_signed_in");
    let refused = ada.client.get("/me").await;
    refused.problem(401, "token_revoked");
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    assert!(bob.browser.is_signed_in().await);
    bob.client.get("/me").await.assert_status(200);
    assert!(!admin::disable(&app.db, ada.account.id).await.unwrap(), "once is enough");
}

async fn only_who_knows_the_password_is_told(app: TestApp) {
    let ada = app.person("ada").await;
    disable(&app, &ada).await;
    let (_, wrong, page) = sign_in(&app, &ada.email, "wrong password").await;
    let (_, nobody, _) = sign_in(&app, "nobody@example.org", "wrong password").await;
    assert!(wrong == 401 && nobody == 401 && !page.contains("is disabled"));
    let (browser, right, page) = sign_in(&app, &ada.email, PASSWORD).await;
    assert!(right == 403 && page.contains("This account is disabled.") && page.contains(&ada.email));
    assert_eq!(browser.cookie(), None);
    for path in ["/api/v1/login", "/session/v1/login"] {
        let login = |password: &str| app.post(path).json(json!({"email": ada.email, "password": password}));
        login("wrong password").await.problem(401, "invalid_credentials");
        login(PASSWORD).await.problem(403, "account_disabled");
    }
    assert_eq!(app.count("browser_sessions").await, 0);
}

async fn its_links_are_void_and_it_gets_no_new_ones(app: TestApp) {
    let ada = app.person("ada").await;
    let confirm = app.link("/confirm/").await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    disable(&app, &ada).await;
    let letters = app.letters().await.len();
    for link in [&confirm, &reset] {
        app.get(link).await.page(410);
        app.browser().submit(link, &[("password", "entirely different words")]).await.page(410);
    }
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    assert_eq!(app.letters().await.len(), letters);
    assert!(admin::reset_link(&app.db, &app.settings, ada.account.id).await.is_err());
}

async fn enabled_again_it_signs_in_and_nothing_that_ended_comes_back(app: TestApp) {
    let ada = app.person("ada").await;
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    disable(&app, &ada).await;
    enable(&app, &ada).await;
    assert!(!thief.is_signed_in().await && !ada.browser.is_signed_in().await);
    ada.client.get("/me").await.assert_status(200);
    let (browser, status, _) = sign_in(&app, &ada.email, PASSWORD).await;
    assert!(status == 303 && browser.is_signed_in().await);
    assert!(!admin::enable(&app.db, ada.account.id).await.unwrap());
}

async fn a_sign_in_that_was_on_its_way_does_not_come_back_either(app: TestApp) {
    let ada = app.person("ada").await;
    app.sql("CREATE TABLE kept AS SELECT * FROM browser_sessions").await;
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    disable(&app, &ada).await;
    // As if the password had been proven just before, and the row written just after.
    app.sql("INSERT INTO browser_sessions SELECT * FROM kept").await;
    assert!(!thief.is_signed_in().await);
    thief.plant(&ada.browser.cookie().unwrap_or_default());
    enable(&app, &ada).await;
    assert!(!thief.is_signed_in().await);
}

async fn its_owner_sees_what_was_done(app: TestApp) {
    let ada = app.person("ada").await;
    disable(&app, &ada).await;
    enable(&app, &ada).await;
    let (browser, ..) = sign_in(&app, &ada.email, PASSWORD).await;
    app.db.wait_idle().await;
    let page = browser.visit("/account").await.page(200);
    for said in ["Account disabled", "Account enabled", "Browser signed out", "the command line, by operator"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

async fn every_instance_keeps_it_out(database: Database) {
    let app = TestApp::with(database, |_| {}).await;
    let there = app.another_instance().await;
    let ada = app.person("ada").await;
    disable(&there, &ada).await;
    assert!(!ada.browser.is_signed_in().await);
    ada.client.get("/me").await.problem(401, "token_revoked");
}
