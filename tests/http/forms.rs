//! Forms that are posted twice and again, and what a page shows once after one.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use tokio::time::timeout;

use crate::support::{
    Database, PASSWORD, PageForm, Response, TestApp, on_both_databases,
    resource::{COLLECTION, PAGE, TABLE},
    routes::{LINKS, OF_A_SECOND_FACTOR, STEP, personal_pages, posts},
    visitor::{NEW_PASSWORD, Ready, Visitor, effects, fields, pattern, ready, roomy, typed},
    without_database,
};

on_both_databases! {
    every_form_says_what_it_is_and_whom_it_is_for,
    what_is_dropped_half_way_and_posted_again_is_done_once,
    an_answer_is_given_again_to_its_own_browser_only,
    a_minute_later_it_is_a_form_of_its_own,
    a_form_that_failed_may_be_posted_again,
    a_form_without_a_key_is_done_each_time,
    a_new_token_is_shown_once_after_the_redirect,
    what_is_to_be_shown_stands_in_no_url_and_no_table,
    nobody_can_plant_what_is_shown,
}

// Every form, several times. What is posted again is found in memory, so one database will do.
without_database! {
    what_is_posted_twice_at_once_is_done_once_and_answered_alike,
    a_reload_repeats_nothing,
}

async fn every_form_says_what_it_is_and_whom_it_is_for(app: TestApp) {
    let visitor = Visitor::new(&app, "ada").await;
    let mut keys = BTreeSet::new();
    let mut found = BTreeSet::new();
    for (browser, path) in visitor.pages(&app.browser()) {
        let forms = PageForm::all(&browser.visit(&path).await.page(200));
        for form in &forms {
            assert!(form.value("form_key").starts_with("form_") && form.value("form_key").len() > 32, "{form:?}");
            let whom = form.value("for_account");
            let anybody = !personal_pages().contains(&&*pattern(&path));
            let expected = if anybody { String::new() } else { visitor.ada.account.id.to_string() };
            assert_eq!(whom, expected, "{path}: {form:?}");
            found.insert(pattern(&form.action));
        }
        if let Some(form) = forms.first() {
            assert!(keys.insert(form.value("form_key").to_owned()), "{path} has the key of another page");
        }
    }
    for action in OF_A_SECOND_FACTOR {
        let Ready { ada, form, .. } = ready(&app, &format!("bea{}", keys.len()), action).await;
        assert!(keys.insert(form.value("form_key").to_owned()), "{action}");
        // Of whoever signs in, and of whoever has the link.
        let anybody = [STEP, "/email-codes/enter", "/keep-factors/{token}"].contains(&action);
        let expected = if anybody { String::new() } else { ada.account.id.to_string() };
        assert_eq!(form.value("for_account"), expected, "{action}");
        found.insert(pattern(&form.action));
    }
    assert_eq!(found, every_form().into_iter().map(str::to_owned).collect(), "no form of the site was left out");
}

/// Every form that the walks post.
fn every_form() -> Vec<&'static str> {
    posts().into_iter().chain(LINKS).chain(OF_A_SECOND_FACTOR).collect()
}

fn told(reply: &Response) -> (u16, String, Vec<String>, String) {
    let cookies = reply.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    (reply.status.as_u16(), reply.header("location").to_owned(), cookies, reply.text().to_owned())
}

async fn what_is_posted_twice_at_once_is_done_once_and_answered_alike(database: Database) {
    let (once, twice) = (roomy(database).await, roomy(database).await);
    for action in every_form() {
        for (app, again) in [(&once, false), (&twice, true)] {
            let name = format!("p{}", app.count("accounts").await);
            let Ready { browser, form, .. } = ready(app, &name, action).await;
            let ask = form.by(&browser);
            let (first, second) =
                tokio::join!(ask.clone(), async { if again { Some(ask.clone().await) } else { None } });
            assert!(matches!(first.status.as_u16(), 303), "{action}: {} {}", first.status, first.text());
            if let Some(second) = second {
                assert_eq!(told(&first), told(&second), "{action}");
                // And once more, when the first is answered: with the cookie it came with, and with the one it got.
                assert_eq!(told(&first), told(&form.by(&browser).await), "{action}");
            }
        }
        assert_eq!(effects(&once).await, effects(&twice).await, "{action}");
    }
}

async fn what_is_dropped_half_way_and_posted_again_is_done_once(database: Database) {
    let (once, twice) = (roomy(database).await, roomy(database).await);
    for action in every_form() {
        for (app, dropped) in [(&once, false), (&twice, true)] {
            let name = format!("p{}", app.count("accounts").await);
            let Ready { browser, form, .. } = ready(app, &name, action).await;
            if dropped {
                // It is begun, and then nobody waits for it.
                drop(timeout(Duration::ZERO, form.by(&browser).into_future()).await);
            }
            form.by(&browser).await.assert_status(303);
        }
        assert_eq!(effects(&once).await, effects(&twice).await, "{action}");
    }
}

async fn an_answer_is_given_again_to_its_own_browser_only(app: TestApp) {
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let page = ada.browser.visit("/account/password").await.page(200);
    let form = PageForm::to(&page, "/account/password").with(&[("current", PASSWORD), ("password", NEW_PASSWORD)]);
    let reply = form.by(&ada.browser).await;
    assert!(reply.assert_redirect("/account").has("set-cookie"));
    // Even with every word of it.
    for stranger in [&eve.browser, &app.browser()] {
        let other = form.by(stranger).await;
        assert!(!other.has("set-cookie"), "{:?}", other.headers);
        assert_ne!(other.header("location"), "/account");
    }
    assert_eq!(told(&form.by(&ada.browser).await), told(&reply));

    let page = app.browser().visit("/sign-in").await.page(200);
    let form = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", NEW_PASSWORD)]);
    let browser = app.browser();
    form.by(&browser).await.assert_redirect(PAGE);
    assert_ne!(told(&form.by(&eve.browser).await), told(&form.by(&browser).await));
    assert!(browser.is_signed_in().await);
}

async fn a_minute_later_it_is_a_form_of_its_own(app: TestApp) {
    let ada = app.person("ada").await;
    let form = PageForm::to(&ada.browser.visit(PAGE).await.page(200), COLLECTION).with(&[("title", "Milk")]);
    for (seconds, items) in [(0, 1), (59, 1), (2, 2)] {
        app.clock.advance(time::Duration::seconds(seconds));
        form.by(&ada.browser).await.assert_redirect(PAGE);
        assert_eq!(app.count(TABLE).await, items);
    }
    // Another text is another item, whatever page it comes from.
    form.with(&[("title", "Tea")]).by(&ada.browser).await.assert_redirect(PAGE);
    assert_eq!(app.count(TABLE).await, 3);
}

async fn a_form_that_failed_may_be_posted_again(app: TestApp) {
    let ada = app.person("ada").await;
    let form = PageForm::to(&ada.browser.visit(PAGE).await.page(200), COLLECTION).with(&[("title", "Milk")]);
    app.sql(&format!("ALTER TABLE {TABLE} RENAME TO hidden")).await;
    assert!(form.by(&ada.browser).await.status.is_server_error());
    app.sql(&format!("ALTER TABLE hidden RENAME TO {TABLE}")).await;
    form.by(&ada.browser).await.assert_redirect(PAGE);
    assert_eq!(app.count(TABLE).await, 1);
}

async fn a_form_without_a_key_is_done_each_time(app: TestApp) {
    let ada = app.person("ada").await;
    for key in ["", "form_", "form_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a"] {
        let fields = [("title", "Milk"), ("body", ""), ("form_key", key)];
        for _ in 0..2 {
            ada.browser.submit(PAGE, &fields).await.assert_redirect(PAGE);
        }
    }
    assert_eq!(app.count(TABLE).await, 8);
}

/// Every form leads to a page that can be asked for again.
async fn a_reload_repeats_nothing(database: Database) {
    let app = roomy(database).await;
    for action in every_form() {
        let name = format!("p{}", app.count("accounts").await);
        let Ready { browser, form, .. } = ready(&app, &name, action).await;
        let reply = form.by(&browser).await;
        let place = reply.assert_status(303).header("location").to_owned();
        let before = effects(&app).await;
        for _ in 0..2 {
            let page = browser.visit(&place).await;
            // 410: the link was used.
            let is_shown =
                matches!(page.status.as_u16(), 200 | 303) || (page.status == 410 && action.contains("{token}"));
            assert!(is_shown, "{action}: {} {}", page.asked, page.status);
        }
        assert_eq!(effects(&app).await, before, "{action}");
    }

    let required = TestApp::with(database, |settings| {
        settings.accounts.confirm = vestibule::settings::Confirm::Required;
        settings.server.public_url = "http://localhost:3000".parse().unwrap();
    })
    .await;
    let browser = required.browser();
    let page = browser.fill_and_follow("/sign-up", "/sign-up", &fields(&typed("/sign-up", ""))).await.page(200);
    assert!(page.contains("Check your email") && page.contains("eve@example.org"), "{page}");
    assert!(!browser.visit("/sign-up").await.page(200).contains("eve@example.org"), "once");

    let ada = app.person("ada").await;
    let page = ada.browser.fill_and_follow("/account", "/account/email/resend", &[]).await.page(200);
    assert!(page.contains("Check your email") && page.contains(&ada.email), "{page}");
    let change = [("email", "new@example.org")];
    let page = ada.browser.fill_and_follow("/account/email", "/account/email", &change).await.page(200);
    assert!(page.contains("Check your email") && page.contains("new@example.org"), "{page}");
    let page = app.browser().fill_and_follow("/forgot", "/forgot", &[("email", &ada.email)]).await.page(200);
    assert!(page.contains("Check your email") && !page.contains(&ada.email), "{page}");
    let (reset, browser) = (app.link("/reset/").await, app.browser());
    let page = browser.fill_and_follow(&reset, &reset, &[("password", NEW_PASSWORD)]).await.page(200);
    assert!(page.contains("Password changed") && page.contains("all tokens were revoked"), "{page}");
    assert!(browser.visit("/sign-in").await.page(200).contains(r#"action="/sign-in""#), "and then one signs in");
}

/// The token a page shows.
fn secret(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(r#"id="secret""#)?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once('<')?.0.to_owned())
}

async fn a_new_token_is_shown_once_after_the_redirect(app: TestApp) {
    let ada = app.person("ada").await;
    let reply = ada.browser.fill("/tokens", "/tokens", &fields(&typed("/tokens", ""))).await;
    reply.assert_redirect("/tokens");
    let page = ada.browser.visit("/tokens").await;
    assert_eq!(page.header("cache-control"), "no-store");
    let token = secret(&page.page(200)).unwrap();
    app.get("/api/v1/token").bearer(&token).await.assert_status(200);
    for _ in 0..2 {
        assert_eq!(secret(&ada.browser.visit("/tokens").await.page(200)), None);
    }
    assert_eq!(app.raw().await.texts("SELECT name FROM tokens WHERE issued_by = 'person'").await, ["phone"]);
    // Where the password is asked for in between, too.
    app.clock.advance(time::Duration::minutes(10));
    let asked = ada.browser.fill("/tokens", "/tokens", &fields(&typed("/tokens", ""))).await.page(403);
    let form = PageForm::to(&asked, "/tokens").with(&[("password-again", PASSWORD)]);
    form.by(&ada.browser).await.assert_redirect("/tokens");
    assert!(secret(&ada.browser.visit("/tokens").await.page(200)).is_some());
}

async fn what_is_to_be_shown_stands_in_no_url_and_no_table(database: Database) {
    let app = TestApp::https(database).await;
    let browser = app.browser();
    let secure = |ask: crate::support::Request| ask.header("host", "vestibule.example");
    let sign_up = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    secure(browser.ask(Method::POST, "/sign-up").form(&sign_up)).await.assert_status(303);
    let page = secure(browser.ask(Method::GET, "/tokens")).await.page(200);
    let reply = PageForm::to(&page, "/tokens").with(&fields(&typed("/tokens", ""))).by(&browser).await;
    assert_eq!(reply.assert_redirect("/tokens").text(), "");
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.name, "__Host-Http-shown-once");
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Strict", "Secure"]);
    let shown = browser.visit("/tokens").await;
    let token = secret(&shown.page(200)).unwrap();
    let [removed] = shown.set_cookies().try_into().unwrap();
    assert_eq!(removed.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Strict", "Secure"]);
    app.db.wait_idle().await;
    let dump = app.dump().await;
    for text in [token.as_str(), cookie.value.as_str()] {
        assert!(!dump.windows(text.len()).any(|part| part == text.as_bytes()));
    }
}

async fn nobody_can_plant_what_is_shown(app: TestApp) {
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let made = eve.browser.fill("/tokens", "/tokens", &fields(&typed("/tokens", ""))).await;
    let [planted] = made.set_cookies().try_into().unwrap();
    let session = ada.browser.cookie().unwrap();
    for value in [planted.value.as_str(), "token.", "token.dnN0X2E", "token.%00", "sent.PHNjcmlwdD4", "."] {
        let cookie = format!("session={session}; {}={value}", planted.name);
        let page = ada.browser.ask(Method::GET, "/tokens").header("cookie", &cookie).await.page(200);
        assert_eq!(secret(&page), None, "{value}");
    }
}
