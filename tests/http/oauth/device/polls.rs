//! What a device gets that polls (RFC 8628 section 3.5).

use axum::http::Method;
use time::Duration;
use vestibule::features::accounts::admin;

use super::{Device, GRANT, PATH, TV, answer, answered, approve, ask, poll, with_devices};
use crate::{
    dpop::{Bound, key::Key, nonce},
    oauth::{SCOPE, Site, Tokens, refused},
    support::{Door, TestApp, hang_up_after, on_both_databases, without_database},
};

on_both_databases! {
    a_poll_that_comes_too_soon_is_slowed_down,
    of_fifty_polls_at_once_one_gets_a_token,
    codes_that_nobody_needs_are_deleted,
}

without_database! {
    a_code_is_exchanged_once,
    a_device_that_was_denied_is_told_so,
    a_device_that_waited_too_long_is_told_so,
    another_client_gets_nothing_for_a_code,
    a_code_is_bound_to_the_key_of_the_device,
    an_account_that_changes_between_approval_and_poll_gives_nothing,
    a_device_that_hangs_up_leaves_nothing_half_done,
    an_account_has_an_application_on_so_many_devices,
}

async fn a_poll_that_comes_too_soon_is_slowed_down(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    let after = async |seconds: i64, error: &str| {
        app.clock.advance(Duration::seconds(seconds));
        refused(&device.poll(&app).await, 400, error)["error_description"].as_str().unwrap().to_owned()
    };
    after(0, "authorization_pending").await;
    after(5, "authorization_pending").await;
    assert!(after(2, "slow_down").await.contains("10 seconds"));
    assert!(after(5, "slow_down").await.contains("15 seconds"));
    after(15, "authorization_pending").await;
    // The network is not always as fast.
    app.clock.advance(Duration::milliseconds(-600));
    after(15, "authorization_pending").await;
    assert!(after(13, "slow_down").await.contains("20 seconds"));
    // Whoever guesses codes slows down nobody.
    let unknown = device.code.replace("device_", "device_x");
    refused(&poll(&app, TV, &unknown).await, 400, "invalid_grant");
    approve(&ada.browser, &device).await;
    assert!(Tokens::of(&app, &device.poll(&app).await).work().await, "it does not wait any longer");
}

async fn of_fifty_polls_at_once_one_gets_a_token(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    let all_at_once = async || {
        let polls = (0..50).map(|_| {
            let (app, code) = (app.clone(), device.code.clone());
            tokio::spawn(async move { poll(&app, TV, &code).await })
        });
        let mut replies = Vec::new();
        for poll in polls.collect::<Vec<_>>() {
            replies.push(poll.await.unwrap());
        }
        replies
    };
    let waiting = all_at_once().await;
    let pending = waiting.iter().filter(|reply| reply.json()["error"] == "authorization_pending").count();
    assert!(pending <= 1 && waiting.iter().all(|reply| reply.status == 400), "{pending}");
    approve(&ada.browser, &device).await;
    let replies = all_at_once().await;
    let given: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(given.len(), 1);
    assert!(Tokens::of(&app, given[0]).work().await);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        refused(reply, 400, "invalid_grant");
    }
    assert_eq!((app.count("oauth_grants").await, app.count("tokens WHERE grant_id IS NOT NULL").await), (1, 1));
}

async fn a_code_is_exchanged_once(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    approve(&ada.browser, &device).await;
    let tokens = Tokens::of(&app, &device.poll(&app).await);
    for _ in 0..2 {
        refused(&device.poll(&app).await, 400, "invalid_grant");
    }
    assert!(tokens.work().await, "a poll that was sent again ends nothing");
}

async fn a_device_that_was_denied_is_told_so(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    answered(&ada.browser, &device.user_code, "deny").await;
    for _ in 0..2 {
        refused(&device.poll(&app).await, 400, "access_denied");
    }
    // It cannot be approved any more.
    super::entered(&ada.browser, &device.user_code).await.page(422);
    let form = [("user_code", device.user_code.as_str()), ("decision", "approve")];
    ada.browser.submit("/device/decide", &form).await.assert_status(422);
    refused(&device.poll(&app).await, 400, "access_denied");
    assert_eq!(app.count("oauth_grants").await, 0);
}

async fn a_device_that_waited_too_long_is_told_so(Site(app): Site) {
    let ada = app.person("ada").await;
    let (one, other) = (ask(&app, TV).await, ask(&app, TV).await);
    let form = answer(&ada.browser, &one.user_code, "approve").await;
    approve(&ada.browser, &other).await;
    app.clock.advance(Duration::minutes(10) - Duration::seconds(1));
    refused(&one.poll(&app).await, 400, "authorization_pending");
    app.clock.advance(Duration::seconds(1));
    for device in [&one, &other] {
        refused(&device.poll(&app).await, 400, "expired_token");
    }
    super::entered(&ada.browser, &one.user_code).await.page(422);
    let late = form.with(&[("password-again", crate::support::PASSWORD)]);
    late.by(&ada.browser).await.page(422);
    assert_eq!(app.count("oauth_grants").await, 0);
}

async fn another_client_gets_nothing_for_a_code(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    let theirs = with_devices(&ada).await;
    refused(&poll(&app, &theirs, &device.code).await, 400, "invalid_grant");
    refused(&poll(&app, crate::oauth::OWN, &device.code).await, 400, "unauthorized_client");
    refused(&device.poll(&app).await, 400, "authorization_pending");
    approve(&ada.browser, &device).await;
    refused(&poll(&app, &theirs, &device.code).await, 400, "invalid_grant");
    // None of that used it up, nor slowed the device down.
    assert!(Tokens::of(&app, &device.poll(&app).await).work().await);
}

/// A request with a proof of `key`.
async fn proven(app: &TestApp, key: &Key, path: &str, fields: &[(&str, &str)]) -> crate::support::Response {
    let proof = key.proof(app, "POST", path).nonce(&nonce(app).await).sign();
    app.post(path).form(fields).header("dpop", &proof).await
}

async fn a_code_is_bound_to_the_key_of_the_device(Site(app): Site) {
    const TOKEN: &str = "/api/v1/oauth/token";
    let (ada, key) = (app.person("ada").await, Key::es256());
    let asked = [("client_id", TV), ("scope", SCOPE)];
    let thumbprint = key.thumbprint();
    let named = [asked[0], asked[1], ("dpop_jkt", thumbprint.as_str())];
    for by_proof in [true, false] {
        let reply = if by_proof { proven(&app, &key, PATH, &asked).await } else { app.post(PATH).form(&named).await };
        let device = Device::of(&reply);
        approve(&ada.browser, &device).await;
        let fields = [("grant_type", GRANT), ("client_id", TV), ("device_code", device.code.as_str())];
        refused(&device.poll(&app).await, 400, "invalid_grant");
        refused(&proven(&app, &Key::es256(), TOKEN, &fields).await, 400, "invalid_grant");
        let body = proven(&app, &key, TOKEN, &fields).await.assert_status(200).json();
        assert_eq!(body["token_type"], "DPoP");
        let token = Bound::with(&app, key.clone(), body["access_token"].as_str().unwrap(), nonce(&app).await);
        let proof = token.proof("GET", "/me");
        token.send(Method::GET, "/me", &proof).await.assert_status(200);
        app.client(&token.token).get("/me").await.problem(401, "token_bound");
        let again = [
            ("grant_type", "refresh_token"),
            ("client_id", TV),
            ("refresh_token", body["refresh_token"].as_str().unwrap()),
        ];
        refused(&app.post(TOKEN).form(&again).await, 400, "invalid_grant");
        proven(&app, &key, TOKEN, &again).await.assert_status(200);
    }
    refused(&proven(&app, &Key::es256(), PATH, &named).await, 400, "invalid_request");
    refused(&app.post(PATH).form(&asked).header("dpop", "nonsense").await, 400, "invalid_dpop_proof");
}

async fn an_account_that_changes_between_approval_and_poll_gives_nothing(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let device = ask(&app, TV).await;
    approve(&ada.browser, &device).await;
    admin::disable(&app.db, ada.account.id).await.unwrap();
    refused(&device.poll(&app).await, 400, "invalid_grant");
    admin::enable(&app.db, ada.account.id).await.unwrap();
    refused(&device.poll(&app).await, 400, "invalid_grant");
    let device = ask(&app, TV).await;
    approve(&bob.browser, &device).await;
    crate::oauth::change_password(&bob.browser).await;
    refused(&device.poll(&app).await, 400, "invalid_grant");
    let device = ask(&app, TV).await;
    approve(&bob.browser, &device).await;
    app.sql("DELETE FROM accounts WHERE email = 'bob@example.org'").await;
    refused(&device.poll(&app).await, 400, "invalid_grant");
    assert_eq!(app.count("oauth_grants").await, 0);
}

async fn a_device_that_hangs_up_leaves_nothing_half_done(Site(app): Site) {
    let ada = app.person("ada").await;
    for polls in 1..12 {
        let device = ask(&app, TV).await;
        approve(&ada.browser, &device).await;
        let _ = hang_up_after(polls, device.poll(&app)).await;
        app.db.wait_idle().await;
        let taken = app.count("oauth_device_codes WHERE grant_id IS NOT NULL").await;
        assert_eq!(app.count("oauth_grants").await, taken, "after {polls}");
        assert_eq!(app.count("oauth_refresh_tokens").await, taken, "after {polls}");
    }
}

async fn an_account_has_an_application_on_so_many_devices(Site(app): Site) {
    let ada = app.person("ada").await;
    let mut first = None;
    for _ in 0..21 {
        let device = ask(&app, TV).await;
        approve(&ada.browser, &device).await;
        let tokens = Tokens::of(&app, &device.poll(&app).await);
        first.get_or_insert(tokens);
    }
    assert_eq!(app.count("oauth_grants").await, 20);
    assert!(!first.unwrap().work().await, "the oldest");
    let page = ada.browser.visit("/account/apps").await.page(200);
    assert!(page.contains("On 20 devices"), "{page}");
}

async fn codes_that_nobody_needs_are_deleted(Site(app): Site) {
    let device = ask(&app, TV).await;
    let sweep = async || {
        let features = crate::support::features();
        let jobs = features.iter().filter(|feature| feature.name == "oauth").flat_map(|feature| feature.jobs);
        let job = jobs.into_iter().find(|job| job.what == "device codes").unwrap();
        (job.run)(app.state.clone(), 500).await.unwrap()
    };
    app.clock.advance(Duration::minutes(69));
    assert_eq!(sweep().await, 0);
    refused(&device.poll(&app).await, 400, "expired_token");
    app.clock.advance(Duration::minutes(2));
    assert_eq!((sweep().await, app.count("oauth_device_codes").await), (1, 0));
    refused(&device.poll(&app).await, 400, "invalid_grant");
    // Whoever asks without end displaces the oldest.
    let (first, second) = (ask(&app, TV).await, ask(&app, TV).await);
    let bytes = if app.settings.database.url.starts_with("sqlite") { "BLOB" } else { "BYTEA" };
    let many = "INSERT INTO oauth_device_codes
            (hash, user_hash, client_id, scopes, address, user_agent, created_at, expires_at, poll_seconds, poll_at)
         WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10000)
         SELECT CAST(CAST(n AS TEXT) AS @), CAST(CAST(n AS TEXT) AS @), client_id, scopes, address, user_agent,
            created_at, expires_at, poll_seconds, poll_at
         FROM number, (SELECT * FROM oauth_device_codes ORDER BY created_at DESC LIMIT 1) AS newest";
    app.sql(&many.replace('@', bytes)).await;
    app.clock.advance(Duration::seconds(1));
    let last = ask(&app, TV).await;
    assert_eq!(app.count("oauth_device_codes").await, 1);
    for device in [&first, &second] {
        refused(&device.poll(&app).await, 400, "invalid_grant");
    }
    refused(&last.poll(&app).await, 400, "authorization_pending");
}
