//! Sites that require a second factor: whoever has none sets one up before anything else.

use serde_json::json;
use vestibule::settings::{Required, Settings};

use crate::{
    oauth::{OWN, Site, Tokens, refresh},
    sign_in::Enrolled,
    support::{Authenticator, Database, Door, PASSWORD, Person, TestApp, on_both_databases, resource::HOME},
};

on_both_databases! {
    whoever_has_none_is_led_to_set_one_up,
    a_passkey_is_enough_and_is_asked_for,
    only_operators_may_have_to,
    a_token_from_before_waits_for_the_second_factor,
}

fn everybody(settings: &mut Settings) {
    settings.factors.required = Required::Everybody;
}

/// Signs up, which the harness cannot do at the token door of such a site.
async fn newcomer(app: &TestApp, name: &str) -> (crate::support::Browser, String) {
    let (browser, email) = (app.browser(), format!("{name}@example.org"));
    let form = [("name", name), ("email", email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-up", &form).await.assert_redirect(HOME);
    (browser, email)
}

async fn whoever_has_none_is_led_to_set_one_up(database: Database) {
    let app = TestApp::with(database, everybody).await;
    let (browser, email) = newcomer(&app, "ada").await;
    for path in ["/", HOME, "/tokens", "/account", "/account/password", "/account/export"] {
        browser.visit(path).await.assert_redirect("/account/security");
    }
    browser.submit("/tokens", &[("name", "phone")]).await.assert_redirect("/account/security");
    browser.get("/me").await.problem(403, "factor_setup_required");
    browser.post("/tokens", json!({})).await.problem(403, "factor_setup_required");
    let function = browser.ask(axum::http::Method::POST, crate::support::resource::LIST_FUNCTION);
    function.json(crate::support::resource::list_arguments()).await.problem(403, "factor_setup_required");
    assert_eq!(browser.get("/factors").await.assert_status(200).json()["items"], json!([]));
    let body = json!({"email": email, "password": PASSWORD});
    app.post("/api/v1/login").json(body.clone()).await.problem(403, "factor_setup_required");
    let page = browser.visit("/account/security").await.page(200);
    assert!(page.contains("This site requires a second factor"), "{page}");

    let account = serde_json::from_value(browser_account(&app).await).unwrap();
    let client = app.client("none");
    let ada = Enrolled::of(&app, crate::support::Person { account, email, browser: browser.clone(), client }).await;
    browser.visit(HOME).await.page(200);
    browser.get("/me").await.assert_status(200);
    assert!(!browser.visit("/account/security").await.page(200).contains("This site requires"));
    let pending = ada.pending(&app).await;
    crate::sign_in::step(&app, "totp", &pending, &ada.next_code(&app)).await.assert_status(201);
    // Without it everything closes again.
    browser.delete("/factors/totp").await.assert_status(204);
    browser.visit(HOME).await.assert_redirect("/account/security");
    browser.submit("/sign-out", &[]).await.assert_redirect("/");
}

/// The account of the only person, as JSON.
async fn browser_account(app: &TestApp) -> serde_json::Value {
    let mut raw = app.raw().await;
    let email = raw.texts("SELECT email FROM accounts").await.remove(0);
    json!({
        "id": uuid::Uuid::now_v7(), "email": email, "email_confirmed": false, "name": "ada",
        "created_at": "2027-01-04T09:00:00.000Z",
    })
}

async fn a_passkey_is_enough_and_is_asked_for(database: Database) {
    let app = TestApp::with(database, everybody).await;
    let (browser, email) = newcomer(&app, "ada").await;
    let mut passkey = Authenticator::new();
    browser.add_passkey(&mut passkey).await;
    browser.visit(HOME).await.page(200);
    // The password alone does not do any more.
    let other = app.browser();
    let form = [("email", email.as_str()), ("password", PASSWORD)];
    other.submit("/sign-in", &form).await.assert_redirect("/sign-in/passkey");
    assert!(!other.is_signed_in().await);
    let answer = passkey.sign(&other.asked_to_sign().await).to_string();
    other.submit("/sign-in/passkey", &[("code", &answer)]).await.assert_redirect(HOME);
    app.browser().sign_in_with(&mut passkey).await.assert_status(200);
    // The token door cannot ask for it.
    let body = json!({"email": email, "password": PASSWORD});
    app.post("/api/v1/login").json(body).await.problem(403, "factor_setup_required");
}

async fn only_operators_may_have_to(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.factors.required = Required::Operators;
        settings.factors.operators = vec!["Root@example.org".into()];
    })
    .await;
    let (root, _) = newcomer(&app, "root").await;
    root.visit(HOME).await.assert_redirect("/account/security");
    let ada = app.person("ada").await;
    ada.browser.visit(HOME).await.page(200);
    ada.client.get("/me").await.assert_status(200);
}

/// A token that was made before the settings required anything is closed like a browser session from before.
async fn a_token_from_before_waits_for_the_second_factor(Site(app): Site) {
    let (ada, bob, eve) = (app.person("ada").await, app.person("bob").await, app.person("eve").await);
    let (made, of_an_app) = (app.token(&ada, &["account:read"]).await, Tokens::own(&app, &ada).await);
    let ended = app.token(&ada, &["account:read"]).await;
    let bob = Enrolled::of(&app, bob).await;
    eve.browser.add_passkey(&mut Authenticator::new()).await;
    let app = {
        let mut settings = app.settings.clone();
        everybody(&mut settings);
        app.with_settings(settings).await
    };
    let fresh = Tokens::of(&app, &refresh(&app, OWN, &of_an_app.refresh).await);
    let hers = [&ada.client.token, &made.token, &of_an_app.access.token, &fresh.access.token];
    for token in hers {
        for path in ["/me", "/token", "/factors", "/events"] {
            app.client(token).get(path).await.problem(403, "factor_setup_required");
        }
        let problem = app.client(token).post("/reauthenticate", json!({"password": PASSWORD})).await;
        problem.problem(403, "factor_setup_required");
    }
    // It can be ended all the same.
    app.client(&ended.token).post("/logout", json!({})).await.assert_status(204);
    app.client(&ended.token).get("/me").await.problem(401, "token_revoked");
    // Who has a second factor, or a passkey, notices nothing.
    for token in [&bob.person.client.token, &eve.client.token] {
        app.client(token).get("/me").await.assert_status(200);
    }
    let browser = app.browser();
    browser.plant(&ada.browser.cookie().unwrap());
    Enrolled::of(&app, Person { browser, ..ada.clone() }).await;
    for token in hers {
        app.client(token).get("/me").await.assert_status(200);
    }
}
