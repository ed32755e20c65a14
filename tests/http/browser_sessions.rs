//! Signed-in browsers: how long they stay so, and how they are signed out.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::{
    auth::{
        Stamp,
        session::{CurrentSession, LastSeen},
    },
    features::{
        accounts::admin,
        browser_sessions::service::{list, sweep},
    },
};

use crate::support::{Browser, Database, Door, PASSWORD, Person, TestApp, on_both_databases};

on_both_databases! {
    the_account_page_lists_every_browser_and_marks_this_one,
    the_account_page_says_where_a_browser_was_last_seen,
    a_trusted_proxy_says_where_a_browser_is,
    all_other_browsers_are_signed_out_at_once,
    a_revoked_browser_is_signed_out_at_its_next_request,
    a_revoked_browser_is_signed_out_of_the_json_door_too,
    a_revocation_holds_on_every_instance,
    another_accounts_sign_in_cannot_be_revoked,
    a_sign_in_that_is_not_used_ends,
    a_sign_in_that_is_used_ends_by_the_clock_too,
    a_remembered_sign_in_lasts_longer_and_ends_too,
    whatever_is_asked_for_keeps_a_sign_in_from_ending_unused,
    the_settings_say_how_long,
    of_many_requests_at_once_one_notes_the_use,
    a_request_held_open_across_the_sign_out_brings_nothing_back,
    nor_does_one_held_open_across_any_other_end,
    a_use_noted_too_late_brings_nothing_back,
    a_session_record_brought_back_opens_nothing,
    a_session_of_an_older_password_opens_nothing,
    deleting_the_account_signs_out_everywhere,
    what_is_over_is_swept_in_batches,
}

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";

async fn second_browser(app: &TestApp, person: &Person, remember: bool) -> Browser {
    let browser = app.browser();
    let mut form = vec![("email", person.email.as_str()), ("password", PASSWORD)];
    if remember {
        form.push(("remember", "on"));
    }
    browser.submit("/sign-in", &form).await.assert_redirect("/notes");
    browser
}

/// The paths that revoke a sign-in, as the account page gives them.
async fn revocations(browser: &Browser) -> Vec<String> {
    let page = browser.visit("/account").await.page(200);
    let actions = page.split(r#"action=""#).skip(1).filter_map(|rest| rest.split_once('"'));
    actions.map(|(path, _)| path.to_owned()).filter(|path| path.ends_with("/revoke")).collect()
}

async fn the_account_page_lists_every_browser_and_marks_this_one(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let ask = app.browser().ask(Method::POST, "/sign-in").form(&form);
    ask.header("user-agent", FIREFOX).await.assert_redirect("/notes");

    let page = ada.browser.visit("/account").await.page(200);
    assert!(page.contains(">Firefox on Windows</p>") && page.contains(">Unknown browser</p>"), "{page}");
    assert_eq!(page.matches("This browser").count(), 1);
    assert_eq!(revocations(&ada.browser).await.len(), 1, "not the one that asks");
    assert!(revocations(&bob.browser).await.is_empty());
}

/// The rows of the page's list of browsers, without their tags, the newest first.
async fn rows(browser: &Browser) -> Vec<String> {
    let page = browser.visit("/account").await.page(200);
    let (_, list) = page.split_once("Signed-in browsers").unwrap();
    let (list, _) = list.split_once("</ul>").unwrap();
    let rows = list.split("<li>").skip(1);
    rows.map(|row| row.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect()).collect()
}

async fn the_account_page_says_where_a_browser_was_last_seen(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = app.browser();
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let ask = browser.ask(Method::POST, "/sign-in").form(&form).header("user-agent", FIREFOX);
    // A word nobody asked for changes nothing.
    ask.at("192.0.2.1").header("x-forwarded-for", "203.0.113.9").await.assert_redirect("/notes");
    let [there, here] = rows(&ada.browser).await.try_into().unwrap();
    assert!(there.contains(" from 192.0.2.1, signed in since "), "{there}");
    assert!(here.contains(" from 127.0.0.1, signed in since "), "{here}");

    // It moves about; to the minute, that is seen.
    later(&app, Duration::minutes(10)).await;
    browser.ask(Method::GET, "/notes").at("2001:db8::7").await.assert_status(200);
    app.db.wait_idle().await;
    let [row, _] = list(&app.db, ada.account.id).await.unwrap().try_into().unwrap();
    assert!(row.last_seen_at - row.created_at >= Duration::minutes(10));
    let there = rows(&ada.browser).await.remove(0);
    assert!(there.contains(" from 2001:db8::7, signed in since "), "{there}");
    assert!(there.starts_with("Firefox on WindowsLast seen "), "{there}");
}

async fn a_trusted_proxy_says_where_a_browser_is(database: Database) {
    let app = TestApp::with(database, |settings| settings.server.trusted_proxies = vec!["10.0.0.0/8".into()]).await;
    let ada = app.person("ada").await;
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    for (peer, seen) in [("10.0.0.1", "192.0.2.1"), ("198.51.100.1", "198.51.100.1")] {
        let ask = app.browser().ask(Method::POST, "/sign-in").form(&form).at(peer);
        ask.header("x-forwarded-for", "203.0.113.9, 192.0.2.1, 10.9.9.9").await.assert_redirect("/notes");
        let newest = rows(&ada.browser).await.remove(0);
        assert!(newest.contains(&format!(" from {seen}, ")), "{newest}");
    }
}

async fn all_other_browsers_are_signed_out_at_once(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let path = "/account/sessions/revoke-others";
    assert!(!ada.browser.visit("/account").await.page(200).contains(path), "there are none");
    let others = [second_browser(&app, &ada, false).await, second_browser(&app, &ada, true).await];
    assert!(ada.browser.visit("/account").await.page(200).contains(&format!(r#"action="{path}""#)));
    app.browser().submit(path, &[]).await.assert_redirect("/sign-in");
    assert!(others[0].is_signed_in().await);

    ada.browser.submit(path, &[]).await.assert_redirect("/account");
    for other in others {
        assert!(!other.is_signed_in().await);
    }
    assert!(ada.browser.is_signed_in().await && bob.browser.is_signed_in().await);
    ada.client.get("/me").await.assert_status(200);
    // A second click does no harm.
    ada.browser.submit(path, &[]).await.assert_redirect("/account");
}

async fn a_revoked_browser_is_signed_out_at_its_next_request(app: TestApp) {
    let ada = app.person("ada").await;
    let other = second_browser(&app, &ada, true).await;
    assert!(other.is_signed_in().await);
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    ada.browser.submit(&revoke, &[]).await.assert_redirect("/account");

    let reply = other.visit("/account").await;
    reply.assert_redirect("/sign-in?next=%2Faccount");
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax"]);
    assert_eq!(other.cookie(), None);
    assert!(ada.browser.is_signed_in().await);
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (1, 1));
    // A second click does no harm.
    ada.browser.submit(&revoke, &[]).await.assert_redirect("/account");
}

async fn a_revoked_browser_is_signed_out_of_the_json_door_too(app: TestApp) {
    let ada = app.person("ada").await;
    let other = second_browser(&app, &ada, false).await;
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    ada.browser.submit(&revoke, &[]).await.assert_redirect("/account");
    other.get("/me").await.problem(401, "not_signed_in");
    assert_eq!(other.cookie(), None);
}

async fn a_revocation_holds_on_every_instance(app: TestApp) {
    let ada = app.person("ada").await;
    let there = app.another_instance().await;
    let (browser, client) = (there.browser(), there.client(&ada.client.token));
    browser.plant(&ada.browser.cookie().unwrap());
    assert!(browser.is_signed_in().await);
    client.get("/me").await.assert_status(200);

    ada.client.call(Method::POST, "/logout").await.assert_status(204);
    client.get("/me").await.problem(401, "token_revoked");
    browser.submit("/sign-out", &[]).await.assert_redirect("/");
    assert!(!ada.browser.is_signed_in().await);
}

async fn another_accounts_sign_in_cannot_be_revoked(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    second_browser(&app, &ada, false).await;
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    bob.browser.submit(&revoke, &[]).await.assert_redirect("/account");
    app.browser().submit(&revoke, &[]).await.assert_redirect("/sign-in");
    bob.browser.submit("/account/sessions/nonsense/revoke", &[]).await.page(404);
    assert_eq!(app.count("browser_sessions").await, 3);
}

/// A little, and more than a test takes.
const MOMENT: Duration = Duration::seconds(30);

/// Turns the clock, and waits for the notes of what was asked for before.
async fn later(app: &TestApp, duration: Duration) {
    app.db.wait_idle().await;
    app.clock.advance(duration);
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
    let note = ada.note_path("a").await;
    let asks = [
        ada.browser.ask(Method::GET, "/"),
        ada.browser.ask(Method::HEAD, "/notes"),
        ada.browser.ask(Method::POST, "/notes").form(&[("title", "b"), ("body", "")]),
        ada.browser.get("/me"),
        ada.browser.patch(&note, serde_json::json!({"title": "c"})),
        ada.browser.ask(Method::POST, "/fn/notes/list").json(json!({"q": ""})),
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
    ada.browser.forged(Method::POST, "/notes").header("sec-fetch-site", "cross-site").await.assert_status(403);
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

/// The sign-in of `person`'s browser as the door knows it, from the row it has.
async fn signed_in(app: &TestApp, person: &Person) -> CurrentSession {
    let [row] = list(&app.db, person.account.id).await.unwrap().try_into().unwrap();
    CurrentSession {
        id: row.id,
        account: person.account.clone(),
        remembered: row.remembered,
        last_seen_at: row.last_seen_at,
        ends_at: row.ends_at,
        stamp: Stamp::default(),
    }
}

fn last_seen(app: &TestApp) -> LastSeen {
    LastSeen { db: app.db.clone(), settings: app.settings.sessions }
}

async fn of_many_requests_at_once_one_notes_the_use(app: TestApp) {
    let ada = app.person("ada").await;
    let (last_seen, sign_in) = (last_seen(&app), signed_in(&app, &ada).await);
    later(&app, Duration::minutes(1)).await;
    let now = app.clock.now();
    // As they all read the row before one of them wrote.
    let notes: JoinSet<_> = (0..10)
        .map(|_| {
            let (last_seen, sign_in) = (last_seen.clone(), sign_in.clone());
            async move { last_seen.touch(&sign_in, String::new(), now).await.unwrap() }
        })
        .collect();
    assert_eq!(notes.join_all().await.into_iter().filter(|noted| *noted).count(), 1);
}

async fn a_request_held_open_across_the_sign_out_brings_nothing_back(app: TestApp) {
    let ada = app.person("ada").await;
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    later(&app, Duration::minutes(5)).await;
    let mut held = Vec::new();
    for ask in [
        thief.ask(Method::POST, "/notes").form(&[("title", "held"), ("body", "")]),
        thief.call(Method::POST, "/notes").json(serde_json::json!({"title": "held", "body": ""})),
        thief.ask(Method::POST, "/fn/notes/list").json(json!({"q": ""})),
    ] {
        let mut ask = ask.held();
        ask.is_inside().await;
        held.push(ask);
    }
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    for ask in held {
        let reply = ask.finish().await;
        assert!(reply.status.as_u16() < 400, "it was let in before: {}", reply.status);
    }
    app.db.wait_idle().await;
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (0, 0));
    assert!(!thief.is_signed_in().await);
}

async fn nor_does_one_held_open_across_any_other_end(app: TestApp) {
    for way in ["revoke", "password", "delete", "disable"] {
        let ada = app.person(way).await;
        let thief = app.browser();
        thief.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
        later(&app, Duration::minutes(5)).await;
        let mut held = Vec::new();
        for ask in [
            thief.ask(Method::POST, "/account/name").form(&[("name", "held")]),
            thief.call(Method::POST, "/notes").json(serde_json::json!({"title": "held", "body": ""})),
            thief.ask(Method::POST, "/fn/notes/list").json(json!({"q": ""})),
        ] {
            let mut ask = ask.held();
            ask.is_inside().await;
            held.push(ask);
        }
        let (change, delete) =
            ([("current", PASSWORD), ("password", "entirely different words")], [("email", ada.email.as_str())]);
        let (path, form) = match way {
            "revoke" => ("/account/sessions/revoke-others", &[][..]),
            "password" => ("/account/password", &change[..]),
            _ => ("/account/delete", &delete[..]),
        };
        if way == "disable" {
            assert!(admin::disable(&app.db, ada.account.id).await.unwrap());
        } else {
            ada.browser.submit(path, form).await.assert_status(303);
        }
        for ask in held {
            let reply = ask.finish().await;
            assert!(reply.status.as_u16() < 500, "{way}: {}", reply.status);
        }
        app.db.wait_idle().await;
        assert!(!thief.is_signed_in().await, "{way}");
        if way == "disable" {
            admin::enable(&app.db, ada.account.id).await.unwrap();
            assert!(!thief.is_signed_in().await, "{way}");
        }
    }
    assert_eq!(app.count("browser_sessions").await, 2, "of those who only ended others");
}

async fn a_use_noted_too_late_brings_nothing_back(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let last_seen = last_seen(&app);
    let (hers, his) = (signed_in(&app, &ada).await, signed_in(&app, &bob).await);
    later(&app, Duration::minutes(5)).await;
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    assert!(!last_seen.touch(&hers, String::new(), app.clock.now()).await.unwrap(), "ended");
    // A clock that was wrong for a while takes nothing away, and what is over by it stays over.
    assert!(!last_seen.touch(&his, String::new(), app.clock.now() + -Duration::hours(1)).await.unwrap());
    later(&app, Duration::hours(2)).await;
    assert!(!last_seen.touch(&his, String::new(), app.clock.now()).await.unwrap(), "over");
    assert!(!bob.browser.is_signed_in().await);
    assert_eq!(app.count("browser_sessions").await, 1, "his, until it is swept");
}

async fn a_session_record_brought_back_opens_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let cookie = ada.browser.cookie().unwrap();
    app.sql("CREATE TABLE kept AS SELECT * FROM tower_sessions").await;
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    assert_eq!(app.count("tower_sessions").await, 0);

    // As a request still running would do it.
    app.sql("INSERT INTO tower_sessions SELECT * FROM kept").await;
    let thief = app.browser();
    thief.plant(&cookie);
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.cookie(), None);
    assert_eq!(app.count("tower_sessions").await, 0, "and it is dropped again");
}

async fn a_session_of_an_older_password_opens_nothing(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.sql("UPDATE accounts SET auth_stamp = (SELECT hash FROM tokens LIMIT 1) WHERE name = 'ada'").await;
    assert!(!ada.browser.is_signed_in().await, "her stamp has changed");
    assert!(bob.browser.is_signed_in().await);
}

async fn deleting_the_account_signs_out_everywhere(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.sql("DELETE FROM accounts WHERE name = 'ada'").await;
    assert!(!ada.browser.is_signed_in().await);
    ada.client.get("/me").await.problem(401, "token_invalid");
    assert!(bob.browser.is_signed_in().await);
}

async fn what_is_over_is_swept_in_batches(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..2 {
        second_browser(&app, &ada, false).await;
    }
    let alive = second_browser(&app, &ada, true).await;
    // Not used, and so over after a fortnight.
    second_browser(&app, &ada, true).await;
    assert_eq!(sweep(&app.db, 100).await.unwrap(), 0);
    assert_eq!(app.db.sweep_sessions(100).await.unwrap(), 0);

    later(&app, Duration::days(10)).await;
    assert!(alive.is_signed_in().await);
    later(&app, Duration::days(5)).await;
    assert_eq!(sweep(&app.db, 3).await.unwrap(), 3);
    assert_eq!(sweep(&app.db, 3).await.unwrap(), 1);
    assert_eq!(app.db.sweep_sessions(2).await.unwrap(), 2);
    assert_eq!(app.db.sweep_sessions(2).await.unwrap(), 1);
    assert_eq!(app.count("browser_sessions").await, 1);
    assert_eq!(app.count("tower_sessions").await, 2, "a record is kept as long as its cookie");
    assert!(alive.is_signed_in().await);
}
