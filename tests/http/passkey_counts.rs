//! How often a passkey was used, and answers that come at once (S78).

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule::auth::activity::service::list;

use crate::{
    passkey_sign_in::{sign, with_passkey},
    support::{Authenticator, Door, TestApp, flags, on_both_databases},
};

on_both_databases! {
    a_counter_that_goes_back_is_refused_and_reported,
    a_passkey_that_does_not_count_is_used_again_and_again,
    of_fifty_answers_at_once_one_signs_in,
    of_fifty_answers_with_one_count_one_signs_in,
}

async fn a_counter_that_goes_back_is_refused_and_reported(app: TestApp) {
    let mut key = Authenticator { sign_count: 5, ..Authenticator::new() };
    let ada = with_passkey(&app, "ada", &mut key).await;
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    for count in [6, 5, 1, 0] {
        key.sign_count = count;
        let credential = key.sign_without_counting(&app.browser().asked_to_sign().await);
        sign(&app.browser(), credential).await.problem(401, "passkey_refused");
    }
    app.db.wait_idle().await;
    let events = list(&app.db, ada.account.id).await.unwrap();
    let reported = events.iter().filter(|event| event.kind.as_str() == "passkey_counter_went_back").count();
    assert_eq!(reported, 4);
    assert!(ada.browser.visit("/account").await.page(200).contains("because it may have been copied"));
    key.sign_count = 7;
    let credential = key.sign_without_counting(&app.browser().asked_to_sign().await);
    sign(&app.browser(), credential).await.assert_status(200);
}

async fn a_passkey_that_does_not_count_is_used_again_and_again(app: TestApp) {
    let mut key = Authenticator::synced();
    let ada = with_passkey(&app, "ada", &mut key).await;
    for _ in 0..3 {
        app.browser().sign_in_with(&mut key).await.assert_status(200);
    }
    // It is no longer copied anywhere: that is told, and no reason to refuse it.
    key.flags &= !flags::BACKED_UP;
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    assert!(!ada.browser.visit("/account/passkeys").await.page(200).contains("Synced"));
}

async fn at_once(app: &TestApp, credentials: Vec<Value>) -> Vec<u16> {
    let mut running = JoinSet::new();
    for credential in credentials {
        let ask = app.browser().post("/login/passkey", json!({"credential": credential}));
        running.spawn(ask.into_future());
    }
    let mut statuses: Vec<_> = running.join_all().await.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses
}

async fn of_fifty_answers_at_once_one_signs_in(app: TestApp) {
    let mut key = Authenticator::synced();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let credential = key.sign(&app.browser().asked_to_sign().await);
    let statuses = at_once(&app, vec![credential; 50]).await;
    assert_eq!((statuses[0], statuses[1..].iter().all(|status| *status == 401)), (200, true), "{statuses:?}");
    let sessions = ada.browser.get("/sessions").await.json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 2);
}

/// A copy of the authenticator answers at the same moment: each to a challenge of its own.
async fn of_fifty_answers_with_one_count_one_signs_in(app: TestApp) {
    let mut key = Authenticator::new();
    with_passkey(&app, "ada", &mut key).await;
    key.sign_count = 9;
    let mut credentials = Vec::new();
    for _ in 0..50 {
        credentials.push(key.sign_without_counting(&app.browser().asked_to_sign().await));
    }
    let statuses = at_once(&app, credentials).await;
    assert_eq!((statuses[0], statuses[1..].iter().all(|status| *status == 401)), (200, true), "{statuses:?}");
}
