//! `GET events`: what a stream tells, to whom, and when it ends.

mod connections;

use std::{collections::BTreeSet, future::poll_fn, pin::Pin, time::Duration as StdDuration};

use axum::{
    body::Body,
    http::{HeaderMap, Method},
};
use hyper::body::Body as HttpBody;
use serde_json::{Value, json};
use sqlx::Executor;
use time::Duration;
use tokio::{task::JoinSet, time::timeout};
use vestibule::{
    auth::event_streams::delete_expired,
    features::{accounts::admin as accounts, browser_sessions::service as browsers, tokens::admin as tokens},
};

use crate::support::{
    Database, Door, PASSWORD, RawDb, Request, SPA, TestApp, members, on_both_databases,
    resource::{COLLECTION, PAGE, READ, change, item, path_of},
    without_database,
};

on_both_databases! {
    every_change_is_told_in_order_at_both_doors,
    parallel_changes_are_told_once_each_and_in_order,
    a_stream_goes_on_where_another_ended,
    an_id_that_is_unknown_or_too_old_is_a_reset,
    a_token_is_told_only_of_what_it_may_read,
    nobody_is_told_of_anothers_changes,
    a_change_on_another_instance_is_told,
    a_stream_ends_with_its_credential,
    a_stream_writes_nothing,
    only_the_newest_changes_are_kept,
    an_account_is_deleted_with_its_changes,
    a_page_knows_the_event_from_which_on_to_listen,
}

without_database! {
    a_client_has_to_take_a_stream,
    the_answer_is_not_stored_nor_collected,
    a_page_on_another_origin_may_listen,
    an_account_has_so_many_streams_and_the_server_so_many,
    no_stream_outlives_the_server,
}

/// How long anything may take.
const PATIENCE: StdDuration = StdDuration::from_secs(20);

/// What a client has of a stream.
struct Listener {
    headers: HeaderMap,
    body: Body,
    text: String,
}

#[derive(Debug, PartialEq)]
struct Event {
    kind: String,
    id: Option<i64>,
    data: Value,
}

impl Listener {
    async fn open(request: Request) -> Self {
        let (_, response) = request.open(Body::empty()).await;
        assert_eq!(response.status(), 200);
        let (parts, body) = response.into_parts();
        Self { headers: parts.headers, body, text: String::new() }
    }

    /// A stream that has begun from now on.
    async fn ready(door: &dyn Door) -> Self {
        let mut stream = Self::open(door.get("/events")).await;
        assert_eq!(stream.event().await.kind, "ready");
        stream
    }

    /// The next block of lines, a comment or an event; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.into();
                return Some(block);
            }
            let frame = poll_fn(|context| Pin::new(&mut self.body).poll_frame(context));
            let frame = timeout(PATIENCE, frame).await.expect("something is told")?;
            self.text += std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap();
        }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let lines = block.lines().filter_map(|line| line.split_once(": "));
            let field = |name| lines.clone().find(|(field, _)| *field == name).map(|(_, value)| value);
            if let Some(kind) = field("event") {
                let id = field("id").map(|id| id.parse().unwrap());
                let data = serde_json::from_str(field("data").unwrap()).unwrap();
                return Some(Event { kind: kind.into(), id, data });
            }
        }
    }

    async fn event(&mut self) -> Event {
        self.next().await.expect("it goes on")
    }

    /// Insists on the end, because the credential works no longer.
    async fn ends(mut self) {
        assert_eq!(self.event().await.kind, "end");
        assert_eq!(self.next().await, None);
    }
}

fn told(kind: &str, id: i64, item: &Value, version: i64) -> Event {
    let data = json!({"resource": COLLECTION.trim_start_matches('/'), "id": item["id"], "version": version});
    Event { kind: kind.into(), id: Some(id), data }
}

async fn every_change_is_told_in_order_at_both_doors(app: TestApp) {
    let ada = app.person("ada").await;
    let mut streams = Vec::new();
    for door in ada.doors() {
        let mut stream = Listener::open(door.get("/events")).await;
        let first = stream.event().await;
        assert_eq!((first.kind.as_str(), first.id), ("ready", Some(0)));
        assert!(first.data["resources"].as_array().unwrap().contains(&json!(COLLECTION.trim_start_matches('/'))));
        streams.push(stream);
    }
    let milk = ada.item("Milk", "a secret of hers").await;
    ada.browser.submit(&format!("{PAGE}/{}", milk["id"].as_str().unwrap()), &[("title", "Tea"), ("body", "")]).await;
    let bread = ada.browser.post(COLLECTION, item("Bread", "")).await.json();
    ada.client.delete(&path_of(&milk)).await.assert_status(204);
    ada.client.delete(&path_of(&milk)).await.assert_status(404);
    ada.client.patch(&path_of(&bread), change("Rye")).await.assert_status(200);
    for stream in &mut streams {
        for expected in [
            told("created", 1, &milk, 1),
            told("updated", 2, &milk, 2),
            told("created", 3, &bread, 1),
            told("deleted", 4, &milk, 2),
            told("updated", 5, &bread, 2),
        ] {
            let event = stream.event().await;
            assert_eq!(event, expected);
            assert_eq!(members(&event.data), ["id", "resource", "version"]);
        }
    }
}

/// Each takes the next number of its account and keeps it until it commits, so that no later number can be read before.
async fn parallel_changes_are_told_once_each_and_in_order(app: TestApp) {
    let ada = app.person("ada").await;
    let mut stream = Listener::ready(&ada.client).await;
    let made: JoinSet<_> =
        (0..20).map(|n| ada.client.post(COLLECTION, item(format!("{n}"), "")).into_future()).collect();
    let made: BTreeSet<_> = made.join_all().await.iter().map(|made| made.json()["id"].to_string()).collect();
    let mut heard = BTreeSet::new();
    for number in 1..=20 {
        let event = stream.event().await;
        assert_eq!(event.id, Some(number));
        heard.insert(event.data["id"].to_string());
    }
    assert_eq!((heard.len(), heard), (20, made));
}

/// The order in which transactions commit is not the one in which they began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_still_open_is_not_overtaken() {
    let app = TestApp::with(Database::Postgres, |_| {}).await;
    let ada = app.person("ada").await;
    let mut stream = Listener::ready(&ada.client).await;
    let insert = format!(
        "INSERT INTO entries (id, account_id, title, body, version, created_at, updated_at)
         VALUES (gen_random_uuid(), '{}', 'a', '', 1, now(), now())",
        ada.account.id
    );
    let (RawDb::Postgres(mut first), RawDb::Postgres(mut second)) = (app.raw().await, app.raw().await) else {
        panic!("this is no PostgreSQL")
    };
    first.execute("BEGIN").await.unwrap();
    first.execute(insert.as_str()).await.unwrap();
    second.execute("SET lock_timeout = '200ms'").await.unwrap();
    let overtaken = second.execute(insert.as_str()).await.unwrap_err();
    assert_eq!(overtaken.as_database_error().unwrap().code().as_deref(), Some("55P03"), "it waits for the first");
    first.execute("COMMIT").await.unwrap();
    second.execute(insert.as_str()).await.unwrap();
    assert_eq!([stream.event().await.id, stream.event().await.id], [Some(1), Some(2)]);
}

async fn a_stream_goes_on_where_another_ended(app: TestApp) {
    let ada = app.person("ada").await;
    let mut items = Vec::new();
    for title in ["a", "b", "c"] {
        items.push(ada.item(title, "").await);
    }
    for door in ada.doors() {
        for request in [
            door.get("/events").header("last-event-id", "1"),
            door.get("/events?last_event_id=1"),
            // An EventSource goes on asking for the URL that it was made with.
            door.get("/events?last_event_id=0").header("last-event-id", "1"),
        ] {
            let mut stream = Listener::open(request).await;
            let first = stream.event().await;
            assert_eq!((first.kind.as_str(), first.id), ("ready", Some(1)));
            assert_eq!(stream.event().await, told("created", 2, &items[1], 1));
            assert_eq!(stream.event().await, told("created", 3, &items[2], 1));
            assert_eq!(stream.event().await, caught_up(3, &first), "the end of what was missed is told");
        }
        let first = Listener::open(door.get("/events?last_event_id=")).await.event().await;
        assert_eq!((first.kind.as_str(), first.id), ("ready", Some(3)), "none is like no id");
    }
    // Nor has one that missed nothing to wait.
    let mut stream = Listener::open(ada.client.get("/events").header("last-event-id", "3")).await;
    let first = stream.event().await;
    assert_eq!(first.kind, "ready");
    assert_eq!(stream.event().await, caught_up(3, &first));
    // What happens meanwhile is told before or after it, and it comes once.
    let next = ada.item("d", "").await;
    assert_eq!(stream.event().await, told("created", 4, &next, 1));
    let last = ada.item("e", "").await;
    assert_eq!(stream.event().await, told("created", 5, &last, 1));
}

/// The event after everything that was missed, in a stream that began with `first`.
fn caught_up(id: i64, first: &Event) -> Event {
    Event { kind: "caught_up".into(), id: Some(id), data: first.data.clone() }
}

async fn an_id_that_is_unknown_or_too_old_is_a_reset(app: TestApp) {
    let ada = app.person("ada").await;
    ada.item("a", "").await;
    ada.item("b", "").await;
    for id in ["3", "-1", "an id", "99999999999999999999"] {
        let mut stream = Listener::open(ada.client.get("/events").header("last-event-id", id)).await;
        let first = stream.event().await;
        assert_eq!((first.kind.as_str(), first.id), ("reset", Some(2)), "{id}");
        assert!(first.data["resources"].is_array());
    }
    app.clock.advance(Duration::days(6));
    assert_eq!(delete_expired(&app.db, 7, 500).await.unwrap(), 0);
    app.clock.advance(Duration::days(2));
    assert_eq!(delete_expired(&app.db, 7, 500).await.unwrap(), 2);
    // Ada's sessions and tokens have ended by now.
    let client = app.token(&ada, &[READ]).await;
    let kind = async |id| Listener::open(client.get("/events").header("last-event-id", id)).await.event().await.kind;
    assert_eq!(kind("1").await, "reset");
    assert_eq!(kind("2").await, "ready", "nothing was missed after the newest");

    // After a reset, it goes on.
    let mut stream = Listener::open(client.get("/events").header("last-event-id", "0")).await;
    let first = stream.event().await;
    assert_eq!(first.id, Some(2));
    assert_eq!(stream.event().await, caught_up(2, &first));
    app.sql("UPDATE entries SET version = version + 1 WHERE title = 'a'").await;
    let next = stream.event().await;
    assert_eq!((next.kind.as_str(), next.id), ("updated", Some(3)));
}

async fn a_token_is_told_only_of_what_it_may_read(database: Database) {
    let app = TestApp::with(database, |settings| settings.events.keep_alive_seconds = 1).await;
    let ada = app.person("ada").await;
    let (reader, other) = (app.token(&ada, &[READ]).await, app.token(&ada, &["account:read"]).await);
    let mut deaf = Listener::open(other.get("/events")).await;
    let first = deaf.event().await;
    assert_eq!((first.kind.as_str(), first.data), ("ready", json!({"resources": []})));
    let mut hears = Listener::open(reader.get("/events")).await;
    assert_eq!(hears.event().await.data, json!({"resources": [COLLECTION.trim_start_matches('/')]}));
    let milk = ada.item("Milk", "").await;
    assert_eq!(hears.event().await, told("created", 1, &milk, 1));
    // It has looked since, and has only said that it is still there.
    assert_eq!((deaf.block().await.as_deref(), deaf.block().await.as_deref()), (Some(":"), Some(":")));
}

async fn nobody_is_told_of_anothers_changes(app: TestApp) {
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let mut stream = Listener::ready(&ada.client).await;
    let mut hers = Listener::ready(&grace.client).await;
    let theirs = grace.item("Hers", "").await;
    assert_eq!(hers.event().await, told("created", 1, &theirs, 1));
    let mine = ada.item("Mine", "").await;
    assert_eq!(stream.event().await, told("created", 1, &mine, 1), "nor how many changes others make");
}

async fn a_change_on_another_instance_is_told(app: TestApp) {
    let ada = app.person("ada").await;
    let mut stream = Listener::ready(&ada.client).await;
    let there = app.another_instance().await.client(&ada.client.token);
    let milk = there.post(COLLECTION, item("Milk", "")).await.assert_status(201).json();
    assert_eq!(stream.event().await, told("created", 1, &milk, 1));
}

async fn a_stream_ends_with_its_credential(app: TestApp) {
    let ada = app.person("ada").await;
    let mut stays = Listener::ready(&ada.client).await;

    let revoked = app.token(&ada, &[READ]).await;
    let stream = Listener::ready(&revoked).await;
    let id = revoked.get("/token").await.json()["id"].as_str().unwrap().parse().unwrap();
    tokens::revoke(&app.db, id).await.unwrap();
    stream.ends().await;
    revoked.get("/events").await.problem(401, "token_revoked");

    let stream = Listener::ready(&ada.browser).await;
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    stream.ends().await;
    ada.browser.get("/events").await.problem(401, "not_signed_in");

    let browser = app.browser();
    browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let stream = Listener::ready(&browser).await;
    browsers::revoke_everybody(&app.db).await.unwrap();
    stream.ends().await;

    let expires = app.token_with(&ada, &[READ], |_| {}).await;
    let milk = ada.item("Milk", "").await;
    assert_eq!(stays.event().await, told("created", 1, &milk, 1), "the others go on");
    let stream = Listener::ready(&expires).await;
    app.clock.advance(Duration::days(31));
    stream.ends().await;
    stays.ends().await;

    let grace = app.person("grace").await;
    let streams = [Listener::ready(&grace.client).await, Listener::ready(&grace.browser).await];
    accounts::disable(&app.db, grace.account.id).await.unwrap();
    for stream in streams {
        stream.ends().await;
    }

    let alan = app.person("alan").await;
    let streams = [Listener::ready(&alan.client).await, Listener::ready(&alan.browser).await];
    accounts::lockdown(&app.db).await.unwrap();
    for stream in streams {
        stream.ends().await;
    }
}

async fn a_stream_writes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    // The first use within a minute is noted.
    ada.client.get("/me").await.assert_status(200);
    let mut witness = app.witness().await;
    for door in ada.doors() {
        for request in [door.get("/events"), door.get("/events").header("last-event-id", "x")] {
            Listener::open(request).await.event().await;
        }
    }
    assert!(!witness.saw_a_write().await);
}

async fn only_the_newest_changes_are_kept(app: TestApp) {
    let ada = app.person("ada").await;
    let mut stream = Listener::ready(&ada.client).await;
    let (sqlite, postgres) = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)
         INSERT INTO entries SELECT randomblob(16), accounts.id, 'a', '', 1, 0, 0 FROM n, accounts",
        "INSERT INTO entries SELECT gen_random_uuid(), accounts.id, 'a', '', 1, now(), now()
         FROM generate_series(1, 2100), accounts",
    );
    app.sql(app.db.dialect(sqlite, postgres)).await;
    assert_eq!(app.count("changes").await, 1000);
    let first = stream.event().await;
    assert_eq!((first.kind.as_str(), first.id), ("reset", Some(2100)), "this stream was too slow");
    let first = async |id| {
        let event = Listener::open(ada.client.get("/events").header("last-event-id", id)).await.event().await;
        (event.kind, event.id)
    };
    assert_eq!(first("1099").await, ("reset".into(), Some(2100)));
    assert_eq!(first("1100").await, ("ready".into(), Some(1100)));
    // They come in several parts.
    let mut stream = Listener::open(ada.client.get("/events").header("last-event-id", "1100")).await;
    assert_eq!(stream.event().await.kind, "ready");
    for number in 1101..=2100 {
        assert_eq!(stream.event().await.id, Some(number));
    }
}

async fn an_account_is_deleted_with_its_changes(app: TestApp) {
    let ada = app.person("ada").await;
    ada.item("a", "").await;
    let stream = Listener::ready(&ada.client).await;
    assert_eq!(app.count("changes").await, 1);
    accounts::delete(&app.db, ada.account.id).await.unwrap();
    assert_eq!((app.count("changes").await, app.count("entries").await), (0, 0));
    stream.ends().await;
}

/// What changes between the answer with the page and the stream that its script opens is not missed.
async fn a_page_knows_the_event_from_which_on_to_listen(app: TestApp) {
    let ada = app.person("ada").await;
    let known = async || {
        let page = ada.browser.visit(PAGE).await.page(200);
        let (_, rest) = page.split_once(r#"<main id="main" data-last-event-id=""#).expect("it has the attribute");
        rest.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(known().await, "0");
    ada.item("a", "").await;
    assert_eq!(known().await, "1");
    assert!(!app.get("/sign-in").await.page(200).contains("data-last-event-id"));
}

async fn a_client_has_to_take_a_stream(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for accept in ["text/event-stream", "*/*", "text/html, text/*;q=0.5"] {
            Listener::open(door.get("/events").header("accept", accept)).await;
        }
        for accept in ["application/json", "text/html", "text/event-stream;q=0"] {
            let refused = door.get("/events").header("accept", accept).await.problem(406, "not_acceptable");
            assert!(refused["detail"].as_str().unwrap().contains("text/event-stream"), "{refused}");
        }
        // Nothing else is a stream.
        door.get("/me").header("accept", "text/event-stream").await.problem(406, "not_acceptable");
        door.post("/events", json!({})).await.problem(405, "method_not_allowed");
        door.call(Method::HEAD, "/events").await.assert_status(200);
        assert_eq!(app.state.events.count(), 0, "what nobody reads is not held");
    }
    app.get("/api/v1/events").await.problem(401, "token_missing");
    app.get("/session/v1/events").await.problem(401, "not_signed_in");
    let elsewhere = ada.browser.get("/events").header("sec-fetch-site", "cross-site");
    elsewhere.await.problem(403, "cross_origin_request");
}

async fn the_answer_is_not_stored_nor_collected(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let stream = Listener::open(door.get("/events").header("accept-encoding", "gzip")).await;
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store, no-transform"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(stream.headers[name], value);
        }
        assert!(!stream.headers.contains_key("content-encoding"));
    }
}

async fn a_page_on_another_origin_may_listen(app: TestApp) {
    let ada = app.person("ada").await;
    let preflight = app.ask(Method::OPTIONS, "/api/v1/events").headers(&[
        ("origin", SPA),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization,last-event-id"),
    ]);
    let preflight = preflight.await;
    assert_eq!(preflight.header("access-control-allow-origin"), SPA);
    assert!(preflight.header("access-control-allow-headers").split(", ").any(|name| name == "last-event-id"));
    let stream = Listener::open(ada.client.get("/events").header("origin", SPA)).await;
    assert_eq!(stream.headers["access-control-allow-origin"], SPA);
}

async fn an_account_has_so_many_streams_and_the_server_so_many(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.events.streams_per_account = 2;
        settings.events.streams = 3;
    });
    let app = app.await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let (first, _second) = (Listener::ready(&ada.client).await, Listener::ready(&ada.browser).await);
    for door in ada.doors() {
        let refused = door.get("/events").await;
        refused.problem(429, "too_many_streams");
        assert!(refused.has("retry-after"));
    }
    let _third = Listener::ready(&grace.client).await;
    grace.client.get("/events").await.problem(503, "unavailable");
    drop(first);
    Listener::ready(&ada.client).await;
    assert_eq!(app.state.events.count(), 2);
}

async fn no_stream_outlives_the_server(app: TestApp) {
    let ada = app.person("ada").await;
    let mut streams = [Listener::ready(&ada.client).await, Listener::ready(&ada.browser).await];
    app.state.events.close();
    for stream in &mut streams {
        assert_eq!(stream.next().await, None, "without `end`: the client is to come back");
    }
    ada.client.get("/events").await.problem(503, "unavailable");
}
