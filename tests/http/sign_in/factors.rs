//! Authenticator apps and recovery codes: setting up, using up, removing.

use serde_json::json;
use time::Duration;

use super::{Enrolled, begin, step, text_of, totp};
use crate::support::{PASSWORD, PageForm, TestApp, field_error, on_both_databases};

on_both_databases! {
    an_app_counts_once_its_first_code_was_entered,
    a_code_works_once_and_a_clock_may_be_one_step_off,
    a_recovery_code_works_once_however_it_is_typed,
    few_recovery_codes_are_told_by_mail,
    new_recovery_codes_end_the_old_ones,
    adding_and_removing_asks_for_the_password_is_mailed_and_recorded,
    without_an_app_there_are_no_recovery_codes,
    the_security_page_says_what_is_on,
}

const PATH: &str = "/account/security/totp";

async fn an_app_counts_once_its_first_code_was_entered(app: TestApp) {
    let ada = app.person("ada").await;
    let secret = begin(&ada.browser).await;
    assert_eq!(secret.len(), 20);
    let login = json!({"email": ada.email, "password": PASSWORD});
    app.post("/api/v1/login").json(login.clone()).await.assert_status(201);

    let now = |app: &TestApp| app.db.now().get().unix_timestamp() / 30;
    for code in [totp(&secret, now(&app) + 3), totp(&secret, now(&app) - 3), "12345".into()] {
        let page = ada.browser.fill(PATH, &format!("{PATH}/confirm"), &[("code", &code)]).await.page(422);
        assert!(!field_error(&page, "code").is_empty(), "{code}");
        assert_eq!(super::base32(text_of(&page, "totp-secret")), secret, "the same secret goes on");
    }
    app.post("/api/v1/login").json(login.clone()).await.assert_status(201);

    let right = totp(&secret, now(&app));
    let reply = ada.browser.fill(PATH, &format!("{PATH}/confirm"), &[("code", &right)]).await;
    reply.assert_redirect("/account/security/recovery-codes");
    let problem = app.post("/api/v1/login").json(login).await.problem(401, "second_factor_required");
    // The first code is used up as well.
    step(&app, "totp", problem["pending"].as_str().unwrap(), &right).await.names_field("code");
    // No other secret takes its place, and none is shown any more.
    ada.browser.submit(PATH, &[]).await.assert_redirect(PATH);
    assert!(!ada.browser.visit(PATH).await.page(200).contains("totp-secret"));
    ada.browser.submit(&format!("{PATH}/confirm"), &[("code", &right)]).await.assert_redirect(PATH);
}

async fn a_code_works_once_and_a_clock_may_be_one_step_off(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    app.clock.advance(Duration::minutes(5));
    let pending = ada.pending(&app).await;
    for steps in [-4, 4] {
        step(&app, "totp", &pending, &ada.code(&app, steps)).await.names_field("code");
    }
    let slow = ada.code(&app, -1);
    step(&app, "totp", &pending, &slow).await.assert_status(201);
    let pending = ada.pending(&app).await;
    step(&app, "totp", &pending, &slow).await.names_field("code");
    let fast = ada.code(&app, 1);
    step(&app, "totp", &pending, &format!("{} {}", &fast[..3], &fast[3..])).await.assert_status(201);
    // What comes before a code that was used is used as well.
    let pending = ada.pending(&app).await;
    step(&app, "totp", &pending, &ada.code(&app, 0)).await.names_field("code");
}

async fn a_recovery_code_works_once_however_it_is_typed(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let typed = format!(" {} ", ada.codes[0].to_uppercase().replace('-', " "));
    let pending = ada.pending(&app).await;
    step(&app, "recovery_code", &pending, &typed).await.assert_status(201);
    let pending = ada.pending(&app).await;
    step(&app, "recovery_code", &pending, &ada.codes[0]).await.names_field("code");
    step(&app, "recovery_code", &pending, &ada.codes[1]).await.assert_status(201);
    app.db.wait_idle().await;
    assert_eq!(app.count("activity WHERE kind = 'recovery_code_used'").await, 2);
    let page = ada.person.browser.visit("/account/security").await.page(200);
    assert!(page.contains("8 codes left"), "{page}");
}

async fn few_recovery_codes_are_told_by_mail(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    for (number, code) in ada.codes.iter().enumerate() {
        let pending = ada.pending(&app).await;
        step(&app, "recovery_code", &pending, code).await.assert_status(201);
        let told = app.emails_with_subject("You have few recovery codes left").await.len();
        assert_eq!(told, usize::from(number >= 7), "after {}", number + 1);
    }
    // Without any, the step is not offered.
    let problem = ada.login(&app, json!({})).await.problem(401, "second_factor_required");
    assert_eq!(problem["next"], json!([{"step": "totp"}]));
    step(&app, "totp", problem["pending"].as_str().unwrap(), &ada.next_code(&app)).await.assert_status(201);
}

async fn new_recovery_codes_end_the_old_ones(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let path = "/account/security/recovery-codes";
    let browser = &ada.person.browser;
    assert!(!browser.visit(path).await.page(200).contains(&ada.codes[0]), "they were shown once");
    let page = browser.fill_and_follow(path, path, &[]).await.page(200);
    let new: Vec<_> = text_of(&page, "recovery-codes").lines().map(str::to_owned).collect();
    assert!(new.len() == 10 && new.iter().all(|code| !ada.codes.contains(code)), "{new:?}");
    assert!(page.contains("download=\"recovery-codes.txt\""), "{page}");
    assert!(!browser.visit(path).await.page(200).contains(&new[0]), "once");
    let pending = ada.pending(&app).await;
    step(&app, "recovery_code", &pending, &ada.codes[0]).await.names_field("code");
    step(&app, "recovery_code", &pending, &new[0]).await.assert_status(201);
    assert_eq!(app.emails_with_subject("New recovery codes were created").await.len(), 1);
}

async fn adding_and_removing_asks_for_the_password_is_mailed_and_recorded(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = &ada.person.browser;
    assert_eq!(app.emails_with_subject("Two-factor authentication was added").await.len(), 1);
    app.clock.advance(Duration::minutes(11));
    browser.visit(PATH).await.assert_redirect("/account/confirm?next=%2Faccount%2Fsecurity%2Ftotp");
    for path in [PATH, &format!("{PATH}/confirm"), &format!("{PATH}/remove"), "/account/security/recovery-codes"] {
        let page = browser.submit(path, &[("code", "123456")]).await.page(403);
        assert!(page.contains("Confirm it's you") || page.contains("Confirm it&#x27;s you"), "{path}: {page}");
    }
    ada.login(&app, json!({})).await.problem(401, "second_factor_required");
    browser
        .submit(&format!("{PATH}/remove"), &[("password-again", PASSWORD)])
        .await
        .assert_redirect("/account/security");
    browser.submit(&format!("{PATH}/remove"), &[]).await.assert_redirect("/account/security");
    assert_eq!(app.emails_with_subject("Two-factor authentication was removed").await.len(), 1, "once");
    ada.login(&app, json!({})).await.assert_status(201);
    let page = browser.visit("/account").await.page(200);
    for event in ["Two-factor authentication added: Authenticator app", "Two-factor authentication removed"] {
        assert!(page.contains(event), "{page}");
    }
}

async fn without_an_app_there_are_no_recovery_codes(app: TestApp) {
    let ada = app.person("ada").await;
    let path = "/account/security/recovery-codes";
    assert!(PageForm::all(&ada.browser.visit(path).await.page(200)).iter().all(|form| form.action != path));
    ada.browser.submit(path, &[]).await.assert_redirect("/account/security");
    assert_eq!(app.count("recovery_codes").await, 0);
    let ada = Enrolled::of(&app, ada).await;
    assert_eq!(app.count("recovery_codes").await, 10);
    ada.person.browser.submit(&format!("{PATH}/remove"), &[]).await.assert_status(303);
    assert_eq!(app.count("recovery_codes").await, 0);
}

async fn the_security_page_says_what_is_on(app: TestApp) {
    let ada = app.person("ada").await;
    let page = ada.browser.visit("/account/security").await.page(200);
    assert!(page.contains("Two-factor authentication is off") && !page.contains("Since"), "{page}");
    assert!(ada.browser.visit("/account").await.page(200).contains("href=\"/account/security\""));
    let ada = Enrolled::of(&app, ada).await;
    let page = ada.person.browser.visit("/account/security").await.page(200);
    assert!(page.contains("Two-factor authentication is on") && page.contains("Since"), "{page}");
    assert!(page.contains("10 codes left"), "{page}");
    app.browser().visit("/account/security").await.assert_redirect("/sign-in?next=%2Faccount%2Fsecurity");
}
