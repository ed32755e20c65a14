//! Codes by mail: as a way in at both doors and on the pages, and as a step after the password.

use std::future::IntoFuture;

use serde_json::{Value, json};
use time::Duration;
use tokio::task::JoinSet;
use vestibule::{
    auth::rate_limit::account_attempts::{forgive_mails, mail_waits},
    features::accounts::admin,
};

use crate::{
    sign_in::Enrolled,
    support::{
        Browser, Database, Door, PASSWORD, Person, Response, TestApp, field_error, members, on_both_databases,
        resource::HOME,
    },
};

on_both_databases! {
    a_code_signs_in_at_both_doors_and_on_the_pages,
    the_answer_is_the_same_without_an_account,
    of_fifty_with_one_code_one_is_let_in,
    a_code_works_only_where_it_was_asked_for,
    a_code_takes_five_tries_and_ten_minutes,
    a_second_factor_is_asked_for_after_it,
    it_opens_no_account_that_is_disabled_or_has_changed,
    the_first_code_ends_what_somebody_else_has_made,
    the_first_code_in_ones_own_browser_only_confirms,
    strangers_keep_nobody_from_a_code,
    an_operator_sees_that_codes_are_withheld_and_ends_it,
    no_code_is_found_in_the_database,
    the_settings_may_ask_for_it_after_the_password,
    it_confirms_a_session_or_a_token_where_it_was_asked_for,
    it_can_be_turned_off,
}

/// The code in the newest mail.
pub async fn newest_code(app: &TestApp) -> String {
    let letters = app.letters().await;
    let letter =
        letters.iter().rev().find(|letter| letter.header("Subject") == "Your code").expect("a mail with a code");
    let text = letter.text();
    text.lines().find(|line| line.len() == 9 && line.as_bytes()[4] == b'-').expect("a code").to_owned()
}

async fn codes_sent(app: &TestApp) -> usize {
    app.emails_with_subject("Your code").await.len()
}

/// Asks at the token door, and gives the handle.
async fn ask(app: &TestApp, email: &str) -> String {
    let sent = app.post("/api/v1/login/email_code/send").json(json!({"email": email})).await.assert_status(202).json();
    sent["pending"].as_str().unwrap().to_owned()
}

async fn ask_in(browser: &Browser, email: &str) -> Response {
    browser.post("/login/email_code/send", json!({"email": email})).await
}

async fn enter(app: &TestApp, pending: &str, code: &str) -> Response {
    app.post("/api/v1/login/email_code").json(json!({"pending": pending, "code": code})).await
}

async fn enter_in(browser: &Browser, code: &str) -> Response {
    browser.post("/login/email_code", json!({"code": code})).await
}

/// Somebody whose address is confirmed.
async fn confirmed(app: &TestApp, name: &str) -> Person {
    let ada = app.person(name).await;
    app.sql(&format!("UPDATE accounts SET email_verified_at = created_at WHERE email = '{}'", ada.email)).await;
    ada
}

async fn a_code_signs_in_at_both_doors_and_on_the_pages(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let reply = app.post("/api/v1/login/email_code/send");
    let body = json!({"email": ada.email, "name": "phone", "scopes": ["account:read"]});
    let sent = reply.json(body).await.assert_status(202).json();
    assert_eq!((members(&sent), &sent["expires_in"]), (vec!["expires_in", "pending"], &json!(600)));
    let made = enter(&app, sent["pending"].as_str().unwrap(), &newest_code(&app).await).await.assert_status(201).json();
    assert_eq!((&made["name"], &made["scopes"]), (&json!("phone"), &json!(["account:read"])));
    app.get("/api/v1/me").bearer(made["token"].as_str().unwrap()).await.assert_status(200);

    let browser = app.browser();
    assert_eq!(ask_in(&browser, &ada.email).await.assert_status(202).json()["pending"], Value::Null);
    assert!(browser.pending().is_some() && !browser.is_signed_in().await);
    // However it is typed.
    let typed = newest_code(&app).await.to_lowercase().replace('-', " ");
    enter_in(&browser, &typed).await.assert_status(200);
    assert!(browser.is_signed_in().await && browser.pending().is_none());

    let browser = app.browser();
    assert!(browser.visit("/sign-in?next=%2Ftokens").await.page(200).contains("/email-codes/sign-in?next=%2Ftokens"));
    let place = "/email-codes/sign-in?next=%2Ftokens";
    let reply = browser.fill(place, "/email-codes/sign-in", &[("email", &ada.email)]).await;
    reply.assert_redirect("/email-codes/enter?next=%2Ftokens");
    let (page, code) = (reply.header("location").to_owned(), newest_code(&app).await);
    let wrong = browser.fill(&page, "/email-codes/enter", &[("code", "0000-0000")]).await.page(422);
    assert!(field_error(&wrong, "code").contains("wrong"), "{wrong}");
    let reply = browser.fill(&page, "/email-codes/enter", &[("code", &code), ("remember", "on")]).await;
    reply.assert_redirect("/tokens");
    assert!(browser.is_signed_in().await);
    assert_eq!(app.count("browser_sessions WHERE remembered").await, 1);
    app.browser().visit("/email-codes/enter").await.assert_redirect("/email-codes/sign-in");
    app.db.wait_idle().await;
    assert_eq!(app.count("activity WHERE kind = 'signed_in' AND credential = 'email_code'").await, 2);
}

async fn the_answer_is_the_same_without_an_account(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    for email in [ada.email.as_str(), "nobody@example.org"] {
        let pending = ask(&app, email).await;
        for _ in 0..4 {
            enter(&app, &pending, "0000-0000").await.names_field("code");
        }
        enter(&app, &pending, "0000-0000").await.problem(401, "sign_in_expired");
        let browser = app.browser();
        let reply = browser.submit("/email-codes/sign-in", &[("email", email)]).await;
        assert!(reply.assert_redirect("/email-codes/enter").has("set-cookie"));
        assert!(browser.visit("/email-codes/enter").await.page(200).contains("If there is an account"));
        let sent = ask_in(&app.browser(), email).await;
        assert_eq!(sent.assert_status(202).json(), json!({"pending": null, "expires_in": 600}));
    }
    assert_eq!(codes_sent(&app).await, 3, "all of them hers");
    app.post("/api/v1/login/email_code/send").json(json!({"email": "ada"})).await.names_field("email");
    app.browser().submit("/email-codes/sign-in", &[("email", "ada")]).await.page(422);
}

async fn of_fifty_with_one_code_one_is_let_in(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let (pending, tokens) = (ask(&app, &ada.email).await, app.count("tokens").await);
    let body = json!({"pending": pending, "code": newest_code(&app).await});
    let asks = (0..50).map(|_| app.post("/api/v1/login/email_code").json(body.clone()).into_future());
    let mut running: JoinSet<_> = asks.collect();
    let mut made = 0;
    while let Some(reply) = running.join_next().await {
        let status = reply.unwrap().status.as_u16();
        assert!(matches!(status, 201 | 401 | 422), "{status}");
        made += usize::from(status == 201);
    }
    assert_eq!((made, app.count("tokens").await), (1, tokens + 1));
    assert_eq!(app.count("email_codes").await, 0);
}

async fn a_code_works_only_where_it_was_asked_for(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let (mine, theirs) = (app.browser(), app.browser());
    ask_in(&theirs, &ada.email).await.assert_status(202);
    ask_in(&mine, &ada.email).await.assert_status(202);
    let code = newest_code(&app).await;
    enter_in(&theirs, &code).await.names_field("code");
    enter_in(&app.browser(), &code).await.problem(401, "sign_in_expired");
    // The handle of a browser is none at the token door, and the other way round.
    enter(&app, &mine.pending().unwrap(), &code).await.problem(401, "sign_in_expired");
    let pending = ask(&app, &ada.email).await;
    let browser = app.browser();
    browser.put("pending", &pending);
    enter_in(&browser, &newest_code(&app).await).await.problem(401, "sign_in_expired");
    enter_in(&mine, &code).await.assert_status(200);
    assert!(!theirs.is_signed_in().await);
}

async fn a_code_takes_five_tries_and_ten_minutes(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let pending = ask(&app, &ada.email).await;
    let code = newest_code(&app).await;
    for nonsense in ["", "12", "uuuu-uuuu"] {
        enter(&app, &pending, nonsense).await.names_field("code");
    }
    for _ in 0..4 {
        enter(&app, &pending, "0000-0000").await.names_field("code");
    }
    enter(&app, &pending, "0000-0000").await.problem(401, "sign_in_expired");
    enter(&app, &pending, &code).await.problem(401, "sign_in_expired");

    for (minutes, status) in [(9, 201), (11, 401)] {
        let pending = ask(&app, &ada.email).await;
        let code = newest_code(&app).await;
        app.clock.advance(Duration::minutes(minutes));
        enter(&app, &pending, &code).await.assert_status(status);
    }
    app.clock.advance(Duration::minutes(1));
    assert_eq!(vestibule::features::email_codes::delete_expired(&app.db, 100).await.unwrap(), 2);
}

async fn a_second_factor_is_asked_for_after_it(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let ada = Enrolled::of(&app, ada).await;
    let pending = ask(&app, &ada.person.email).await;
    let problem = enter(&app, &pending, &newest_code(&app).await).await.problem(401, "second_factor_required");
    assert_eq!(
        problem["next"],
        json!([{"step": "totp"}, {"step": "recovery_code"}]),
        "and never a second code by mail"
    );
    let second = problem["pending"].as_str().unwrap();
    enter(&app, second, &newest_code(&app).await).await.problem(401, "sign_in_expired");
    crate::sign_in::step(&app, "totp", second, &ada.next_code(&app)).await.assert_status(201);

    let browser = app.browser();
    browser.submit("/email-codes/sign-in", &[("email", &ada.person.email)]).await.assert_status(303);
    let code = newest_code(&app).await;
    let reply = browser.submit("/email-codes/enter", &[("code", &code), ("next", "/tokens")]).await;
    reply.assert_redirect("/sign-in/totp?next=%2Ftokens");
    assert!(!browser.is_signed_in().await);
    browser.submit("/sign-in/totp", &[("code", &ada.next_code(&app))]).await.assert_redirect(HOME);
}

async fn it_opens_no_account_that_is_disabled_or_has_changed(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let pending = ask(&app, &ada.email).await;
    let code = newest_code(&app).await;
    admin::disable(&app.db, ada.account.id).await.unwrap();
    enter(&app, &pending, &code).await.names_field("code");
    ask(&app, &ada.email).await;
    assert_eq!(codes_sent(&app).await, 1, "none is sent to it");
    admin::enable(&app.db, ada.account.id).await.unwrap();
    enter(&app, &pending, &code).await.names_field("code");

    let bob = confirmed(&app, "bob").await;
    let pending = ask(&app, &bob.email).await;
    let code = newest_code(&app).await;
    app.sql("UPDATE accounts SET email = 'bob@new.example' WHERE email = 'bob@example.org'").await;
    enter(&app, &pending, &code).await.names_field("code");
}

/// Somebody signs up with another person's address, makes whatever opens the account, and waits.
async fn the_first_code_ends_what_somebody_else_has_made(app: TestApp) {
    let thief = Enrolled::new(&app, "ada").await;
    let (browser, email) = (app.browser(), thief.person.email.clone());
    ask_in(&browser, &email).await.assert_status(202);
    enter_in(&browser, &newest_code(&app).await).await.assert_status(200);
    assert!(browser.is_signed_in().await);
    assert_eq!(app.count("accounts WHERE email_verified_at IS NOT NULL").await, 1);
    assert!(!thief.person.browser.is_signed_in().await);
    thief.person.client.get("/me").await.problem(401, "token_revoked");
    thief.login(&app, json!({})).await.problem(401, "invalid_credentials");
    for table in ["totp_secrets", "recovery_codes", "tokens WHERE revoked_at IS NULL"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    assert_eq!(app.emails_with_subject("Your email address was confirmed").await.len(), 1);
}

async fn the_first_code_in_ones_own_browser_only_confirms(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    ask_in(&ada.browser, &ada.email).await.assert_status(202);
    enter_in(&ada.browser, &newest_code(&app).await).await.assert_status(200);
    assert_eq!(app.count("accounts WHERE email_verified_at IS NOT NULL").await, 1);
    let body = json!({"email": ada.email, "password": PASSWORD});
    app.post("/api/v1/login").json(body).await.assert_status(201);
    ada.client.get("/me").await.assert_status(200);
}

async fn strangers_keep_nobody_from_a_code(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.mails_per_recipient = 2).await;
    let ada = confirmed(&app, "ada").await;
    app.db.wait_idle().await;
    let body = json!({"email": ada.email});
    for number in 0..4 {
        // From networks where she never was; the answer stays the same.
        let asked = app.post("/api/v1/login/email_code/send").json(body.clone()).at(&format!("203.0.113.{number}"));
        asked.await.assert_status(202);
    }
    assert_eq!(codes_sent(&app).await, 2, "her mailbox is not flooded");
    // In her own browser, from anywhere.
    let own = app.browser().with_device(&ada.browser.device().unwrap());
    own.post("/login/email_code/send", body.clone()).at("198.51.100.7").await.assert_status(202);
    assert_eq!(codes_sent(&app).await, 3);
    enter_in(&own, &newest_code(&app).await).await.assert_status(200);
    // On her own network, without a cookie.
    let pending = ask(&app, &ada.email).await;
    assert_eq!(codes_sent(&app).await, 4);
    enter(&app, &pending, &newest_code(&app).await).await.assert_status(201);
}

async fn an_operator_sees_that_codes_are_withheld_and_ends_it(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.mails_per_recipient = 2).await;
    let ada = confirmed(&app, "ada").await;
    app.db.wait_idle().await;
    app.clock.stop();
    let own = app.browser().with_device(&ada.browser.device().unwrap());
    let (throttle, whose) = (&app.settings.throttle, (ada.account.id, ada.email.as_str()));
    let waits = async || mail_waits(&app.db, throttle, whose, &[]).await.unwrap();
    forgive_mails(&app.db, throttle, whose, &[]).await.unwrap();
    let mut sent = 0;
    // A stranger's, and her own.
    for browser in [app.browser(), own] {
        let ask = || browser.post("/login/email_code/send", json!({"email": ada.email})).at("203.0.113.7");
        for _ in 0..4 {
            ask().await.assert_status(202);
        }
        sent += 2;
        assert_eq!(codes_sent(&app).await, sent);
        assert!(waits().await > Duration::ZERO);
        assert!(forgive_mails(&app.db, throttle, whose, &[]).await.unwrap() > 0);
        assert_eq!(waits().await, Duration::ZERO);
        ask().await.assert_status(202);
        sent += 1;
        assert_eq!(codes_sent(&app).await, sent);
        forgive_mails(&app.db, throttle, whose, &[]).await.unwrap();
    }
}

async fn no_code_is_found_in_the_database(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let pending = ask(&app, &ada.email).await;
    let code = newest_code(&app).await;
    let dump = app.dump().await;
    let (upper, lower) = (code.replace('-', ""), code.to_lowercase());
    for secret in [pending.as_str(), &code, &upper, &lower, &lower.replace('-', "")] {
        assert!(!dump.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert_eq!(app.count("email_codes").await, 1);
}

async fn the_settings_may_ask_for_it_after_the_password(database: Database) {
    let app = TestApp::with(database, |_| {}).await;
    let ada = confirmed(&app, "ada").await;
    let ada = Enrolled::of(&app, ada).await;
    let bob = confirmed(&app, "bob").await;
    let app = {
        let mut settings = app.settings.clone();
        settings.email_codes.second_step = true;
        app.with_settings(settings).await
    };
    let body = json!({"email": bob.email, "password": PASSWORD});
    let problem = app.post("/api/v1/login").json(body.clone()).await.problem(401, "second_factor_required");
    assert_eq!(problem["next"], json!([{"step": "email_code"}]));
    let pending = problem["pending"].as_str().unwrap();
    let code = newest_code(&app).await;
    enter(&app, pending, "0000-0000").await.names_field("code");
    enter(&app, pending, &code).await.assert_status(201);
    enter(&app, pending, &code).await.problem(401, "sign_in_expired");

    let browser = app.browser();
    let form = [("email", bob.email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.assert_redirect("/sign-in/email_code");
    let code = newest_code(&app).await;
    // Of another sign-in it is wrong.
    let other = app.browser();
    other.submit("/sign-in", &form).await.assert_redirect("/sign-in/email_code");
    other.submit("/sign-in/email_code", &[("code", &code)]).await.page(422);
    let page = "/sign-in/email_code";
    browser.fill(page, page, &[("code", &code), ("trust", "on")]).await.assert_redirect(HOME);
    browser.submit("/sign-out", &[]).await.assert_redirect("/");
    browser.submit("/sign-in", &form).await.assert_redirect(HOME);
    // Who has a second factor is asked for that one, and after a code by mail no other comes.
    let problem = ada.login(&app, json!({})).await.problem(401, "second_factor_required");
    assert_eq!(problem["next"], json!([{"step": "totp"}, {"step": "recovery_code"}]));
    let pending = ask(&app, &bob.email).await;
    enter(&app, &pending, &newest_code(&app).await).await.assert_status(201);
}

async fn it_confirms_a_session_or_a_token_where_it_was_asked_for(app: TestApp) {
    let ada = confirmed(&app, "ada").await;
    let other = app.browser();
    other.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    app.clock.advance(Duration::minutes(11));
    for door in ada.doors() {
        let ways = door.get("/reauthenticate").await.assert_status(200).json();
        assert_eq!(ways["next"], json!([{"step": "password"}, {"step": "email_code"}]));
        door.get("/export").await.problem(403, "reauthentication_required");
        door.post("/reauthenticate", json!({"step": "email_code"})).await.assert_status(202);
        let answer = json!({"step": "email_code", "code": newest_code(&app).await});
        other.post("/reauthenticate", answer.clone()).await.names_field("code");
        door.post("/reauthenticate", answer.clone()).await.assert_status(204);
        door.get("/export").await.assert_status(200);
        door.post("/reauthenticate", answer).await.names_field("code");
    }
    // An account with a second factor is confirmed by nothing that only reads its mail.
    let ada = Enrolled::of(&app, ada).await;
    app.clock.advance(Duration::minutes(11));
    ada.person.browser.post("/reauthenticate", json!({"step": "email_code"})).await.names_field("step");
}

async fn it_can_be_turned_off(database: Database) {
    let app = TestApp::with(database, |settings| settings.email_codes.enabled = false).await;
    let ada = app.person("ada").await;
    assert!(!app.browser().visit("/sign-in").await.page(200).contains("Email me a code"));
    app.browser().visit("/email-codes/sign-in").await.page(404);
    ask_in(&app.browser(), &ada.email).await.problem(404, "route_not_found");
    app.post("/api/v1/login/email_code/send").json(json!({"email": ada.email})).await.problem(404, "route_not_found");
}
