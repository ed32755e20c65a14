//! What an application may ask for at most, and the letter beside its name.

use time::Duration;

use super::{
    OWN, OWN_URI, SCOPE, Site, THEIR_URI, Tokens, code, decide, destination, exchange, parameter, query, refresh,
    refused, registered, sent, token,
};
use crate::{
    races::at_once,
    support::{Browser, Database, Door, PASSWORD, PageForm, TestApp, field_error, on_both_databases, without_database},
};

on_both_databases! {
    an_application_asks_for_nothing_beyond_its_own_scopes,
    what_an_own_application_may_no_longer_have_ends_with_the_next_refresh,
    of_many_registered_at_once_the_last_one_is_stored,
}

without_database! {
    registering_asks_who_it_is,
    what_is_wrong_with_scopes_and_letter_is_said_beside_them,
}

const PAGE: &str = "/account/developer";

/// The id of the newest application on the page.
async fn newest(browser: &Browser) -> String {
    let page = browser.visit(PAGE).await.page(200);
    page.split_once("Client ID <code>").unwrap().1.split_once('<').unwrap().0.to_owned()
}

async fn an_application_asks_for_nothing_beyond_its_own_scopes(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let typed = [("name", "Reader"), ("redirect_uris", THEIR_URI), ("letter", " Ω "), ("scope-account-read", "on")];
    ada.browser.submit(PAGE, &typed).await.assert_redirect(PAGE);
    let client = newest(&ada.browser).await;

    let wrong = sent(&bob.browser, &query(&client, THEIR_URI, &[])).await.page(400);
    assert!(wrong.contains("scope must name one or more of: account:read.") && wrong.contains("error=invalid_scope"));

    let asked = query(&client, THEIR_URI, &[("scope", Some("account:read"))]);
    let reply = sent(&bob.browser, &asked).await;
    let page = reply.page(200);
    assert!(page.contains(">Ω</span>") && page.contains("Authorize Reader"), "{page}");
    let one = parameter(&destination(&decide(&bob.browser, &reply, "allow").await), "code");
    let answer = exchange(&app, &client, THEIR_URI, &one).await;
    assert_eq!(answer.json()["scope"], "account:read");
    let tokens = Tokens::of(&app, &answer);
    tokens.access.get("/entries").await.problem(403, "scope_missing");
    let more = [("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", &tokens.refresh)];
    refused(&token(&app, &[&more[..], &[("scope", SCOPE)]].concat()).await, 400, "invalid_scope");
    for page in [bob.browser.visit("/account/apps").await, ada.browser.visit(PAGE).await] {
        assert!(page.page(200).contains(">Ω</span>"), "{}", page.asked);
    }
    // What is not ticked on the page is not its own.
    let (all, _) = registered(&ada, THEIR_URI, false).await;
    assert!(sent(&bob.browser, &query(&all, THEIR_URI, &[])).await.page(200).contains(">TA</span>"), "its initials");
}

async fn what_an_own_application_may_no_longer_have_ends_with_the_next_refresh(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    tokens.access.get("/entries").await.assert_status(200);
    let mut settings = app.settings.clone();
    settings.oauth.clients[0].scopes = vec!["account:read".into()];
    let narrower = app.with_settings(settings.clone()).await;
    let reply = refresh(&narrower, OWN, &tokens.refresh).await;
    assert_eq!(reply.json()["scope"], "account:read");
    let tokens = Tokens::of(&narrower, &reply);
    assert!(tokens.work().await);
    tokens.access.get("/entries").await.problem(403, "scope_missing");
    let url = destination(&sent(&ada.browser, &query(OWN, OWN_URI, &[])).await);
    assert!(!parameter(&url, "code").is_empty(), "the instance with the old settings");

    settings.oauth.clients[0].scopes = vec!["account:write".into()];
    let none = app.with_settings(settings).await;
    refused(&refresh(&none, OWN, &tokens.refresh).await, 400, "invalid_scope");
    // It was not used up.
    Tokens::of(&narrower, &refresh(&narrower, OWN, &tokens.refresh).await);
}

async fn of_many_registered_at_once_the_last_one_is_stored(database: Database) {
    let app = TestApp::with(database, |settings| settings.oauth.clients_per_account = 3).await;
    let ada = app.person("ada").await;
    for _ in 0..2 {
        registered(&ada, THEIR_URI, false).await;
    }
    let typed = [("name", "App"), ("redirect_uris", THEIR_URI), ("scope-account-read", "on")];
    let asks = (0..30).map(|_| ada.browser.ask(axum::http::Method::POST, PAGE).form(&typed));
    let statuses = at_once(asks).await;
    assert_eq!(statuses[0], 303);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    assert_eq!(app.count("oauth_clients").await, 3);
}

async fn registering_asks_who_it_is(Site(app): Site) {
    let ada = app.person("ada").await;
    let page = ada.browser.visit(PAGE).await.page(200);
    let form = PageForm::to(&page, PAGE).with(&[("name", "App"), ("redirect_uris", THEIR_URI)]);
    app.clock.advance(Duration::minutes(11));
    let asked = form.by(&ada.browser).await.page(403);
    assert!(asked.contains("Confirm it"), "{asked}");
    assert_eq!(app.count("oauth_clients").await, 0);
    let again = PageForm::to(&asked, PAGE).with(&[("password-again", PASSWORD)]);
    again.by(&ada.browser).await.assert_redirect(PAGE);
    assert_eq!(app.count("oauth_clients").await, 1);
    // What was posted first is what was done.
    let client = newest(&ada.browser).await;
    let bob = app.person("bob").await;
    code(&bob.browser, &client, THEIR_URI).await;
}

async fn what_is_wrong_with_scopes_and_letter_is_said_beside_them(Site(app): Site) {
    let ada = app.person("ada").await;
    let right = [("name", "App"), ("redirect_uris", THEIR_URI)];
    let page = ada.browser.submit(PAGE, &right).await.page(422);
    assert!(!field_error(&page, "scopes").is_empty(), "{page}");
    for letter in ["ab", "\u{200b}", "\u{202e}", "\u{7}"] {
        let fields = [&right[..], &[("scope-account-read", "on"), ("requires_key", "on"), ("letter", letter)]].concat();
        let page = ada.browser.submit(PAGE, &fields).await.page(422);
        assert!(!field_error(&page, "letter").is_empty(), "{letter:?}");
        for kept in ["name=\"scope-account-read\" checked", "name=\"requires_key\" checked"] {
            assert!(page.contains(kept), "{kept}");
        }
        assert!(!page.contains("name=\"scope-entries-read\" checked"));
    }
    // A sensitive scope is none for applications.
    let fields = [&right[..], &[("scope-tokens-manage", "on")]].concat();
    ada.browser.submit(PAGE, &fields).await.page(422);
    assert_eq!(app.count("oauth_clients").await, 0);
}
