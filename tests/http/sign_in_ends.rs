//! When a sign-in ends: by the clock, when it is not used, and whatever is on its way at that moment.

use axum::http::Method;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::{
    auth::{
        Stamp,
        session::{self, CurrentSession, LastSeen},
    },
    features::browser_sessions::service::{delete_expired, list},
};

use crate::{
    browser_sessions::{later, second_browser},
    support::{
        Database, Door, Person, TestApp, on_both_databases,
        resource::{LIST_FUNCTION, PAGE, change, item_form, list_arguments},
    },
};

on_both_databases! {
    a_sign_in_that_is_not_used_ends,
    a_sign_in_that_is_used_ends_by_the_clock_too,
    a_remembered_sign_in_lasts_longer_and_ends_too,
    whatever_is_asked_for_keeps_a_sign_in_from_ending_unused,
    the_settings_say_how_long,
    of_many_requests_at_once_one_notes_the_use,
    a_use_noted_too_late_brings_nothing_back,
    what_is_over_is_deleted_in_batches,
}

async fn a_sign_in_that_is_not_used_ends(app: TestApp) {
    let ada = app.person("ada").await;
    later(&app, Duration::hours(2) - MOMENT).await;
    assert!(ada.browser.is_signed_in().await);
    later(&app, Duration::hours(2) - MOMENT).await;
    assert!(ada.browser.is_signed_in().await, "it was used in between");
    later(&app, Duration::hours(2)).await;
    ada.browser.get("/me").await.problem(401, "not_signed_in");
    assert_eq!(ada.browser.cookie(), None);
}

async fn a_sign_in_that_is_used_ends_by_the_clock_too(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..23 {
        later(&app, Duration::hours(1)).await;
        assert!(ada.browser.is_signed_in().await);
    }
    later(&app, Duration::hours(1) - MOMENT).await;
    assert!(ada.browser.is_signed_in().await);
    later(&app, MOMENT).await;
    assert!(!ada.browser.is_signed_in().await);
}

async fn a_remembered_sign_in_lasts_longer_and_ends_too(app: TestApp) {
    let ada = app.person("ada").await;
    let (used, unused) = (second_browser(&app, &ada, true).await, second_browser(&app, &ada, true).await);
    later(&app, Duration::days(14) - MOMENT).await;
    assert!(used.is_signed_in().await);
    later(&app, MOMENT).await;
    assert!(!unused.is_signed_in().await);
    later(&app, Duration::days(10)).await;
    assert!(used.is_signed_in().await);
    later(&app, Duration::days(6)).await;
    assert!(!used.is_signed_in().await);
}

async fn whatever_is_asked_for_keeps_a_sign_in_from_ending_unused(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let asks = [
        ada.browser.ask(Method::GET, "/"),
        ada.browser.ask(Method::HEAD, PAGE),
        ada.browser.ask(Method::POST, PAGE).form(&item_form("b", "")),
        ada.browser.get("/me"),
        ada.browser.patch(&note, change("c")),
        ada.browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments()),
        ada.browser.ask(Method::GET, "/nothing-here"),
    ];
    for ask in asks {
        later(&app, Duration::hours(1)).await;
        let reply = ask.await;
        assert!(matches!(reply.status.as_u16(), 200 | 303 | 404), "{}: {}", reply.asked, reply.status);
        later(&app, Duration::hours(1) + MOMENT).await;
        assert!(ada.browser.is_signed_in().await, "{}", reply.asked);
    }
    // What the guard refuses is not hers.
    later(&app, Duration::hours(1)).await;
    ada.browser.forged(Method::POST, PAGE).header("sec-fetch-site", "cross-site").await.assert_status(403);
    later(&app, Duration::hours(1)).await;
    assert!(!ada.browser.is_signed_in().await);
}

async fn the_settings_say_how_long(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.sessions.idle_hours = 1;
        settings.sessions.lifetime_hours = 3;
        settings.sessions.remember_idle_days = 1;
        settings.sessions.remember_days = 2;
    })
    .await;
    let ada = app.person("ada").await;
    let remembered = second_browser(&app, &ada, true).await;
    for _ in 0..4 {
        later(&app, Duration::minutes(44)).await;
        assert!(ada.browser.is_signed_in().await);
    }
    later(&app, Duration::minutes(4)).await;
    assert!(!ada.browser.is_signed_in().await);
    later(&app, Duration::hours(20)).await;
    assert!(remembered.is_signed_in().await);
    later(&app, Duration::hours(23)).await;
    assert!(remembered.is_signed_in().await);
    later(&app, Duration::hours(2)).await;
    assert!(!remembered.is_signed_in().await);
}

async fn of_many_requests_at_once_one_notes_the_use(app: TestApp) {
    let ada = app.person("ada").await;
    let (uses, sign_in) = (uses(&app), signed_in(&app, &ada).await);
    later(&app, Duration::minutes(1)).await;
    let now = app.clock.now();
    // As they all read the row before one of them wrote.
    let running: JoinSet<_> = (0..10)
        .map(|_| {
            let (uses, sign_in) = (uses.clone(), sign_in.clone());
            async move { uses.touch(&sign_in, String::new(), now).await.unwrap() }
        })
        .collect();
    assert_eq!(running.join_all().await.into_iter().filter(|noted| *noted).count(), 1);
}

async fn a_use_noted_too_late_brings_nothing_back(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let uses = uses(&app);
    let (hers, his) = (signed_in(&app, &ada).await, signed_in(&app, &bob).await);
    later(&app, Duration::minutes(5)).await;
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    assert!(!uses.touch(&hers, String::new(), app.clock.now()).await.unwrap(), "ended");
    // A clock that was wrong for a while takes nothing away, and what is over by it stays over.
    assert!(!uses.touch(&his, String::new(), app.clock.now() + -Duration::hours(1)).await.unwrap());
    later(&app, Duration::hours(2)).await;
    assert!(!uses.touch(&his, String::new(), app.clock.now()).await.unwrap(), "over");
    assert!(!bob.browser.is_signed_in().await);
    assert_eq!(app.count("browser_sessions").await, 1, "his, until it is deleted");
}

/// The sign-in of `person`'s browser as the door knows it, from the row it has.
async fn signed_in(app: &TestApp, person: &Person) -> CurrentSession {
    let [row] = list(&app.db, person.account.id).await.unwrap().try_into().unwrap();
    CurrentSession {
        id: row.id,
        account: person.account.clone(),
        remembered: row.remembered,
        last_seen_at: row.last_seen_at,
        ends_at: row.ends_at,
        bound_at: row.bound_at,
        proven_until: None,
        stamp: Stamp::default(),
        last_change: None,
    }
}

fn uses(app: &TestApp) -> LastSeen {
    LastSeen { db: app.db.clone(), settings: app.settings.sessions }
}

/// A little, and more than a test takes.
const MOMENT: Duration = Duration::seconds(30);

async fn what_is_over_is_deleted_in_batches(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..2 {
        second_browser(&app, &ada, false).await;
    }
    let alive = second_browser(&app, &ada, true).await;
    // Not used, and so over after a fortnight.
    second_browser(&app, &ada, true).await;
    assert_eq!(delete_expired(&app.db, 100).await.unwrap(), 0);
    assert_eq!(session::delete_expired(&app.db, 100).await.unwrap(), 0);

    later(&app, Duration::days(10)).await;
    assert!(alive.is_signed_in().await);
    later(&app, Duration::days(5)).await;
    assert_eq!(delete_expired(&app.db, 3).await.unwrap(), 3);
    assert_eq!(delete_expired(&app.db, 3).await.unwrap(), 1);
    assert_eq!(session::delete_expired(&app.db, 2).await.unwrap(), 2);
    assert_eq!(session::delete_expired(&app.db, 2).await.unwrap(), 1);
    assert_eq!(app.count("browser_sessions").await, 1);
    assert_eq!(app.count("tower_sessions").await, 2, "a record is kept as long as its cookie");
    assert!(alive.is_signed_in().await);
}
