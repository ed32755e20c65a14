//! What happened to an account: it is kept, shown to its owner, and told to nobody else.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use tokio::task::JoinSet;
use uuid::Uuid;
use vestibule::{
    auth::activity::{
        Actor, Event, Kind,
        service::{delete_expired, list},
    },
    http::client::Client,
};

use crate::support::{Browser, Database, Door, PASSWORD, Person, TestApp, on_both_databases, resource::READ_FIELD};

on_both_databases! {
    everything_that_matters_is_kept,
    a_browser_that_signs_in_anew_is_signed_out_first,
    what_others_do_at_a_distance_is_kept_with_its_subject,
    a_failed_sign_in_is_told_to_the_owner_alone,
    the_first_use_of_a_token_is_one,
    what_happens_twice_at_once_is_kept_once,
    the_account_page_shows_the_newest_fifty,
    what_is_older_is_a_page_away,
    many_failures_push_nothing_off_the_page,
    every_kind_is_read_as_it_was_written,
    what_piles_up_is_kept,
    what_belongs_to_an_account_that_is_gone_keeps_nothing_else_from_being_kept,
    nobody_sees_anothers,
    what_is_old_is_deleted_in_batches,
    nothing_that_opens_a_door_is_kept,
    it_goes_with_the_account,
    an_event_of_a_later_version_is_shown_too,
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// What happened to `person`, the oldest first.
async fn events(app: &TestApp, person: &Person) -> Vec<Event> {
    app.db.wait_idle().await;
    let mut events = list(&app.db, person.account.id).await.unwrap();
    events.reverse();
    events
}

/// What happened since there were `before` events, each as its kind and its credential.
async fn since(app: &TestApp, person: &Person, before: usize) -> Vec<(&'static str, String)> {
    let events = events(app, person).await;
    events.into_iter().skip(before).map(|event| (event.kind.as_str(), event.credential)).collect()
}

fn expected<const N: usize>(events: [(&'static str, &str); N]) -> Vec<(&'static str, String)> {
    events.map(|(kind, credential)| (kind, credential.to_owned())).into()
}

async fn everything_that_matters_is_kept(app: TestApp) {
    let ada = app.person("ada").await;
    let begun = expected([("account_created", "password"), ("signed_in", "password"), ("token_created", "password")]);
    assert_eq!(since(&app, &ada, 0).await, begun);

    let browser = app.browser();
    let submit = |path: &str, form: &[(&str, &str)]| {
        browser.ask(Method::POST, path).form(form).header("user-agent", FIREFOX).at("192.0.2.1")
    };
    let now = app.clock.now();
    submit("/sign-in", &[("email", &ada.email), ("password", "wrong password")]).await.assert_status(401);
    submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    submit("/tokens", &[("name", "phone"), ("days", "30"), (READ_FIELD, "on")]).await.assert_status(201);
    ada.client.get("/me").await.assert_status(200);
    app.db.wait_idle().await;
    let token = browser.get("/tokens").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    submit(&format!("/tokens/{token}/revoke"), &[]).await.assert_status(303);
    submit("/sign-out", &[]).await.assert_status(303);

    let all = events(&app, &ada).await;
    let kinds: Vec<_> = all[3..].iter().map(|event| (event.kind.as_str(), event.credential.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("sign_in_failed", "password"),
            ("signed_in", "password"),
            ("token_created", "session"),
            ("token_first_used", "token"),
            ("token_revoked", "session"),
            ("signed_out", "session"),
        ]
    );
    let [failed, signed_in, created, used, revoked, out] = &all[3..] else { unreachable!() };
    for event in [failed, signed_in, created, revoked, out] {
        assert_eq!((event.address.as_str(), event.browser.as_str()), ("192.0.2.1", "Firefox on Linux"));
        assert!((Duration::ZERO..Duration::minutes(1)).contains(&(event.at - now)));
    }
    assert_eq!((used.address.as_str(), used.browser.as_str()), ("127.0.0.1", "Unknown browser"));
    assert_eq!(
        (created.subject.as_str(), revoked.subject.as_str(), used.subject.as_str()),
        ("phone", "phone", "Login")
    );
    assert_eq!(created.subject_id.unwrap().to_string(), token);
    assert_eq!(created.subject_id, revoked.subject_id);
    assert_eq!(used.credential_id, used.subject_id);
    assert!(signed_in.subject_id.is_some() && signed_in.credential_id.is_none());
    for event in [created, revoked, out] {
        assert_eq!(event.credential_id, signed_in.subject_id, "{:?}", event.kind);
    }
}

async fn a_browser_that_signs_in_anew_is_signed_out_first(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    ada.browser.submit("/sign-in", &[("email", &bob.email), ("password", PASSWORD)]).await.assert_status(303);
    assert_eq!(since(&app, &ada, 3).await, expected([("signed_out", "session")]));
    assert_eq!(since(&app, &bob, 3).await, expected([("signed_in", "password")]));
}

async fn second_browser(app: &TestApp, person: &Person) -> Browser {
    let browser = app.browser();
    let ask = browser.ask(Method::POST, "/sign-in").form(&[("email", &person.email), ("password", PASSWORD)]);
    ask.header("user-agent", FIREFOX).await.assert_status(303);
    browser
}

async fn what_others_do_at_a_distance_is_kept_with_its_subject(app: TestApp) {
    let ada = app.person("ada").await;
    second_browser(&app, &ada).await;
    second_browser(&app, &ada).await;
    let before = events(&app, &ada).await.len();
    ada.browser.submit("/account/sessions/revoke-others", &[]).await.assert_status(303);
    let all = events(&app, &ada).await;
    let revoked = &all[before..];
    assert_eq!(revoked.len(), 2);
    assert!(revoked.iter().all(|event| event.kind.as_str() == "sign_in_revoked"));
    assert!(revoked.iter().all(|event| event.subject == "Firefox on Linux" && event.credential == "session"));
    assert_ne!(revoked[0].subject_id, revoked[1].subject_id);

    second_browser(&app, &ada).await;
    let page = ada.browser.visit("/account").await.page(200);
    let (_, rest) = page.split_once(r#"action="/account/sessions/"#).unwrap();
    let id = rest.split_once('/').unwrap().0;
    let before = events(&app, &ada).await.len();
    for _ in 0..2 {
        ada.browser.submit(&format!("/account/sessions/{id}/revoke"), &[]).await.assert_status(303);
    }
    assert_eq!(since(&app, &ada, before).await, expected([("sign_in_revoked", "session")]));

    // Of a token that is revoked by its first use, the use may or may not be noted.
    ada.client.get("/me").await.assert_status(200);
    app.db.wait_idle().await;
    ada.client.call(Method::POST, "/logout-all").await.assert_status(204);
    let revoked = expected([("sign_in_revoked", "session"), ("token_first_used", "token"), ("token_revoked", "token")]);
    let mut kept = since(&app, &ada, before).await;
    kept.sort();
    assert_eq!(kept, revoked);
}

async fn a_failed_sign_in_is_told_to_the_owner_alone(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.db.wait_idle().await;
    let before = app.count("activity").await;
    for (email, password) in [("ada@example.org", "wrong password"), ("nobody@example.org", PASSWORD), ("x", "y")] {
        app.post("/api/v1/login").json(json!({"email": email, "password": password})).await.assert_status(401);
    }
    assert_eq!(since(&app, &ada, 3).await, expected([("sign_in_failed", "password")]));
    assert!(since(&app, &bob, 3).await.is_empty());
    assert_eq!(app.count("activity").await, before + 1);
}

async fn the_first_use_of_a_token_is_one(app: TestApp) {
    let ada = app.person("ada").await;
    let uses: JoinSet<_> = (0..20).map(|_| ada.client.get("/me").into_future()).collect();
    assert!(uses.join_all().await.iter().all(|reply| reply.status == 200));
    assert_eq!(since(&app, &ada, 3).await, expected([("token_first_used", "token")]));
    app.clock.advance(Duration::hours(1));
    ada.client.get("/me").await.assert_status(200);
    assert_eq!(since(&app, &ada, 3).await.len(), 1);
}

async fn what_happens_twice_at_once_is_kept_once(app: TestApp) {
    let ada = app.person("ada").await;
    let outs: JoinSet<_> = (0..10).map(|_| ada.browser.ask(Method::POST, "/sign-out").into_future()).collect();
    outs.join_all().await;
    assert_eq!(since(&app, &ada, 3).await, expected([("signed_out", "session")]));
}

async fn the_account_page_shows_the_newest_fifty(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..60 {
        let form = [("name", &*format!("token {number}.")), ("days", "30"), (READ_FIELD, "on")];
        ada.browser.submit("/tokens", &form).await.assert_status(201);
    }
    app.db.wait_idle().await;
    let page = ada.browser.visit("/account").await.page(200);
    assert_eq!(page.matches("Token created").count(), 50);
    assert!(page.contains("Token created: token 59.") && page.contains("Token created: token 10."));
    assert!(!page.contains("token 9.") && !page.contains("Account created"));
    assert!(page.find("token 59.").unwrap() < page.find("token 58.").unwrap(), "the newest first");
    assert!(page.contains(" from 127.0.0.1, Unknown browser, by session"), "{page}");
}

async fn what_is_older_is_a_page_away(app: TestApp) {
    let ada = app.person("ada").await;
    let actor = Actor::by_password(ada.account.id, &Client::default());
    for number in 0..120 {
        let name = format!("token {number}.");
        actor.record(&app.db, Kind::TokenCreated, Some((Uuid::now_v7(), name.as_str())));
    }
    let (mut path, mut seen) = ("/account".to_owned(), Vec::new());
    for expected in [50, 50, 23] {
        let page = ada.browser.visit(&path).await.page(200);
        let (_, list) = page.split_once("Recent activity").unwrap();
        let rows: Vec<_> = list.split("<li>").skip(1).map(str::to_owned).collect();
        assert_eq!(rows.len(), expected);
        seen.extend(rows);
        path = match page.split_once(r#"rel="next" href=""#) {
            Some((_, rest)) => rest.split_once('#').unwrap().0.to_owned(),
            None => String::new(),
        };
    }
    assert_eq!(path, "", "the last page leads nowhere");
    let made = seen.iter().filter(|row| row.contains("Token created: token ")).count();
    assert!(made == 120 && seen[122].contains("Account created"), "{}", seen[122]);
    ada.browser.visit("/account?before=nonsense").await.page(422);
}

async fn many_failures_push_nothing_off_the_page(app: TestApp) {
    let ada = app.person("ada").await;
    let from =
        |address: &str| Client { address: address.parse().ok(), user_agent: FIREFOX.into(), ..Client::default() };
    for number in 0..600 {
        let client = from(["192.0.2.1", "2001:db8::1", "2001:db8::2"][number % 3]);
        Actor::by_password(ada.account.id, &client).record(&app.db, Kind::SignInFailed, None);
    }
    let page = ada.browser.visit("/account").await.page(200);
    assert!(page.contains("Token created: Login") && page.contains("Account created"));
    let (_, list) = page.split_once("Recent activity").unwrap();
    assert_eq!(list.matches("Wrong password").count(), 2);
    assert!(list.contains("Wrong password, 200 times") && list.contains("Wrong password, 400 times"), "{list}");
}

async fn every_kind_is_read_as_it_was_written(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    app.sql("DELETE FROM activity").await;
    let actor = Actor::by_password(ada.account.id, &Client::default());
    for kind in Kind::ALL {
        actor.record(&app.db, *kind, None);
        app.db.wait_idle().await;
    }
    let written = app.raw().await.texts("SELECT kind FROM activity ORDER BY id").await;
    let read: Vec<_> = written.iter().map(|name| Kind::from(name.clone())).collect();
    assert_eq!(read, Kind::ALL);
}

/// Longer than anybody waits for a connection.
async fn what_piles_up_is_kept(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    let (before, mut raw) = (app.count("activity").await, app.raw().await);
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    raw.run(if sqlite { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE activity" }).await;
    let actor = Actor::by_password(ada.account.id, &Client::default());
    for _ in 0..1_000 {
        actor.record(&app.db, Kind::SignInFailed, None);
    }
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    raw.run("COMMIT").await;
    let begun = std::time::Instant::now();
    while app.count("activity").await < before + 1_000 {
        assert!(begun.elapsed().as_secs() < 20, "{} of 1000 kept", app.count("activity").await - before);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    app.db.wait_idle().await;
    assert_eq!(app.count("activity").await, before + 1_000, "and none twice");
}

async fn what_belongs_to_an_account_that_is_gone_keeps_nothing_else_from_being_kept(app: TestApp) {
    let ada = app.person("ada").await;
    let nobody = Actor::by_password(Uuid::now_v7(), &Client::default());
    let actor = Actor::by_password(ada.account.id, &Client::default());
    for _ in 0..10 {
        nobody.record(&app.db, Kind::SignInFailed, None);
        actor.record(&app.db, Kind::Renamed, None);
    }
    assert_eq!(since(&app, &ada, 3).await, vec![("name_changed", "password".to_owned()); 10]);
}

async fn nobody_sees_anothers(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let form = [("name", "a secret plan"), ("days", "30"), (READ_FIELD, "on")];
    ada.browser.submit("/tokens", &form).await.assert_status(201);
    app.db.wait_idle().await;
    assert!(ada.browser.visit("/account").await.page(200).contains("a secret plan"));
    assert!(!bob.browser.visit("/account").await.page(200).contains("a secret plan"));
}

async fn what_is_old_is_deleted_in_batches(database: Database) {
    let app = TestApp::with(database, |settings| settings.activity.keep_days = 30).await;
    let days = app.settings.activity.keep_days;
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(29));
    second_browser(&app, &ada).await;
    app.db.wait_idle().await;
    assert_eq!(delete_expired(&app.db, days, 100).await.unwrap(), 0);
    app.clock.advance(Duration::days(1) + Duration::minutes(1));
    assert_eq!(delete_expired(&app.db, days, 2).await.unwrap(), 2);
    assert_eq!(delete_expired(&app.db, days, 2).await.unwrap(), 1);
    assert_eq!(since(&app, &ada, 0).await, expected([("signed_in", "password")]));
}

async fn nothing_that_opens_a_door_is_kept(app: TestApp) {
    let ada = app.person("ada").await;
    let form = [("name", "phone"), ("days", "30"), (READ_FIELD, "on")];
    let page = ada.browser.submit("/tokens", &form).await.page(201);
    let token = page.split_once(r#"<code id="secret">"#).unwrap().1.split_once('<').unwrap().0;
    let wrong = json!({"email": ada.email, "password": "a wrong password"});
    app.post("/api/v1/login").json(wrong).await.assert_status(401);
    let all = format!("{:?}", events(&app, &ada).await);
    let cookie = ada.browser.cookie().unwrap();
    for secret in [PASSWORD, "a wrong password", token, &ada.client.token, &cookie] {
        assert!(!all.contains(secret), "{all}");
    }
}

async fn it_goes_with_the_account(app: TestApp) {
    app.person("ada").await;
    app.db.wait_idle().await;
    app.sql("DELETE FROM accounts").await;
    assert_eq!(app.count("activity").await, 0);
}

async fn an_event_of_a_later_version_is_shown_too(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.wait_idle().await;
    app.sql("UPDATE activity SET kind = 'flew_away' WHERE kind = 'signed_in'").await;
    assert!(ada.browser.visit("/account").await.page(200).contains("Other activity"));
}
