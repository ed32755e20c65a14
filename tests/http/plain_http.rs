//! A site on http by a name of its own. Browsers take it for no secure context, so they send no Fetch Metadata there,
//! and the guard goes by `Origin` alone.

use axum::http::Method;

use crate::support::{Browser, Database, PASSWORD, Response, TestApp, on_both_databases};

on_both_databases! {
    links_in_mails_are_followed_to_their_end,
    a_forged_form_is_refused_all_the_same,
}

const SITE: &str = "http://vestibule.example:3000";
const HOST: &str = "vestibule.example:3000";
const EMAIL: (&str, &str) = ("email", "ada@example.org");

async fn app(database: Database) -> TestApp {
    TestApp::with(database, |settings| settings.server.public_url = SITE.parse().unwrap()).await
}

async fn open(browser: &Browser, path: &str) -> Response {
    browser.forged(Method::GET, path).header("host", HOST).await
}

/// Posts the form of `page` as a browser does: `Origin` is `null` where the page's policy is `no-referrer` (Fetch,
/// "append a request `Origin` header").
async fn post(browser: &Browser, page: &Response, path: &str, fields: &[(&str, &str)]) -> Response {
    let policy = page.header("referrer-policy");
    assert!(["no-referrer", "same-origin"].contains(&policy), "no other site learns the URL: {policy}");
    let origin = if policy == "no-referrer" { "null" } else { SITE };
    browser.forged(Method::POST, path).header("host", HOST).header("origin", origin).form(fields).await
}

async fn links_in_mails_are_followed_to_their_end(database: Database) {
    let app = app(database).await;
    let browser = app.browser();
    let page = open(&browser, "/sign-up").await;
    post(&browser, &page, "/sign-up", &[("name", "Ada"), EMAIL, ("password", PASSWORD)]).await.assert_status(303);

    let path = app.link("/confirm/").await;
    let page = open(&browser, &path).await;
    page.page(200);
    post(&browser, &page, &path, &[]).await.assert_redirect("/account");

    let page = open(&browser, "/account/email").await;
    post(&browser, &page, "/account/email", &[("email", "ada@new.example")]).await.page(202);
    let path = app.link("/email/").await;
    let page = open(&browser, &path).await;
    page.page(200);
    post(&browser, &page, &path, &[]).await.assert_redirect("/account");

    let page = open(&browser, "/forgot").await;
    post(&browser, &page, "/forgot", &[("email", "ada@new.example")]).await.page(202);
    let path = app.link("/reset/").await;
    let page = open(&browser, &path).await;
    page.page(200);
    // A form that is refused is shown again, by an answer that has to allow for the next try.
    let page = post(&browser, &page, &path, &[("password", "short")]).await;
    page.page(422);
    assert!(
        post(&browser, &page, &path, &[("password", "four more quiet words")])
            .await
            .page(200)
            .contains("Password changed")
    );
}

async fn a_forged_form_is_refused_all_the_same(database: Database) {
    let app = app(database).await;
    let browser = app.browser();
    let page = open(&browser, "/sign-up").await;
    post(&browser, &page, "/sign-up", &[("name", "Ada"), EMAIL, ("password", PASSWORD)]).await.assert_status(303);
    let path = app.link("/confirm/").await;
    for origin in ["null", "http://evil.test", "http://vestibule.example", "https://vestibule.example:3000"] {
        let forged = browser.forged(Method::POST, &path).header("host", HOST).header("origin", origin);
        forged.form(&[]).await.assert_status(403);
    }
}
