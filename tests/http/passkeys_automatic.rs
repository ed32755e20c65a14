//! Passkeys that a browser makes by itself after a sign-in with the password (WebAuthn Level 3, "conditional create").

use serde_json::json;
use time::Duration;

use crate::support::{Authenticator, Browser, Database, Door, PASSWORD, TestApp, flags, on_both_databases};

on_both_databases! {
    a_browser_that_can_makes_a_passkey_by_itself,
    the_script_runs_once_after_a_sign_in_with_the_password,
    nothing_is_made_where_it_should_not,
}

const SCRIPT: &str = "/passkeys-automatic.js";

/// Signs in by the form of the page, and gives the page that follows.
async fn first_page(browser: &Browser, email: &str) -> String {
    let form = [("email", email), ("password", PASSWORD)];
    browser.fill_and_follow("/sign-in", "/sign-in", &form).await.page(200)
}

async fn a_browser_that_can_makes_a_passkey_by_itself(app: TestApp) {
    let ada = app.person("ada").await;
    let asked = ada.browser.post("/passkeys/options/automatic", json!({})).await.assert_status(200).json();
    let asked = &asked["public_key"];
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    // Nobody was there, and nobody was verified.
    let mut key = Authenticator { flags: 0, ..Authenticator::new() };
    let credential = key.make(asked);
    ada.browser.post("/passkeys", json!({"credential": credential})).await.assert_status(201);
    assert_eq!(app.emails_with_subject("A passkey was added to your account").await.len(), 1);
    // It signs in as any other: only if its user is verified.
    app.browser().sign_in_with(&mut key).await.problem(401, "passkey_refused");
    key.flags = flags::PRESENT;
    app.browser().sign_in_with(&mut key).await.problem(401, "passkey_refused");
    key.flags = flags::PRESENT | flags::VERIFIED;
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    // One is enough, and what is asked of the owner is not taken without.
    ada.browser.post("/passkeys/options/automatic", json!({})).await.assert_status(204);
    let mut other = Authenticator { flags: 0, ..Authenticator::new() };
    let credential = other.make(&ada.browser.asked_to_add().await);
    ada.browser.post("/passkeys", json!({"credential": credential})).await.names_field("credential");
}

async fn the_script_runs_once_after_a_sign_in_with_the_password(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(!ada.browser.visit("/account").await.page(200).contains(SCRIPT));
    let browser = app.browser();
    let page = first_page(&browser, &ada.email).await;
    assert!(page.contains(&format!(r#"<script type="module" src="{SCRIPT}" nonce=""#)), "{page}");
    assert!(!browser.visit("/account").await.page(200).contains(SCRIPT), "once");
    // Somebody who signs in with a passkey has one.
    let mut key = Authenticator::new();
    ada.browser.add_passkey(&mut key).await;
    let browser = app.browser();
    let credential = key.sign(&browser.asked_to_sign().await).to_string();
    let page = browser.fill_and_follow("/sign-in", "/passkeys/sign-in", &[("credential", &credential)]).await.page(200);
    assert!(!page.contains(SCRIPT), "{page}");
}

async fn nothing_is_made_where_it_should_not(database: Database) {
    let app = TestApp::with(database, |settings| settings.passkeys.automatic = false).await;
    let ada = app.person("ada").await;
    ada.browser.post("/passkeys/options/automatic", json!({})).await.assert_status(204);
    app.browser().post("/passkeys/options/automatic", json!({})).await.problem(401, "not_signed_in");
    ada.client.post("/passkeys/options/automatic", json!({})).await.problem(404, "route_not_found");
    let app = TestApp::with(database, |_| {}).await;
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(11));
    ada.browser.post("/passkeys/options/automatic", json!({})).await.assert_status(204);
    assert_eq!(app.count("passkey_challenges").await, 0);
    let app = TestApp::with(database, |settings| settings.passkeys.enabled = false).await;
    let ada = app.person("ada").await;
    assert!(!first_page(&app.browser(), &ada.email).await.contains(SCRIPT));
}
