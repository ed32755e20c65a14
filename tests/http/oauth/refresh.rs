//! Refresh tokens: rotated, with a moment of grace, and noticed when they come back (S81).

use time::Duration;

use super::{OWN, OWN_ORIGIN, Site, THEIR_URI, Tokens, events, refresh, refused, registered, token};
use crate::support::{Door, TestApp, hang_up_after, on_both_databases};

on_both_databases! {
    a_refresh_token_that_comes_back_ends_the_family,
    two_tabs_at_once_get_the_same_successor,
    an_answer_that_was_lost_is_given_again,
    a_slow_tab_is_led_to_the_newest_token,
    no_refresh_moves_the_end,
    a_refresh_token_belongs_to_its_client,
    a_refresh_takes_fewer_scopes_and_never_more,
    a_client_that_hangs_up_can_try_again,
}

async fn again(app: &TestApp, tokens: &Tokens) -> Tokens {
    Tokens::of(app, &refresh(app, OWN, &tokens.refresh).await)
}

async fn a_refresh_token_that_comes_back_ends_the_family(Site(app): Site) {
    let ada = app.person("ada").await;
    let others = Tokens::own(&app, &ada).await;
    for age in [1, 5] {
        let first = Tokens::own(&app, &ada).await;
        let mut newest = again(&app, &first).await;
        for _ in 1..age {
            app.clock.advance(Duration::minutes(1));
            newest = again(&app, &newest).await;
        }
        app.clock.advance(Duration::seconds(31));
        assert!(newest.work().await);
        refused(&refresh(&app, OWN, &first.refresh).await, 400, "invalid_grant");
        newest.access.get("/me").await.problem(401, "token_revoked");
        refused(&refresh(&app, OWN, &newest.refresh).await, 400, "invalid_grant");
    }
    assert!(events(&app, &ada).await.contains(&"refresh_token_reused".to_owned()));
    again(&app, &others).await;
    // Nothing is kept of tokens that were used long ago, and still they are recognized.
    assert!(app.count("oauth_refresh_tokens").await < 9);
}

async fn two_tabs_at_once_get_the_same_successor(Site(app): Site) {
    let ada = app.person("ada").await;
    let mut tokens = Tokens::own(&app, &ada).await;
    for _ in 0..5 {
        let asks = (0..6).map(|_| {
            let (app, text) = (app.clone(), tokens.refresh.clone());
            tokio::spawn(async move { refresh(&app, OWN, &text).await })
        });
        let mut got = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            got.push(Tokens::of(&app, &ask.await.unwrap()));
        }
        assert!(got.iter().all(|one| one.refresh == got[0].refresh && one.refresh != tokens.refresh));
        for one in &got {
            assert!(one.work().await);
        }
        tokens = got.pop().unwrap();
    }
}

async fn an_answer_that_was_lost_is_given_again(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    let lost = again(&app, &tokens).await;
    app.clock.advance(Duration::seconds(29));
    let found = again(&app, &tokens).await;
    assert_eq!(found.refresh, lost.refresh);
    assert!(again(&app, &found).await.work().await);
}

async fn a_slow_tab_is_led_to_the_newest_token(Site(app): Site) {
    let ada = app.person("ada").await;
    let first = Tokens::own(&app, &ada).await;
    let second = again(&app, &first).await;
    let third = again(&app, &second).await;
    assert_eq!(again(&app, &first).await.refresh, third.refresh);
    assert_eq!(again(&app, &second).await.refresh, third.refresh);
    assert!(again(&app, &third).await.work().await);
}

async fn no_refresh_moves_the_end(Site(app): Site) {
    let ada = app.person("ada").await;
    // The browser session lasts for a week, whether or not it is used.
    let mut tokens = Tokens::own(&app, &ada).await;
    let end = app.raw().await.texts("SELECT CAST(ends_at AS TEXT) FROM oauth_grants").await;
    assert_eq!(end, app.raw().await.texts("SELECT CAST(max(ends_at) AS TEXT) FROM browser_sessions").await);
    for _ in 0..3 {
        app.clock.advance(Duration::hours(1));
        ada.browser.visit("/account").await.page(200);
        app.db.wait_idle().await;
        tokens = again(&app, &tokens).await;
    }
    assert_eq!(end, app.raw().await.texts("SELECT CAST(ends_at AS TEXT) FROM oauth_grants").await);
    app.clock.advance(Duration::minutes(16));
    tokens.access.get("/me").await.problem(401, "token_expired");
    app.clock.advance(Duration::days(400));
    refused(&refresh(&app, OWN, &tokens.refresh).await, 400, "invalid_grant");
}

async fn a_refresh_token_belongs_to_its_client(Site(app): Site) {
    let ada = app.person("ada").await;
    let (other, _) = registered(&ada, THEIR_URI, false).await;
    let tokens = Tokens::own(&app, &ada).await;
    refused(&refresh(&app, &other, &tokens.refresh).await, 400, "invalid_grant");
    for text in ["vsr_nonsense", &tokens.refresh[1..], &tokens.access.token, "é"] {
        refused(&refresh(&app, OWN, text).await, 400, "invalid_grant");
    }
    // An access token it is not.
    app.get("/api/v1/me").bearer(&tokens.refresh).await.problem(401, "token_invalid");
    let evil = [("grant_type", "refresh_token"), ("client_id", OWN), ("refresh_token", tokens.refresh.as_str())];
    let from = |origin| app.post("/api/v1/oauth/token").form(&evil).header("origin", origin);
    from("https://evil.example").await.problem(403, "origin_not_allowed");
    // A page of another registered application is none of this one's.
    refused(&from("https://app.example").await, 401, "invalid_client");
    from(OWN_ORIGIN).await.assert_status(200);
}

async fn a_refresh_takes_fewer_scopes_and_never_more(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    let with = |text: &str, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("client_id", OWN), ("refresh_token", text), ("scope", scope)];
        app.post("/api/v1/oauth/token").form(&fields)
    };
    for more in ["entries:write", "account:read tokens:manage", "nonsense"] {
        refused(&with(&tokens.refresh, more).await, 400, "invalid_scope");
    }
    let reply = with(&tokens.refresh, "entries:read").await;
    assert_eq!(reply.assert_status(200).json()["scope"], "entries:read");
    let fewer = Tokens::of(&app, &reply);
    fewer.access.get("/me").await.problem(403, "scope_missing");
    // What was authorized does not become less by that.
    assert!(again(&app, &fewer).await.work().await);
    let none = token(&app, &[("grant_type", "refresh_token"), ("client_id", OWN)]).await;
    refused(&none, 400, "invalid_request");
}

async fn a_client_that_hangs_up_can_try_again(Site(app): Site) {
    let ada = app.person("ada").await;
    let mut tokens = Tokens::own(&app, &ada).await;
    for polls in 1..12 {
        let _ = hang_up_after(polls, refresh(&app, OWN, &tokens.refresh)).await;
        app.db.wait_idle().await;
        tokens = again(&app, &tokens).await;
        assert!(tokens.work().await);
    }
}
