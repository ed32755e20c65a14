//! Registering applications.

use serde_json::json;
use vestibule::feature;

use super::{Site, THEIR_ORIGIN, THEIR_URI, Tokens, code, exchange, query, refresh, refused, registered, sent};
use crate::support::{
    Database, Door, PageForm, Request, TestApp, features, field_error, on_both_databases, without_database,
};

on_both_databases! {
    a_person_registers_and_deletes_applications,
    nobody_deletes_the_application_of_somebody_else,
    an_account_has_so_many_applications,
}

without_database! {
    what_is_wrong_with_an_application_is_said_beside_the_field,
    registration_can_be_turned_off,
    without_the_feature_the_account_page_leads_nowhere_else,
}

const PAGE: &str = "/account/developer";

async fn a_person_registers_and_deletes_applications(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (client, _) = registered(&ada, THEIR_URI, false).await;
    let one = code(&bob.browser, &client, THEIR_URI).await;
    let tokens = Tokens::of(&app, &exchange(&app, &client, THEIR_URI, &one).await);
    let waiting = code(&bob.browser, &client, THEIR_URI).await;
    assert!(tokens.work().await);

    let page = ada.browser.visit(PAGE).await.page(200);
    let form = PageForm::to(&page, &format!("{PAGE}/{client}/delete"));
    let forged = ada.browser.forged(axum::http::Method::POST, &form.action);
    forged.header("sec-fetch-site", "cross-site").form(&[]).await.assert_status(403);
    form.by(&ada.browser).await.assert_redirect(PAGE);
    ada.browser.submit(&form.action, &[]).await.assert_redirect(PAGE);
    assert!(!tokens.work().await);
    refused(&refresh(&app, &client, &tokens.refresh).await, 401, "invalid_client");
    refused(&exchange(&app, &client, THEIR_URI, &waiting).await, 401, "invalid_client");
    sent(&bob.browser, &query(&client, THEIR_URI, &[])).await.assert_status(400);
    assert_eq!((app.count("oauth_clients").await, app.count("oauth_grants").await), (0, 0));
    let events = super::events(&app, &ada).await;
    assert!(events.contains(&"client_registered".into()) && events.contains(&"client_deleted".into()));
}

async fn nobody_deletes_the_application_of_somebody_else(Site(app): Site) {
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let (client, _) = registered(&ada, THEIR_URI, true).await;
    eve.browser.submit(&format!("{PAGE}/{client}/delete"), &[]).await.assert_redirect(PAGE);
    assert_eq!(app.count("oauth_clients").await, 1);
    assert!(!eve.browser.visit(PAGE).await.page(200).contains(&client));
    let ended = ada.browser.delete("/me").await.status;
    assert!(ended == 404 || ended == 405, "accounts are deleted by a form");
    app.sql("DELETE FROM accounts WHERE email = 'ada@example.org'").await;
    assert_eq!(app.count("oauth_clients").await, 0);
    let preflight = app
        .ask(axum::http::Method::OPTIONS, "/api/v1/oauth/token")
        .headers(&[("origin", THEIR_ORIGIN), ("access-control-request-method", "POST")])
        .await;
    assert!(!preflight.has("access-control-allow-origin"));
}

async fn an_account_has_so_many_applications(database: Database) {
    let app = TestApp::with(database, |settings| settings.oauth.clients_per_account = 2).await;
    let ada = app.person("ada").await;
    for _ in 0..2 {
        registered(&ada, THEIR_URI, false).await;
    }
    let typed = [("name", "One more"), ("redirect_uris", THEIR_URI)];
    let page = ada.browser.fill(PAGE, PAGE, &typed).await.page(409);
    assert!(page.contains("reached its limit of apps") && page.contains("One more"), "{page}");
    assert_eq!(app.count("oauth_clients").await, 2);
}

async fn what_is_wrong_with_an_application_is_said_beside_the_field(Site(app): Site) {
    let ada = app.person("ada").await;
    for (name, uris, field) in [
        ("", THEIR_URI, "name"),
        ("\u{202e}ppa", THEIR_URI, "name"),
        ("App", "", "redirect_uris"),
        ("App", "http://app.example/", "redirect_uris"),
        ("App", "https://app.example/ javascript:alert(1)", "redirect_uris"),
        ("App", "https://app.example/#<b>", "redirect_uris"),
        ("App", &"https://app.example/ ".repeat(11), "redirect_uris"),
    ] {
        let typed = [("name", name), ("redirect_uris", uris), ("confidential", "on")];
        let page = ada.browser.fill(PAGE, PAGE, &typed).await.page(422);
        assert!(!field_error(&page, field).is_empty(), "{name} {uris}");
        assert!(page.contains("name=\"confidential\" checked"), "what was typed stays");
    }
    assert_eq!(app.count("oauth_clients").await, 0);
    // A script without a form's key gets the secret at once.
    let typed = [("name", "App"), ("redirect_uris", THEIR_URI), ("confidential", "on"), ("scope-account-read", "on")];
    assert!(ada.browser.submit(PAGE, &typed).await.page(201).contains("vcs_"));
    ada.browser.get("/me").await.assert_status(200);
    assert_eq!(json!(app.count("oauth_clients").await), 1);
}

async fn registration_can_be_turned_off(database: Database) {
    let app = TestApp::with(database, |settings| settings.oauth.registration = false).await;
    let ada = app.person("ada").await;
    ada.browser.visit(PAGE).await.page(404);
    ada.browser.submit(PAGE, &[("name", "App"), ("redirect_uris", THEIR_URI)]).await.page(404);
    assert!(!ada.browser.visit("/account/apps").await.page(200).contains(PAGE));
    assert_eq!(app.count("oauth_clients").await, 0);
}

async fn without_the_feature_the_account_page_leads_nowhere_else(Site(app): Site) {
    let ada = app.person("ada").await;
    assert!(ada.browser.visit("/account").await.page(200).contains("href=\"/account/apps\""));
    let others: Vec<_> = features().iter().filter(|feature| feature.name != "oauth").copied().collect();
    let state = feature::state(app.settings.clone(), app.db.clone(), &others).unwrap();
    let router = vestibule::app::router(state, &others, Vec::new()).unwrap();
    let cookie = format!("session={}", ada.browser.cookie().unwrap());
    let page = Request::new(router, axum::http::Method::GET, "/account").header("cookie", &cookie).await.page(200);
    assert!(page.contains("href=\"/tokens\"") && !page.contains("/account/apps"), "{page}");
}
