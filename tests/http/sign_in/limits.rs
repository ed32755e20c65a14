//! Guessing, and many at once.

use std::future::IntoFuture;

use serde_json::json;
use tokio::task::JoinSet;

use super::{Enrolled, step, step_in};
use crate::support::{Database, Request, TestApp, on_both_databases};

on_both_databases! {
    of_fifty_with_one_code_one_is_let_in,
    of_fifty_with_one_recovery_code_one_is_let_in,
    of_fifty_answers_to_one_sign_in_one_is_let_in,
    of_fifty_guesses_at_once_five_are_checked,
    guesses_are_limited_whoever_knows_the_password,
    a_browser_that_signed_in_before_has_guesses_of_its_own,
}

async fn roomy(database: Database) -> TestApp {
    TestApp::with(database, |settings| settings.throttle.sign_ins_here = 100).await
}

/// Sends all of them at once and counts those that were answered with `status`.
async fn how_many(asks: impl IntoIterator<Item = Request>, status: u16) -> usize {
    let mut running: JoinSet<_> = asks.into_iter().map(IntoFuture::into_future).collect();
    let mut count = 0;
    while let Some(reply) = running.join_next().await {
        let got = reply.unwrap().status.as_u16();
        assert!(!(500..).contains(&got), "{got}");
        count += usize::from(got == status);
    }
    count
}

fn answers(app: &TestApp, step: &str, pending: &[String], code: &str) -> Vec<Request> {
    let path = format!("/api/v1/login/{step}");
    pending.iter().map(|pending| app.post(&path).json(json!({"pending": pending, "code": code}))).collect()
}

async fn fifty(app: &TestApp, ada: &Enrolled) -> Vec<String> {
    let mut pending = Vec::new();
    for _ in 0..50 {
        pending.push(ada.pending(app).await);
    }
    pending
}

async fn of_fifty_with_one_code_one_is_let_in(database: Database) {
    let app = roomy(database).await;
    let ada = Enrolled::new(&app, "ada").await;
    let pending = fifty(&app, &ada).await;
    let tokens = app.count("tokens").await;
    let code = ada.next_code(&app);
    assert_eq!(how_many(answers(&app, "totp", &pending, &code), 201).await, 1);
    assert_eq!(app.count("tokens").await, tokens + 1);
    // And not later either.
    assert_eq!(how_many(answers(&app, "totp", &pending, &code), 201).await, 0);
}

async fn of_fifty_with_one_recovery_code_one_is_let_in(database: Database) {
    let app = roomy(database).await;
    let ada = Enrolled::new(&app, "ada").await;
    let pending = fifty(&app, &ada).await;
    assert_eq!(how_many(answers(&app, "recovery_code", &pending, &ada.codes[3]), 201).await, 1);
    assert_eq!(app.count("recovery_codes").await, 9);
}

async fn of_fifty_answers_to_one_sign_in_one_is_let_in(database: Database) {
    let app = roomy(database).await;
    let ada = Enrolled::new(&app, "ada").await;
    let pending = vec![ada.pending(&app).await; 10];
    let asks = ada
        .codes
        .iter()
        .zip(&pending)
        .flat_map(|(code, pending)| answers(&app, "recovery_code", &vec![pending.clone(); 5], code));
    assert_eq!(how_many(asks.collect::<Vec<_>>(), 201).await, 1);
}

async fn of_fifty_guesses_at_once_five_are_checked(database: Database) {
    let app = roomy(database).await;
    let ada = Enrolled::new(&app, "ada").await;
    let pending = vec![ada.pending(&app).await; 50];
    let wrong = ada.wrong_code(&app);
    assert_eq!(how_many(answers(&app, "totp", &pending, &wrong), 422).await, 4, "and the fifth ends it");
    app.db.wait_idle().await;
    assert_eq!(app.count("activity WHERE kind = 'second_factor_failed'").await, 5);
}

async fn guesses_are_limited_whoever_knows_the_password(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let mut pending = ada.pending(&app).await;
    for number in 0..10 {
        if number == 5 {
            // The right password forgives nothing.
            pending = ada.pending(&app).await;
        }
        step(&app, "totp", &pending, &ada.wrong_code(&app)).await;
    }
    let pending = ada.pending(&app).await;
    for (name, code) in [("totp", ada.code(&app, 1)), ("recovery_code", ada.codes[0].clone())] {
        let reply = step(&app, name, &pending, &code).await;
        assert_eq!(reply.problem(429, "rate_limited")["limit"], "code");
        assert!(reply.has("retry-after"));
    }
    // From anywhere else as well, since the account is guessed at.
    let elsewhere = json!({"pending": pending, "code": ada.codes[0]});
    app.post("/api/v1/login/recovery_code").json(elsewhere).at("203.0.113.7").await.problem(429, "rate_limited");
}

async fn a_browser_that_signed_in_before_has_guesses_of_its_own(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let own = ada.person.browser.clone();
    own.submit("/sign-out", &[]).await.assert_redirect("/");
    for _ in 0..2 {
        let pending = ada.pending(&app).await;
        for _ in 0..5 {
            step(&app, "totp", &pending, &ada.wrong_code(&app)).await;
        }
    }
    let pending = ada.pending(&app).await;
    step(&app, "totp", &pending, &ada.code(&app, 1)).await.problem(429, "rate_limited");
    ada.password_in(&own).await.problem(401, "second_factor_required");
    step_in(&own, "totp", &ada.code(&app, 1)).await.assert_status(200);
}
