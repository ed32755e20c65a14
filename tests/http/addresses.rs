//! Addresses that people and their password managers try by hand.

use axum::http::Method;

use crate::support::{
    TestApp,
    resource::{COLLECTION, ITEM, LIST_FUNCTION, id_in, resource},
    routes::{PERSONAL_PAGES, POSTS},
    without_database,
};

without_database! {
    a_password_manager_finds_where_to_change_the_password,
    the_address_of_a_form_leads_to_the_form,
    a_slash_at_the_end_leads_to_the_page,
    a_slash_at_the_end_leads_nowhere_else,
}

/// What a browser sends where a person types an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn a_password_manager_finds_where_to_change_the_password(app: TestApp) {
    let ada = app.person("ada").await;
    let path = "/.well-known/change-password";
    app.get(path).await.assert_redirect("/account/password");
    app.get(path).header("sec-fetch-site", "cross-site").await.assert_redirect("/account/password");
    ada.browser.visit("/account/password").await.page(200);
    // It is asked for as well, to see whether this site answers everything with 200.
    let missing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    app.get(missing).await.page(404);
}

async fn the_address_of_a_form_leads_to_the_form(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let id = id_in(&note).to_owned();
    let mut without_a_page = 0;
    for path in POSTS {
        let path = path.replace("{id}", &id);
        let typed =
            |method| ada.browser.forged(method, &path).header("accept", BROWSER).header("sec-fetch-site", "none");
        let program = ada.browser.forged(Method::GET, &path).header("accept", "application/json").await;
        if program.status != 405 {
            continue;
        }
        without_a_page += 1;
        assert_eq!(program.header("allow"), "POST", "{path}");
        let place = match path.split('/').nth(1) {
            _ if path == "/account/email/resend" => "/account/email",
            _ if path.starts_with(COLLECTION) => note.as_str(),
            Some("tokens") => "/tokens",
            Some("account") => "/account",
            _ => "/",
        };
        typed(Method::GET).await.assert_redirect(place);
        typed(Method::HEAD).await.assert_redirect(place);
        ada.browser.visit(place).await.page(200);
        ada.browser.ask(Method::PUT, &path).header("accept", BROWSER).await.page(405);
    }
    assert!(without_a_page >= 6, "{without_a_page}");
    assert!(ada.browser.is_signed_in().await);
}

async fn a_slash_at_the_end_leads_to_the_page(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    for path in PERSONAL_PAGES {
        let path = path.replace(ITEM, &note);
        for method in [Method::GET, Method::HEAD] {
            let reply = ada.browser.ask(method.clone(), &format!("{path}/?q=a%20b")).await;
            assert_eq!(reply.assert_status(308).header("location"), format!("{path}?q=a%20b"));
        }
        ada.browser.visit(&path).await.page(200);
        ada.browser.submit(&format!("{path}/"), &[]).await.page(404);
    }
    app.get(resource!("/")).await.assert_status(308);
    app.get("/mark.svg").await.assert_status(200);
}

async fn a_slash_at_the_end_leads_nowhere_else(app: TestApp) {
    for path in ["//evil.example/", resource!("/" => "/"), resource!("//"), "/a//b/", "/%2f%2fevil.example//"] {
        let reply = app.get(path).await;
        assert!(!reply.has("location"), "{path}: {}", reply.header("location"));
    }
    for path in [&format!("{LIST_FUNCTION}/"), "/session/v1/me/", "/api/v1/me/", "/api/docs/"] {
        let reply = app.get(path).header("sec-fetch-site", "same-origin").await;
        assert!(!reply.has("location") && reply.status.is_client_error(), "{path}: {}", reply.status);
    }
    assert_eq!(app.get("/").await.status, 200);
}
