//! How many requests the token door takes, and how it says so.

use serde_json::json;
use time::Duration;

use crate::support::{
    Client, Database, Door, PASSWORD, Request, Response, SPA, TestApp, all_scopes, on_both_databases,
    resource::{COLLECTION, READ, TABLE, item, resource},
    without_database,
};

on_both_databases! {
    wrong_tokens_are_refused_before_the_database_is_asked,
    counting_writes_nothing,
}

without_database! {
    every_answer_says_how_much_is_left,
    a_token_too_busy_is_429_and_the_others_go_on,
    a_minute_later_all_is_free_again,
    what_comes_without_a_token_counts_by_its_address,
    a_token_that_works_is_not_kept_out_by_its_neighbours,
    an_ended_token_counts_by_address,
    logins_and_found_tokens_count_by_address,
    many_at_once_get_no_more,
    the_page_elsewhere_reads_how_long_to_wait,
}

async fn app(database: Database, per_token: u32, per_address: u32) -> TestApp {
    let app = TestApp::with(database, |settings| {
        settings.rate_limits.per_token = per_token;
        settings.rate_limits.per_address = per_address;
    })
    .await;
    app.clock.stop();
    app
}

/// The policy, what is left, and the seconds until all is free.
#[track_caller]
fn standing(reply: &Response) -> (String, u32, u32) {
    let (policy, quota) = reply.header("ratelimit-policy").split_once(";q=").unwrap();
    let quota: u32 = quota.strip_suffix(";w=60").unwrap().parse().unwrap();
    let (same, rest) = reply.header("ratelimit").split_once(";r=").unwrap();
    let (remaining, resets) = rest.split_once(";t=").unwrap();
    assert_eq!(policy, same);
    let (remaining, resets) = (remaining.parse().unwrap(), resets.parse().unwrap());
    assert!(remaining < quota && (1..=60).contains(&resets), "{rest}");
    (policy.to_owned(), remaining, resets)
}

#[track_caller]
fn refused(reply: &Response) -> u32 {
    reply.problem(429, "rate_limited");
    let (_, remaining, resets) = standing(reply);
    assert_eq!(remaining, 0);
    assert_eq!(reply.header("retry-after"), resets.to_string());
    resets
}

async fn every_answer_says_how_much_is_left(database: Database) {
    let app = app(database, 10, 100).await;
    let ada = app.person("ada").await;
    let token = app.token(&ada, &[READ]).await;
    for (left, ask) in [
        (9, token.get(COLLECTION)),
        (8, token.get(resource!("/x"))),
        (7, token.get("/me")),
        (6, token.get(resource!("?limit=0"))),
    ] {
        let reply = ask.await;
        let (policy, remaining, _) = standing(&reply);
        assert_eq!((policy.as_str(), remaining), (r#""token""#, left), "{}", reply.asked);
    }
    let (policy, ..) = standing(&app.get("/api/v1/me").bearer("nonsense").await);
    assert_eq!(policy, r#""address""#);
    // What is not counted says nothing.
    assert!(!ada.browser.get("/me").await.has("ratelimit"));
    assert!(!app.get("/").await.has("ratelimit"));
}

async fn a_token_too_busy_is_429_and_the_others_go_on(database: Database) {
    let app = app(database, 5, 100).await;
    let ada = app.person("ada").await;
    let (busy, other) = (app.token(&ada, &all_scopes()).await, app.token(&ada, &all_scopes()).await);
    for _ in 0..5 {
        busy.get("/me").await.assert_status(200);
    }
    for ask in [busy.get("/me"), busy.post(COLLECTION, item("a", "")), busy.get(resource!("/x"))] {
        refused(&ask.await);
    }
    assert_eq!(app.count(TABLE).await, 0);
    other.get("/me").await.assert_status(200);
    ada.browser.get("/me").await.assert_status(200);
}

async fn a_minute_later_all_is_free_again(database: Database) {
    let app = app(database, 2, 100).await;
    let ada = app.person("ada").await;
    let token = app.token(&ada, &all_scopes()).await;
    for _ in 0..2 {
        for _ in 0..2 {
            token.get("/me").await.assert_status(200);
        }
        let seconds = refused(&token.get("/me").await);
        // A clock that went back keeps nobody waiting any longer.
        app.clock.advance(Duration::seconds(seconds.into()));
        token.get("/me").await.assert_status(200);
        app.clock.advance(Duration::minutes(1));
    }
}

async fn what_comes_without_a_token_counts_by_its_address(database: Database) {
    let app = app(database, 100, 3).await;
    let ask = |token: &str, address: &str| app.get("/api/v1/me").bearer(token).at(address);
    for token in ["nonsense", "", "vst_x"] {
        ask(token, "198.51.100.7").await.problem(401, "token_invalid");
    }
    refused(&ask("nonsense", "198.51.100.7").await);
    ask("nonsense", "198.51.100.8").await.problem(401, "token_invalid");
    for number in 0..3 {
        ask("nonsense", &format!("2001:db8:1:2::{number}")).await.problem(401, "token_invalid");
    }
    refused(&ask("nonsense", "2001:db8:1:2:ffff::1").await);
    ask("nonsense", "2001:db8:1:3::1").await.problem(401, "token_invalid");
    // A header that anybody can write is no other address.
    refused(&ask("nonsense", "198.51.100.7").header("x-forwarded-for", "192.0.2.1").await);
    app.clock.advance(Duration::minutes(1));
    ask("nonsense", "198.51.100.7").await.problem(401, "token_invalid");
}

async fn wrong_tokens_are_refused_before_the_database_is_asked(database: Database) {
    let app = app(database, 100, 3).await;
    let never = vestibule::secret::Secret::generate("vst").unwrap();
    for _ in 0..3 {
        app.get("/api/v1/me").bearer(never.reveal()).await.problem(401, "token_invalid");
    }
    app.db.close().await;
    refused(&app.get("/api/v1/me").bearer(never.reveal()).await);
}

async fn a_token_that_works_is_not_kept_out_by_its_neighbours(database: Database) {
    let app = app(database, 100, 3).await;
    let ada = app.person("ada").await;
    let token = app.token(&ada, &all_scopes()).await;
    // It does not count by its address, however often it comes.
    for _ in 0..10 {
        token.get("/me").await.assert_status(200);
    }
    while app.get("/api/v1/me").bearer("nonsense").await.status != 429 {}
    for _ in 0..10 {
        token.get("/me").await.assert_status(200);
    }
}

async fn an_ended_token_counts_by_address(database: Database) {
    let app = app(database, 100, 4).await;
    let ada = app.person("ada").await;
    let token = app.token(&ada, &all_scopes()).await;
    token.get("/me").await.assert_status(200);
    token.call(axum::http::Method::POST, "/logout").await.assert_status(204);
    // The first counts by the token, which was known until then. Of the four of the address, signing in was one.
    for _ in 0..4 {
        token.get("/me").await.problem(401, "token_revoked");
    }
    for _ in 0..6 {
        refused(&token.get("/me").await);
    }
}

async fn logins_and_found_tokens_count_by_address(database: Database) {
    let app = app(database, 100, 4).await;
    app.browser().submit("/sign-up", &[("name", "a"), ("email", "a@example.org"), ("password", PASSWORD)]).await;
    let found = || app.post("/api/v1/tokens/report").json(json!({"token": "x"})).at("192.0.2.1");
    let login =
        |password: &str| app.post("/api/v1/login").json(json!({"email": "a@example.org", "password": password}));
    found().await.assert_status(202);
    login(PASSWORD).at("192.0.2.1").await.assert_status(201);
    login("wrong password").at("192.0.2.1").await.assert_status(401);
    let (policy, remaining, _) = standing(&found().await);
    assert_eq!((policy.as_str(), remaining), (r#""address""#, 0));
    refused(&found().await);
    refused(&login(PASSWORD).at("192.0.2.1").await);
    login(PASSWORD).at("192.0.2.2").await.assert_status(201);
}

async fn statuses(asks: impl IntoIterator<Item = Request>) -> Vec<u16> {
    let running: tokio::task::JoinSet<_> = asks.into_iter().map(IntoFuture::into_future).collect();
    running.join_all().await.into_iter().map(|reply| reply.status.as_u16()).collect()
}

async fn many_at_once_get_no_more(database: Database) {
    let app = app(database, 20, 20).await;
    let ada = app.person("ada").await;
    let token = app.token(&ada, &all_scopes()).await;
    let count = |statuses: &[u16], status| statuses.iter().filter(|given| **given == status).count();
    let known = |token: &Client| token.get("/me");
    app.clock.advance(Duration::minutes(1));
    let answers = statuses((0..50).map(|_| known(&token))).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (20, 30));
    app.clock.advance(Duration::minutes(1));
    token.get("/me").await.assert_status(200);
    let answers = statuses((0..50).map(|_| known(&token))).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (19, 31));
    let answers = statuses((0..50).map(|_| app.get("/api/v1/me").bearer("nonsense").at("192.0.2.1"))).await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (20, 30));
}

async fn the_page_elsewhere_reads_how_long_to_wait(database: Database) {
    let app = app(database, 1, 100).await;
    let ada = app.person("ada").await;
    let token = app.token(&ada, &all_scopes()).await;
    token.get("/me").header("origin", SPA).await.assert_status(200);
    let reply = token.get("/me").header("origin", SPA).await;
    refused(&reply);
    assert_eq!(reply.header("access-control-allow-origin"), SPA);
    let exposed = reply.header("access-control-expose-headers");
    for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
        assert!(exposed.split(", ").any(|given| given == name), "{exposed}");
    }
}

async fn counting_writes_nothing(database: Database) {
    let app = app(database, 3, 3).await;
    let ada = app.person("ada").await;
    ada.client.get("/me").await.assert_status(200);
    let mut witness = app.witness().await;
    for _ in 0..5 {
        ada.client.get("/me").await;
        app.get("/api/v1/me").bearer("nonsense").at("192.0.2.1").await;
    }
    assert!(!witness.saw_a_write().await);
}
