//! The owner of a token is told before it ends, and what has ended is deleted.

use serde_json::json;
use time::Duration;
use vestibule::{
    features::tokens::service::{Expiry, delete_expired, tell_of_end},
    mail::Mailer,
};

use crate::support::{Door, PASSWORD, TestApp, all_scopes, on_both_databases, resource::READ};

on_both_databases! {
    what_has_ended_is_deleted_after_its_time,
    the_owner_is_told_a_week_and_a_day_before,
    each_mail_goes_out_once_across_instances,
    nobody_is_told_of_a_login_or_of_what_has_ended,
}

async fn what_has_ended_is_deleted_after_its_time(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..5 {
        let doomed = app.token(&ada, &all_scopes()).await;
        doomed.call(axum::http::Method::POST, "/logout").await.assert_status(204);
    }
    app.token_with(&ada, &[READ], |new| new.expiry = Expiry::Days(100)).await;
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(29));
    assert_eq!(delete_expired(&app.db, 30, 100).await.unwrap(), 0);
    app.clock.advance(Duration::days(1));
    assert_eq!(delete_expired(&app.db, 30, 2).await.unwrap(), 2);
    assert_eq!(delete_expired(&app.db, 30, 100).await.unwrap(), 3);
    assert_eq!(app.count("tokens").await, 2, "the login expired half a day after");
    app.clock.advance(Duration::hours(12));
    assert_eq!(delete_expired(&app.db, 30, 100).await.unwrap(), 1);
    assert_eq!(app.count("tokens").await, 1);
}

const SOON: &str = "One of your tokens expires soon";

pub(super) async fn tell(app: &TestApp) -> u64 {
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    let told = tell_of_end(&app.db, &app.settings, &mailer, 100).await.unwrap();
    app.db.wait_idle().await;
    told
}

async fn the_owner_is_told_a_week_and_a_day_before(app: TestApp) {
    let ada = app.person("ada").await;
    app.token(&ada, &[READ]).await;
    // Whoever makes one for a week or a day needs no word about the week or the day.
    app.token_with(&ada, &[READ], |new| new.expiry = Expiry::Days(1)).await;
    assert_eq!(tell(&app).await, 0);
    app.clock.advance(Duration::days(23) - Duration::minutes(1));
    assert_eq!(tell(&app).await, 0);
    app.clock.advance(Duration::minutes(1));
    assert_eq!((tell(&app).await, tell(&app).await), (1, 0));
    app.clock.advance(Duration::days(6));
    assert_eq!((tell(&app).await, tell(&app).await), (1, 0));
    app.clock.advance(Duration::days(2));
    assert_eq!(tell(&app).await, 0);

    let letters = app.emails_with_subject(SOON).await;
    let words: Vec<_> = letters.iter().map(|letter| letter.text().replace('\n', " ")).collect();
    assert!(words[0].contains("expires in 7 days") && words[1].contains("expires within a day"), "{words:?}");
    for letter in &letters {
        assert_eq!(letter.header("To"), ada.email);
        assert!(letter.path("/tokens").is_some() && !letter.raw.contains("vst_"), "{}", letter.raw);
    }
    // A server that was away says it once.
    app.token(&ada, &[READ]).await;
    app.clock.advance(Duration::days(29) + Duration::hours(12));
    assert_eq!((tell(&app).await, tell(&app).await), (1, 0));
}

async fn each_mail_goes_out_once_across_instances(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..10 {
        app.token(&ada, &[READ]).await;
    }
    app.clock.advance(Duration::days(24));
    let others = [app.clone(), app.another_instance().await, app.another_instance().await];
    let told: u64 = others
        .into_iter()
        .map(|app| async move { tell(&app).await })
        .collect::<tokio::task::JoinSet<_>>()
        .join_all()
        .await
        .into_iter()
        .sum();
    assert_eq!(told, 10);
    assert_eq!(app.emails_with_subject(SOON).await.len(), 10);
}

async fn nobody_is_told_of_a_login_or_of_what_has_ended(app: TestApp) {
    let ada = app.person("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD, "remember": true});
    app.post("/api/v1/login").json(body).await.assert_status(201);
    let doomed = app.token(&ada, &all_scopes()).await;
    app.clock.advance(Duration::days(22));
    doomed.call(axum::http::Method::POST, "/logout").await.assert_status(204);
    app.clock.advance(Duration::days(2));
    assert_eq!(tell(&app).await, 0);
    // One that is renewed is told of its last end only.
    app.token_with(&ada, &[READ], |new| {
        new.expiry = Expiry::Days(30);
        new.renew = true;
    })
    .await;
    app.clock.advance(Duration::days(24));
    assert_eq!(tell(&app).await, 0);
}
