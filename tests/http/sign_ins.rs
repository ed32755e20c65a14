//! Signed-in browsers: how long they stay so, and how they are signed out.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::{
    accounts::operators,
    doors::session::{SignedIn, Uses},
    sign_ins::service::{list, sweep},
};

use crate::support::{Browser, Database, Door, House, PASSWORD, Person, both};

both! {
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

async fn second_browser(house: &House, person: &Person, remember: bool) -> Browser {
    let browser = house.browser();
    let mut form = vec![("email", person.email.as_str()), ("password", PASSWORD)];
    if remember {
        form.push(("remember", "on"));
    }
    browser.submit("/sign-in", &form).await.leads_to("/notes");
    browser
}

/// The paths that revoke a sign-in, as the account page gives them.
async fn revocations(browser: &Browser) -> Vec<String> {
    let page = browser.visit("/account").await.page(200);
    let actions = page.split(r#"action=""#).skip(1).filter_map(|rest| rest.split_once('"'));
    actions.map(|(path, _)| path.to_owned()).filter(|path| path.ends_with("/revoke")).collect()
}

async fn the_account_page_lists_every_browser_and_marks_this_one(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let ask = house.browser().ask(Method::POST, "/sign-in").form(&form);
    ask.header("user-agent", FIREFOX).await.leads_to("/notes");

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

async fn the_account_page_says_where_a_browser_was_last_seen(house: House) {
    let ada = house.person("ada").await;
    let browser = house.browser();
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let ask = browser.ask(Method::POST, "/sign-in").form(&form).header("user-agent", FIREFOX);
    // A word nobody asked for changes nothing.
    ask.at("192.0.2.1").header("x-forwarded-for", "203.0.113.9").await.leads_to("/notes");
    let [there, here] = rows(&ada.browser).await.try_into().unwrap();
    assert!(there.contains(" from 192.0.2.1, signed in since "), "{there}");
    assert!(here.contains(" from 127.0.0.1, signed in since "), "{here}");

    // It moves about; to the minute, that is seen.
    later(&house, Duration::minutes(10)).await;
    browser.ask(Method::GET, "/notes").at("2001:db8::7").await.is(200);
    house.db.settled().await;
    let [row, _] = list(&house.db, ada.account.id).await.unwrap().try_into().unwrap();
    assert!(row.last_seen_at - row.created_at >= Duration::minutes(10));
    let there = rows(&ada.browser).await.remove(0);
    assert!(there.contains(" from 2001:db8::7, signed in since "), "{there}");
    assert!(there.starts_with("Firefox on WindowsLast seen "), "{there}");
}

async fn a_trusted_proxy_says_where_a_browser_is(database: Database) {
    let house = House::with(database, |settings| settings.server.trusted_proxies = vec!["10.0.0.0/8".into()]).await;
    let ada = house.person("ada").await;
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    for (peer, seen) in [("10.0.0.1", "192.0.2.1"), ("198.51.100.1", "198.51.100.1")] {
        let ask = house.browser().ask(Method::POST, "/sign-in").form(&form).at(peer);
        ask.header("x-forwarded-for", "203.0.113.9, 192.0.2.1, 10.9.9.9").await.leads_to("/notes");
        let newest = rows(&ada.browser).await.remove(0);
        assert!(newest.contains(&format!(" from {seen}, ")), "{newest}");
    }
}

async fn all_other_browsers_are_signed_out_at_once(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let path = "/account/sign-ins/revoke-others";
    assert!(!ada.browser.visit("/account").await.page(200).contains(path), "there are none");
    let others = [second_browser(&house, &ada, false).await, second_browser(&house, &ada, true).await];
    assert!(ada.browser.visit("/account").await.page(200).contains(&format!(r#"action="{path}""#)));
    house.browser().submit(path, &[]).await.leads_to("/sign-in");
    assert!(others[0].is_signed_in().await);

    ada.browser.submit(path, &[]).await.leads_to("/account");
    for other in others {
        assert!(!other.is_signed_in().await);
    }
    assert!(ada.browser.is_signed_in().await && bob.browser.is_signed_in().await);
    ada.client.get("/me").await.is(200);
    // A second click does no harm.
    ada.browser.submit(path, &[]).await.leads_to("/account");
}

async fn a_revoked_browser_is_signed_out_at_its_next_request(house: House) {
    let ada = house.person("ada").await;
    let other = second_browser(&house, &ada, true).await;
    assert!(other.is_signed_in().await);
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    ada.browser.submit(&revoke, &[]).await.leads_to("/account");

    let reply = other.visit("/account").await;
    reply.leads_to("/sign-in?next=%2Faccount");
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax"]);
    assert_eq!(other.cookie(), None);
    assert!(ada.browser.is_signed_in().await);
    assert_eq!((house.count("sign_ins").await, house.count("tower_sessions").await), (1, 1));
    // A second click does no harm.
    ada.browser.submit(&revoke, &[]).await.leads_to("/account");
}

async fn a_revoked_browser_is_signed_out_of_the_json_door_too(house: House) {
    let ada = house.person("ada").await;
    let other = second_browser(&house, &ada, false).await;
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    ada.browser.submit(&revoke, &[]).await.leads_to("/account");
    other.get("/me").await.problem(401, "not_signed_in");
    assert_eq!(other.cookie(), None);
}

async fn a_revocation_holds_on_every_instance(house: House) {
    let ada = house.person("ada").await;
    let there = house.another_instance().await;
    let (browser, client) = (there.browser(), there.client(&ada.client.token));
    browser.plant(&ada.browser.cookie().unwrap());
    assert!(browser.is_signed_in().await);
    client.get("/me").await.is(200);

    ada.client.call(Method::POST, "/logout").await.is(204);
    client.get("/me").await.problem(401, "token_revoked");
    browser.submit("/sign-out", &[]).await.leads_to("/");
    assert!(!ada.browser.is_signed_in().await);
}

async fn another_accounts_sign_in_cannot_be_revoked(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    second_browser(&house, &ada, false).await;
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    bob.browser.submit(&revoke, &[]).await.leads_to("/account");
    house.browser().submit(&revoke, &[]).await.leads_to("/sign-in");
    bob.browser.submit("/account/sign-ins/nonsense/revoke", &[]).await.page(404);
    assert_eq!(house.count("sign_ins").await, 3);
}

/// A little, and more than a test takes.
const MOMENT: Duration = Duration::seconds(30);

/// Turns the clock, and waits for the notes of what was asked for before.
async fn later(house: &House, duration: Duration) {
    house.db.settled().await;
    house.clock.advance(duration);
}

async fn a_sign_in_that_is_not_used_ends(house: House) {
    let ada = house.person("ada").await;
    later(&house, Duration::hours(2) - MOMENT).await;
    assert!(ada.browser.is_signed_in().await);
    later(&house, Duration::hours(2) - MOMENT).await;
    assert!(ada.browser.is_signed_in().await, "it was used in between");
    later(&house, Duration::hours(2)).await;
    ada.browser.get("/me").await.problem(401, "not_signed_in");
    assert_eq!(ada.browser.cookie(), None);
}

async fn a_sign_in_that_is_used_ends_by_the_clock_too(house: House) {
    let ada = house.person("ada").await;
    for _ in 0..23 {
        later(&house, Duration::hours(1)).await;
        assert!(ada.browser.is_signed_in().await);
    }
    later(&house, Duration::hours(1) - MOMENT).await;
    assert!(ada.browser.is_signed_in().await);
    later(&house, MOMENT).await;
    assert!(!ada.browser.is_signed_in().await);
}

async fn a_remembered_sign_in_lasts_longer_and_ends_too(house: House) {
    let ada = house.person("ada").await;
    let (used, unused) = (second_browser(&house, &ada, true).await, second_browser(&house, &ada, true).await);
    later(&house, Duration::days(14) - MOMENT).await;
    assert!(used.is_signed_in().await);
    later(&house, MOMENT).await;
    assert!(!unused.is_signed_in().await);
    later(&house, Duration::days(10)).await;
    assert!(used.is_signed_in().await);
    later(&house, Duration::days(6)).await;
    assert!(!used.is_signed_in().await);
}

async fn whatever_is_asked_for_keeps_a_sign_in_from_ending_unused(house: House) {
    let ada = house.person("ada").await;
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
        later(&house, Duration::hours(1)).await;
        let reply = ask.await;
        assert!(matches!(reply.status.as_u16(), 200 | 303 | 404), "{}: {}", reply.asked, reply.status);
        later(&house, Duration::hours(1) + MOMENT).await;
        assert!(ada.browser.is_signed_in().await, "{}", reply.asked);
    }
    // What the guard refuses is not hers.
    later(&house, Duration::hours(1)).await;
    ada.browser.forged(Method::POST, "/notes").header("sec-fetch-site", "cross-site").await.is(403);
    later(&house, Duration::hours(1)).await;
    assert!(!ada.browser.is_signed_in().await);
}

async fn the_settings_say_how_long(database: Database) {
    let house = House::with(database, |settings| {
        settings.sessions.idle_hours = 1;
        settings.sessions.lifetime_hours = 3;
        settings.sessions.remember_idle_days = 1;
        settings.sessions.remember_days = 2;
    })
    .await;
    let ada = house.person("ada").await;
    let remembered = second_browser(&house, &ada, true).await;
    for _ in 0..4 {
        later(&house, Duration::minutes(44)).await;
        assert!(ada.browser.is_signed_in().await);
    }
    later(&house, Duration::minutes(4)).await;
    assert!(!ada.browser.is_signed_in().await);
    later(&house, Duration::hours(20)).await;
    assert!(remembered.is_signed_in().await);
    later(&house, Duration::hours(23)).await;
    assert!(remembered.is_signed_in().await);
    later(&house, Duration::hours(2)).await;
    assert!(!remembered.is_signed_in().await);
}

/// The sign-in of `person`'s browser as the door knows it, from the row it has.
async fn signed_in(house: &House, person: &Person) -> SignedIn {
    let [row] = list(&house.db, person.account.id).await.unwrap().try_into().unwrap();
    SignedIn {
        id: row.id,
        account: person.account.clone(),
        remembered: row.remembered,
        last_seen_at: row.last_seen_at,
        ends_at: row.ends_at,
        stamp: vec![],
    }
}

fn uses(house: &House) -> Uses {
    Uses { db: house.db.clone(), settings: house.settings.sessions }
}

async fn of_many_requests_at_once_one_notes_the_use(house: House) {
    let ada = house.person("ada").await;
    let (uses, sign_in) = (uses(&house), signed_in(&house, &ada).await);
    later(&house, Duration::minutes(1)).await;
    let now = house.clock.now();
    // As they all read the row before one of them wrote.
    let notes: JoinSet<_> = (0..10)
        .map(|_| {
            let (uses, sign_in) = (uses.clone(), sign_in.clone());
            async move { uses.note(&sign_in, String::new(), now).await.unwrap() }
        })
        .collect();
    assert_eq!(notes.join_all().await.into_iter().filter(|noted| *noted).count(), 1);
}

async fn a_request_held_open_across_the_sign_out_brings_nothing_back(house: House) {
    let ada = house.person("ada").await;
    let thief = house.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    later(&house, Duration::minutes(5)).await;
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
    ada.browser.submit("/sign-out", &[]).await.leads_to("/");
    for ask in held {
        let reply = ask.finish().await;
        assert!(reply.status.as_u16() < 400, "it was let in before: {}", reply.status);
    }
    house.db.settled().await;
    assert_eq!((house.count("sign_ins").await, house.count("tower_sessions").await), (0, 0));
    assert!(!thief.is_signed_in().await);
}

async fn nor_does_one_held_open_across_any_other_end(house: House) {
    for way in ["revoke", "password", "delete", "disable"] {
        let ada = house.person(way).await;
        let thief = house.browser();
        thief.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.is(303);
        later(&house, Duration::minutes(5)).await;
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
            "revoke" => ("/account/sign-ins/revoke-others", &[][..]),
            "password" => ("/account/password", &change[..]),
            _ => ("/account/delete", &delete[..]),
        };
        if way == "disable" {
            assert!(operators::disable(&house.db, ada.account.id).await.unwrap());
        } else {
            ada.browser.submit(path, form).await.is(303);
        }
        for ask in held {
            let reply = ask.finish().await;
            assert!(reply.status.as_u16() < 500, "{way}: {}", reply.status);
        }
        house.db.settled().await;
        assert!(!thief.is_signed_in().await, "{way}");
        if way == "disable" {
            operators::enable(&house.db, ada.account.id).await.unwrap();
            assert!(!thief.is_signed_in().await, "{way}");
        }
    }
    assert_eq!(house.count("sign_ins").await, 2, "of those who only ended others");
}

async fn a_use_noted_too_late_brings_nothing_back(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let uses = uses(&house);
    let (hers, his) = (signed_in(&house, &ada).await, signed_in(&house, &bob).await);
    later(&house, Duration::minutes(5)).await;
    ada.browser.submit("/sign-out", &[]).await.leads_to("/");
    assert!(!uses.note(&hers, String::new(), house.clock.now()).await.unwrap(), "ended");
    // A clock that was wrong for a while takes nothing away, and what is over by it stays over.
    assert!(!uses.note(&his, String::new(), house.clock.now() + -Duration::hours(1)).await.unwrap());
    later(&house, Duration::hours(2)).await;
    assert!(!uses.note(&his, String::new(), house.clock.now()).await.unwrap(), "over");
    assert!(!bob.browser.is_signed_in().await);
    assert_eq!(house.count("sign_ins").await, 1, "his, until it is swept");
}

async fn a_session_record_brought_back_opens_nothing(house: House) {
    let ada = house.person("ada").await;
    let cookie = ada.browser.cookie().unwrap();
    house.sql("CREATE TABLE kept AS SELECT * FROM tower_sessions").await;
    ada.browser.submit("/sign-out", &[]).await.leads_to("/");
    assert_eq!(house.count("tower_sessions").await, 0);

    // As a request still running would do it.
    house.sql("INSERT INTO tower_sessions SELECT * FROM kept").await;
    let thief = house.browser();
    thief.plant(&cookie);
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.cookie(), None);
    assert_eq!(house.count("tower_sessions").await, 0, "and it is dropped again");
}

async fn a_session_of_an_older_password_opens_nothing(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    house.sql("UPDATE accounts SET auth_stamp = (SELECT hash FROM tokens LIMIT 1) WHERE name = 'ada'").await;
    assert!(!ada.browser.is_signed_in().await, "her stamp has changed");
    assert!(bob.browser.is_signed_in().await);
}

async fn deleting_the_account_signs_out_everywhere(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    house.sql("DELETE FROM accounts WHERE name = 'ada'").await;
    assert!(!ada.browser.is_signed_in().await);
    ada.client.get("/me").await.problem(401, "token_invalid");
    assert!(bob.browser.is_signed_in().await);
}

async fn what_is_over_is_swept_in_batches(house: House) {
    let ada = house.person("ada").await;
    for _ in 0..2 {
        second_browser(&house, &ada, false).await;
    }
    let alive = second_browser(&house, &ada, true).await;
    // Not used, and so over after a fortnight.
    second_browser(&house, &ada, true).await;
    assert_eq!(sweep(&house.db, 100).await.unwrap(), 0);
    assert_eq!(house.db.sweep_sessions(100).await.unwrap(), 0);

    later(&house, Duration::days(10)).await;
    assert!(alive.is_signed_in().await);
    later(&house, Duration::days(5)).await;
    assert_eq!(sweep(&house.db, 3).await.unwrap(), 3);
    assert_eq!(sweep(&house.db, 3).await.unwrap(), 1);
    assert_eq!(house.db.sweep_sessions(2).await.unwrap(), 2);
    assert_eq!(house.db.sweep_sessions(2).await.unwrap(), 1);
    assert_eq!(house.count("sign_ins").await, 1);
    assert_eq!(house.count("tower_sessions").await, 2, "a record is kept as long as its cookie");
    assert!(alive.is_signed_in().await);
}
