//! The password again, before what a borrowed browser should not do.

use axum::http::Method;
use time::Duration;

use crate::support::{
    Database, PASSWORD, TestApp, field_error, on_both_databases,
    resource::{COLLECTION, PAGE, READ_FIELD, item_form},
    without_database,
};

on_both_databases! {
    whoever_has_just_signed_in_is_not_asked,
    a_page_asks_after_ten_minutes_and_leads_back,
    a_form_is_not_lost,
    a_wrong_password_does_nothing,
    the_password_is_asked_before_anything_is_done,
    reauthentication_counts_in_its_own_browser_only,
    reauthentication_gives_the_browser_a_new_id,
    reauthentication_needs_a_session_that_has_not_ended,
    what_does_no_harm_is_not_asked_for,
    how_long_reauthentication_lasts_is_a_setting,
    a_sign_in_from_before_has_proven_nothing,
    a_clock_that_jumped_back_proves_nothing,
    signing_others_out_asks_for_it,
    the_export_asks_for_it,
    an_error_after_reauthentication_signs_nobody_out,
}

without_database! {
    the_way_back_never_leads_off_the_site,
}

const TOKEN: [(&str, &str); 3] = [("name", "backup"), ("days", "30"), (READ_FIELD, "on")];
const ASKED: &str = r#"name="password-again""#;

async fn whoever_has_just_signed_in_is_not_asked(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10) - Duration::seconds(5));
    ada.browser.visit("/account/email").await.page(200);
    ada.browser.visit("/account/delete").await.page(200);
    ada.browser.submit("/tokens", &TOKEN).await.assert_status(201);
}

async fn a_page_asks_after_ten_minutes_and_leads_back(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    for path in ["/account/email", "/account/delete"] {
        let asks = format!("/account/confirm?next={}", path.replace('/', "%2F"));
        ada.browser.visit(path).await.assert_redirect(&asks);
        let page = ada.browser.visit(&asks).await.page(200);
        assert!(page.contains(ASKED) && page.contains(&format!(r#"name="next" value="{path}""#)), "{page}");
    }
    let form = [("next", "/account/email"), ("password-again", PASSWORD)];
    ada.browser.submit("/account/confirm", &form).await.assert_redirect("/account/email");
    ada.browser.visit("/account/email").await.page(200);
    app.clock.advance(Duration::minutes(10));
    ada.browser.visit("/account/email").await.assert_status(303);
}

async fn a_form_is_not_lost(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    let page = ada.browser.submit("/tokens", &TOKEN).await.page(403);
    assert!(page.contains(ASKED) && page.contains(r#"<form method="post" action="/tokens">"#), "{page}");
    for (name, value) in TOKEN {
        assert!(page.contains(&format!(r#"<input type="hidden" name="{name}" value="{value}">"#)), "{page}");
    }
    assert_eq!(app.count("tokens").await, 1);
    let form = [TOKEN.as_slice(), &[("password-again", PASSWORD)]].concat();
    let page = ada.browser.submit("/tokens", &form).await.page(201);
    assert!(page.contains("backup") && page.contains(r#"id="secret""#));
    // It counts for what comes next as well.
    ada.browser.submit("/tokens", &TOKEN).await.assert_status(201);
}

async fn a_wrong_password_does_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    let cookie = ada.browser.cookie();
    for wrong in ["", "wrong password", &PASSWORD[1..]] {
        let form = [TOKEN.as_slice(), &[("password-again", wrong)]].concat();
        let page = ada.browser.submit("/tokens", &form).await.page(401);
        assert_eq!(field_error(&page, "password-again"), "The password is wrong.");
        assert!(page.contains(r#"name="name" value="backup""#) && !page.contains("wrong password"), "{page}");
        let page =
            ada.browser.submit("/account/confirm", &[("next", "/tokens"), ("password-again", wrong)]).await.page(401);
        assert!(page.contains(r#"name="next" value="/tokens""#));
    }
    assert_eq!(app.count("tokens").await, 1);
    assert_eq!(ada.browser.cookie(), cookie, "and it is still signed in");
    assert!(ada.browser.is_signed_in().await);
}

async fn the_password_is_asked_before_anything_is_done(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    // That it was seen is noted once a minute.
    ada.browser.visit("/account").await.page(200);
    let mut witness = app.witness().await;
    ada.browser.submit("/tokens", &TOKEN).await.page(403);
    ada.browser.submit("/account/email", &[("email", "ada@new.example")]).await.page(403);
    ada.browser.submit("/account/delete", &[("email", &ada.email)]).await.page(403);
    ada.browser.ask(Method::HEAD, "/account/email").await.assert_status(303);
    assert!(!witness.saw_a_write().await);
}

async fn reauthentication_counts_in_its_own_browser_only(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    app.browser().submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    ada.browser.visit("/account/email").await.assert_status(303);
    app.browser().submit("/account/confirm", &[("password-again", PASSWORD)]).await.assert_redirect("/sign-in");
    app.get("/account/confirm").await.assert_redirect("/sign-in?next=%2Faccount%2Fconfirm");
}

async fn reauthentication_gives_the_browser_a_new_id(app: TestApp) {
    let ada = app.person("ada").await;
    let before = ada.browser.cookie().unwrap();
    ada.browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await.assert_redirect("/account");
    assert_ne!(ada.browser.cookie().unwrap(), before);
    let thief = app.browser();
    thief.plant(&before);
    assert!(!thief.is_signed_in().await);
    assert!(ada.browser.is_signed_in().await);
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (1, 1));
}

async fn reauthentication_needs_a_session_that_has_not_ended(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    app.sql("DELETE FROM browser_sessions").await;
    ada.browser.submit("/tokens", &[("password-again", PASSWORD)]).await.assert_redirect("/sign-in");
    assert_eq!(app.count("browser_sessions").await, 0);
}

async fn what_does_no_harm_is_not_asked_for(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(30));
    for path in [COLLECTION, "/tokens", "/account", "/account/name", "/account/password"] {
        ada.browser.visit(path).await.page(200);
    }
    ada.browser.submit(PAGE, &item_form("a", "")).await.assert_redirect(PAGE);
    ada.browser.submit("/account/name", &[("name", "Ada")]).await.assert_redirect("/account");
}

async fn the_way_back_never_leads_off_the_site(app: TestApp) {
    let ada = app.person("ada").await;
    for next in ["", "//evil.example"] {
        let form = [("next", next), ("password-again", PASSWORD)];
        ada.browser.submit("/account/confirm", &form).await.assert_redirect("/account");
    }
}

async fn how_long_reauthentication_lasts_is_a_setting(database: Database) {
    let app = TestApp::with(database, |settings| settings.accounts.reauthentication_minutes = 1).await;
    let ada = app.person("ada").await;
    ada.browser.visit("/account/email").await.page(200);
    app.clock.advance(Duration::minutes(1));
    ada.browser.visit("/account/email").await.assert_status(303);
}

async fn a_sign_in_from_before_has_proven_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    let default = if sqlite {
        "SELECT dflt_value FROM pragma_table_info('browser_sessions') WHERE name = 'reauthenticated_at'"
    } else {
        "SELECT column_default::text FROM information_schema.columns
         WHERE table_name = 'browser_sessions' AND column_name = 'reauthenticated_at'"
    };
    let [default] = app.raw().await.texts(default).await.try_into().unwrap();
    app.sql(&format!("UPDATE browser_sessions SET reauthenticated_at = {default}")).await;
    ada.browser.visit("/account/email").await.assert_status(303);
}

async fn a_clock_that_jumped_back_proves_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(30));
    ada.browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await.assert_redirect("/account");
    app.clock.advance(Duration::minutes(-5));
    ada.browser.visit("/account/email").await.page(200);
    app.clock.advance(Duration::minutes(-6));
    ada.browser.visit("/account/email").await.assert_status(303);
}

async fn signing_others_out_asks_for_it(app: TestApp) {
    let ada = app.person("ada").await;
    let others = [app.browser(), app.browser()];
    for other in &others {
        other.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    }
    let page = ada.browser.visit("/account").await.page(200);
    let (_, rest) = page.split_once(r#"action="/account/sessions/"#).unwrap();
    let one = format!("/account/sessions/{}", rest.split_once('"').unwrap().0);
    app.clock.advance(Duration::minutes(10));
    let mut witness = app.witness().await;
    ada.browser.visit("/account").await.page(200);
    assert!(witness.saw_a_write().await, "that it was seen");
    for path in [one.as_str(), "/account/sessions/revoke-others"] {
        let page = ada.browser.submit(path, &[]).await.page(403);
        assert!(page.contains(ASKED) && page.contains(&format!(r#"action="{path}""#)), "{page}");
        ada.browser.submit(path, &[("password-again", "wrong password")]).await.page(401);
    }
    assert_eq!(app.count("browser_sessions").await, 3);
    ada.browser.submit(&one, &[("password-again", PASSWORD)]).await.assert_redirect("/account");
    assert_eq!(app.count("browser_sessions").await, 2);
    ada.browser.submit("/account/sessions/revoke-others", &[]).await.assert_redirect("/account");
    assert_eq!(app.count("browser_sessions").await, 1);
}

async fn the_export_asks_for_it(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.visit("/account/export").await.assert_status(200);
    app.clock.advance(Duration::minutes(10));
    ada.browser.visit("/account/export").await.assert_redirect("/account/confirm?next=%2Faccount%2Fexport");
    let form = [("next", "/account/export"), ("password-again", PASSWORD)];
    ada.browser.submit("/account/confirm", &form).await.assert_redirect("/account/export");
    ada.browser.visit("/account/export").await.assert_status(200);
}

async fn an_error_after_reauthentication_signs_nobody_out(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(10));
    let before = ada.browser.cookie().unwrap();
    app.sql("ALTER TABLE tokens RENAME TO elsewhere").await;
    let form = [TOKEN.as_slice(), &[("password-again", PASSWORD)]].concat();
    let reply = ada.browser.submit("/tokens", &form).await;
    assert!(reply.status.is_server_error(), "{}", reply.status);
    assert_ne!(ada.browser.cookie().unwrap(), before, "the new id comes with the error");
    assert!(ada.browser.is_signed_in().await);
    let thief = app.browser();
    thief.plant(&before);
    assert!(!thief.is_signed_in().await);
    app.sql("ALTER TABLE elsewhere RENAME TO tokens").await;
    ada.browser.submit("/tokens", &TOKEN).await.assert_status(201);
}
