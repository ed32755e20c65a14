//! The pages of the steps, without JavaScript.

use time::Duration;

use super::Enrolled;
use crate::support::{
    Browser, PASSWORD, PageForm, TestApp, field_error, on_both_databases,
    resource::{COLLECTION, HOME, PAGE, TABLE, item_form},
};

on_both_databases! {
    a_sign_in_goes_from_page_to_page,
    another_step_may_be_taken,
    what_is_wrong_stands_beside_the_field,
    without_a_sign_in_there_is_no_step,
    what_was_written_before_the_session_ended_comes_along,
    a_link_that_confirms_an_address_asks_for_the_second_factor,
    a_new_password_by_mail_does_not_replace_the_second_factor,
}

async fn password(app: &TestApp, ada: &Enrolled, next: &str) -> Browser {
    let browser = app.browser();
    let form = [("email", ada.person.email.as_str()), ("password", PASSWORD), ("remember", "on")];
    let place = format!("/sign-in/totp?next={next}");
    let path = format!("/sign-in?next={next}");
    browser.fill(&path, "/sign-in", &form).await.assert_redirect(&place);
    browser
}

async fn a_sign_in_goes_from_page_to_page(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = password(&app, &ada, "%2Ftokens").await;
    assert!(!browser.is_signed_in().await);
    let page = browser.visit("/sign-in/totp?next=%2Ftokens").await.page(200);
    assert!(page.contains("autocomplete=\"one-time-code\"") && page.contains("inputmode=\"numeric\""), "{page}");
    assert!(page.contains("href=\"/sign-in/recovery_code?next=%2Ftokens\"") && page.contains("href=\"/sign-in\""));
    let reply = PageForm::to(&page, "/sign-in/totp").with(&[("code", &ada.next_code(&app))]).by(&browser).await;
    reply.assert_redirect("/tokens");
    assert!(browser.is_signed_in().await && browser.pending().is_none());
    // "Keep me signed in" was said before the code.
    assert_eq!(app.count("browser_sessions WHERE remembered").await, 1);
}

async fn another_step_may_be_taken(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = password(&app, &ada, "%2Ftokens").await;
    let page = browser.visit("/sign-in/recovery_code?next=%2Ftokens").await.page(200);
    assert!(page.contains("href=\"/sign-in/totp?next=%2Ftokens\""), "{page}");
    let form = PageForm::to(&page, "/sign-in/recovery_code").with(&[("code", &ada.codes[9])]);
    form.by(&browser).await.assert_redirect("/tokens");
    // Posted twice, it is one sign-in.
    form.by(&browser).await.assert_redirect("/tokens");
    assert_eq!(app.count("recovery_codes").await, 9);
}

async fn what_is_wrong_stands_beside_the_field(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = password(&app, &ada, "%2Ftokens").await;
    for number in 1..=4 {
        let page = browser.submit("/sign-in/totp", &[("code", &ada.wrong_code(&app)), ("next", "/tokens")]).await;
        let page = page.page(422);
        assert!(field_error(&page, "code").contains("wrong"), "{number}: {page}");
        assert_eq!(PageForm::to(&page, "/sign-in/totp").value("next"), "/tokens");
    }
    let page = browser.submit("/sign-in/totp", &[("code", &ada.wrong_code(&app)), ("next", "/tokens")]).await.page(401);
    assert!(page.contains("Sign in again") && browser.pending().is_none(), "{page}");
    assert_eq!(PageForm::to(&page, "/sign-in").value("next"), "/tokens");
}

async fn without_a_sign_in_there_is_no_step(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let stranger = app.browser();
    stranger.visit("/sign-in/totp").await.assert_redirect("/sign-in");
    stranger.visit("/sign-in/recovery_code?next=%2Ftokens").await.assert_redirect("/sign-in?next=%2Ftokens");
    let page = stranger.submit("/sign-in/totp", &[("code", &ada.next_code(&app))]).await.page(401);
    assert!(page.contains("Sign in again"), "{page}");
    for nonsense in ["password", "x", "totp%2fx", "email_code"] {
        stranger.visit(&format!("/sign-in/{nonsense}")).await.page(404);
        stranger.submit(&format!("/sign-in/{nonsense}"), &[("code", "1")]).await.page(404);
    }
    let browser = password(&app, &ada, "%2Ftokens").await;
    app.clock.advance(Duration::minutes(11));
    browser.visit("/sign-in/totp").await.assert_redirect("/sign-in");
    // A step that the account does not have leads to one that it has.
    let browser = password(&app, &ada, "%2Ftokens").await;
    app.sql("DELETE FROM recovery_codes").await;
    browser.visit("/sign-in/recovery_code?next=%2Fa").await.assert_redirect("/sign-in/totp?next=%2Fa");
}

async fn what_was_written_before_the_session_ended_comes_along(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = ada.person.browser.clone();
    let form = PageForm::to(&browser.visit(PAGE).await.page(200), COLLECTION).with(&item_form("Milk", "and bread"));
    app.sql("DELETE FROM browser_sessions").await;
    let page = form.by(&browser).await.page(401);
    let typed = [("email", ada.person.email.as_str()), ("password", PASSWORD)];
    let page = PageForm::to(&page, "/sign-in").with(&typed).by(&browser).await.page(200);
    let form = PageForm::to(&page, "/sign-in/totp");
    assert_eq!((form.value("unsent-title"), form.value("unsent-body")), ("Milk", "and bread"));
    assert!(!page.contains(PASSWORD), "{page}");
    // The other step is a button, so that the text stays.
    assert!(page.contains("formaction=\"/sign-in/recovery_code\""), "{page}");
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let other = [fields.as_slice(), &[("show", "on")]].concat();
    let page = browser.submit("/sign-in/recovery_code", &other).await.page(200);
    let form = PageForm::to(&page, "/sign-in/recovery_code");
    assert_eq!(form.value("unsent-title"), "Milk");
    let page = form.with(&[("code", &ada.codes[0])]).by(&browser).await.page(200);
    assert!(page.contains("Your session had ended"), "{page}");
    PageForm::to(&page, PAGE).by(&browser).await.assert_redirect(PAGE);
    assert_eq!(app.count(TABLE).await, 1);
}

async fn a_link_that_confirms_an_address_asks_for_the_second_factor(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    let confirm = app.link("/confirm/").await;
    let ada = Enrolled::of(&app, ada).await;
    let browser = app.browser();
    let reply = browser.submit(&confirm, &[("password", PASSWORD)]).await;
    reply.assert_redirect("/sign-in/totp?next=%2Faccount");
    assert!(!browser.is_signed_in().await);
    browser.submit("/sign-in/totp", &[("code", &ada.next_code(&app))]).await.assert_redirect(HOME);
    assert_eq!(app.count("accounts WHERE email_verified_at IS NOT NULL").await, 1);
}

async fn a_new_password_by_mail_does_not_replace_the_second_factor(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (browser, new) = (app.browser(), "entirely different words");
    browser.submit("/forgot", &[("email", &ada.person.email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    browser.submit(&reset, &[("password", new)]).await.page(200);
    assert!(!browser.is_signed_in().await);
    let reply = browser.submit("/sign-in", &[("email", &ada.person.email), ("password", new)]).await;
    reply.assert_redirect("/sign-in/totp");
    assert!(!browser.is_signed_in().await);
    browser.submit("/sign-in/totp", &[("code", &ada.next_code(&app))]).await.assert_redirect(HOME);
}
