//! Addresses that people and their password managers try by hand.

use std::collections::BTreeSet;

use axum::http::Method;
use vestibule::{
    app::{self, routes::routes},
    feature::{self, have_front_page},
};

use crate::support::{
    PASSWORD, Request, TestApp, features,
    resource::{LIST_FUNCTION, resource},
    routes::{Items, personal_pages, posts, public_pages},
    without_database,
};

without_database! {
    a_password_manager_finds_where_to_change_the_password,
    the_address_of_a_form_leads_to_the_form,
    a_slash_at_the_end_leads_to_the_page,
    a_slash_at_the_end_leads_nowhere_else,
    every_link_leads_to_a_page,
    without_a_front_page_the_first_page_is_it,
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
    let items = Items::of(&ada).await;
    let mut without_a_page = 0;
    for path in posts() {
        let own = path.strip_suffix("/delete").map(|item| items.path(item));
        let path = items.path(path);
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
            Some("tokens") => "/tokens",
            Some("account") if path.starts_with("/account/passkeys/") => "/account/passkeys",
            Some("account") if path.starts_with("/account/apps/") => "/account/apps",
            Some("account") if path.starts_with("/account/developer/") => "/account/developer",
            Some("account") => "/account",
            // The page of the item that the form deletes.
            _ => own.as_deref().unwrap_or("/"),
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
    let items = Items::of(&ada).await;
    for path in personal_pages() {
        let path = items.path(path);
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

/// Whatever features there are.
async fn every_link_leads_to_a_page(app: TestApp) {
    let ada = app.person("ada").await;
    let (items, stranger) = (Items::of(&ada).await, app.browser());
    let personal = personal_pages().into_iter().map(|path| (&ada.browser, items.path(path)));
    let public = public_pages().into_iter().map(|path| (&stranger, path.to_owned()));
    let mut seen = BTreeSet::new();
    for (browser, path) in personal.chain(public) {
        let page = browser.visit(&path).await.page(200);
        let links = page.split("<a ").skip(1).filter_map(|tag| tag.split('>').next()?.split_once(r#"href="/"#));
        for (_, rest) in links {
            let link = format!("/{}", rest.split(['"', '#']).next().unwrap().replace("&amp;", "&"));
            if seen.insert((browser.cookie(), link.clone())) {
                let status = browser.visit(&link).await.status;
                assert!(status == 200 || status == 303, "{path} links to {link}: {status}");
            }
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
}

async fn without_a_front_page_the_first_page_is_it(app: TestApp) {
    app.person("ada").await;
    let features: Vec<_> = features().iter().filter(|feature| !have_front_page(&[**feature])).copied().collect();
    let first = features.iter().flat_map(|feature| feature.nav).next().unwrap().path;
    assert!(routes(&features).iter().any(|route| route.method == "GET" && route.path == "/"));
    let state = feature::state(app.settings.clone(), app.db.clone(), &features).unwrap();
    let router = app::router(state, &features, Vec::new()).unwrap();
    let ask = |method, path: &str| Request::new(router.clone(), method, path).header("sec-fetch-site", "same-origin");
    for method in [Method::GET, Method::HEAD] {
        ask(method, "/").await.assert_redirect(first);
    }
    // For whoever is not signed in, there is a way to it.
    let asked = ask(Method::GET, first).await;
    assert!(asked.assert_status(303).header("location").starts_with("/sign-in?next="), "{:?}", asked.headers);
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    let signed_in = ask(Method::POST, "/sign-in").form(&form).await;
    let cookie = signed_in.assert_redirect(first).set_cookies().remove(0);
    let cookie = format!("{}={}", cookie.name, cookie.value);
    assert!(ask(Method::GET, first).header("cookie", &cookie).await.page(200).contains("Signed in as ada@example.org"));
}
