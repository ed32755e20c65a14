//! Operators remove the second factors of those who have lost everything, after a time in which the owner can stop it.

use serde_json::json;
use time::Duration;
use vestibule::{features::accounts::factor_reset::service, http::problem::Problem, timestamp::Timestamp};

use super::Enrolled;
use crate::support::{PageForm, TestApp, on_both_databases};

on_both_databases! {
    second_factors_are_removed_after_a_day,
    the_owner_stops_it_with_the_link,
    the_owner_stops_it_on_the_security_page,
    what_has_no_second_factor_needs_no_removal,
}

async fn ask(app: &TestApp, ada: &Enrolled) -> Result<Timestamp, Problem> {
    let with = (&app.db, &app.settings, &app.state.mailer);
    service::ask(with, &app.state.sign_ins, (ada.person.account.id, &ada.person.email)).await
}

async fn second_factors_are_removed_after_a_day(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let due_at = ask(&app, &ada).await.unwrap();
    assert!((due_at - app.db.now() - Duration::hours(24)).abs() < Duration::minutes(1));
    let mails = app.emails_with_subject("Two-factor authentication will be removed").await;
    assert!(mails.len() == 1 && mails[0].text().contains(&due_at.to_minute()), "{mails:?}");
    app.clock.advance(Duration::hours(23));
    // Asked for again, it is not put off, and the owner is not mailed again.
    assert_eq!(ask(&app, &ada).await.unwrap(), due_at);
    assert_eq!(service::remove_due(&app.state, 100).await.unwrap(), 0);
    ada.login(&app, json!({})).await.problem(401, "second_factor_required");
    assert_eq!(app.emails_with_subject("Two-factor authentication will be removed").await.len(), 1);

    app.clock.advance(Duration::hours(1));
    let both = tokio::join!(service::remove_due(&app.state, 100), service::remove_due(&app.state, 100));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1, "one instance does it");
    ada.login(&app, json!({})).await.assert_status(201);
    for table in ["totp_secrets", "recovery_codes", "factor_resets"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    let done = "Two-factor authentication was removed by the operator";
    assert_eq!(app.emails_with_subject(done).await.len(), 1);
    assert_eq!(app.count("activity WHERE kind = 'factor_reset_asked' AND credential = 'operator'").await, 1);
}

async fn the_owner_stops_it_with_the_link(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    ask(&app, &ada).await.unwrap();
    let link = app.link("/keep-factors/").await;
    let browser = app.browser();
    for _ in 0..2 {
        // Whoever opens it changes nothing.
        browser.visit(&link).await.page(200);
    }
    assert_eq!(app.count("factor_resets").await, 1);
    let page = browser.fill_and_follow(&link, &link, &[]).await.page(200);
    assert!(page.contains("stays on"), "{page}");
    browser.visit(&link).await.page(410);
    browser.submit(&link, &[]).await.page(410);
    app.clock.advance(Duration::hours(25));
    assert_eq!(service::remove_due(&app.state, 100).await.unwrap(), 0);
    ada.login(&app, json!({})).await.problem(401, "second_factor_required");
    assert_eq!(app.count("activity WHERE kind = 'factor_reset_stopped'").await, 1);
}

async fn the_owner_stops_it_on_the_security_page(app: TestApp) {
    let (ada, bob) = (Enrolled::new(&app, "ada").await, app.person("bob").await);
    ask(&app, &ada).await.unwrap();
    let (page, stop) = ("/account/security", "/account/security/reset/stop");
    bob.browser.submit(stop, &[]).await.assert_redirect(page);
    assert_eq!(app.count("factor_resets").await, 1, "hers is not his");
    assert!(ada.person.browser.visit(page).await.page(200).contains("will be removed"));
    ada.person.browser.fill(page, stop, &[]).await.assert_redirect(page);
    let after = ada.person.browser.visit(page).await.page(200);
    assert!(!after.contains("will be removed") && PageForm::all(&after).iter().all(|form| form.action != stop));
    assert_eq!(app.count("factor_resets").await, 0);
    app.browser().visit(&app.link("/keep-factors/").await).await.page(410);
}

async fn what_has_no_second_factor_needs_no_removal(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    ada.person.browser.submit("/account/security/totp/remove", &[]).await.assert_status(303);
    assert_eq!(ask(&app, &ada).await.unwrap_err().code(), "conflict");
    assert_eq!(
        (app.count("factor_resets").await, app.count("activity WHERE kind = 'factor_reset_asked'").await),
        (0, 0)
    );
}
