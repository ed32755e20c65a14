//! What a login gives, and how long a client can keep it.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::task::JoinSet;
use vestibule::features::{accounts::admin, tokens::service::Expiry};

use crate::{
    support::{
        Client, Database, Door, PASSWORD, Person, SPA, TestApp, all_scopes, features, on_both_databases,
        resource::{READ, READ_NAME},
        without_database,
    },
    token_door::after,
};

on_both_databases! {
    a_login_gives_nothing_sensitive_unless_it_is_named,
    a_login_gives_what_is_named,
    wrong_scopes_are_named_before_the_password_is_tried,
    a_login_is_renewed_up_to_its_end,
    a_remembered_login_is_renewed_for_longer,
    using_a_token_undoes_no_renewal,
    what_has_ended_is_not_renewed,
    a_fixed_end_is_not_renewed,
    a_token_that_use_extends_is_renewed_too,
    many_renewals_at_once_are_one,
}

without_database! {
    anybody_may_read_the_scopes,
    a_page_may_read_the_date,
}

fn sensitive() -> Vec<&'static str> {
    let scopes = features().iter().flat_map(|feature| feature.scopes);
    scopes.filter(|scope| scope.sensitive).map(|scope| scope.name).collect()
}

async fn login(app: &TestApp, person: &Person, more: Value) -> (Client, Value) {
    let mut body = json!({"email": person.email, "password": PASSWORD});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let login = app.post("/api/v1/login").json(body).await.assert_status(201).json();
    (app.client(login["token"].as_str().unwrap()), login)
}

async fn renew(client: &Client) -> Value {
    client.call(Method::POST, "/token/renew").await.assert_status(200).json()
}

fn is_about(left: &Value, right: &Value, difference: Duration) {
    let off = after(left, right) - difference;
    assert!(off.abs() < Duration::minutes(1), "{left} is not {difference} after {right}");
}

async fn a_login_gives_nothing_sensitive_unless_it_is_named(app: TestApp) {
    let ada = app.person("ada").await;
    for more in [json!({}), json!({"scopes": null})] {
        let (client, login) = login(&app, &ada, more).await;
        let given: Vec<_> = all_scopes().into_iter().filter(|scope| !sensitive().contains(scope)).collect();
        assert_eq!(login["scopes"], json!(given));
        assert!(given.contains(&"account:read") && given.contains(&READ_NAME), "{given:?}");
        client.get("/me").await.assert_status(200);
        for (method, path) in [(Method::GET, "/tokens"), (Method::GET, "/sessions"), (Method::GET, "/export")] {
            client.call(method, path).await.problem(403, "scope_missing");
        }
        client.patch("/me", json!({"name": "Mallory"})).await.problem(403, "scope_missing");
        client.call(Method::POST, "/logout-all").await.problem(403, "scope_missing");
    }
    let names = ["account:export", "account:write", "activity:read", "sessions:manage", "tokens:manage"];
    assert!(names.iter().all(|name| sensitive().contains(name)), "{:?}", sensitive());
}

async fn a_login_gives_what_is_named(app: TestApp) {
    let ada = app.person("ada").await;
    let (client, given) = login(&app, &ada, json!({"scopes": ["tokens:manage", READ_NAME, READ_NAME]})).await;
    assert_eq!(given["scopes"], json!([READ_NAME, "tokens:manage"]));
    assert_eq!(client.get("/token").await.json()["scopes"], given["scopes"]);
    client.get("/tokens").await.assert_status(200);
    client.get("/me").await.problem(403, "scope_missing");
    let (_, everything) = login(&app, &ada, json!({"scopes": all_scopes()})).await;
    assert_eq!(everything["scopes"], json!(all_scopes()));
    assert_eq!(everything["expires_in"], 12 * 60 * 60);
    is_about(&everything["expires_at"], &json!(app.db.now()), Duration::hours(12));
}

async fn wrong_scopes_are_named_before_the_password_is_tried(app: TestApp) {
    let ada = app.person("ada").await;
    // More often than passwords may be tried.
    for _ in 0..5 {
        for wrong in [json!([]), json!(["everything"]), json!([READ_NAME, ""]), json!(READ_NAME), json!([1])] {
            let body = json!({"email": ada.email, "password": "wrong password", "scopes": wrong});
            let problem = app.post("/api/v1/login").json(body).await.problem(422, "validation_failed");
            assert!(problem["errors"][0]["field"].as_str().unwrap().starts_with("scopes"), "{problem}");
        }
    }
    login(&app, &ada, json!({})).await;
    // A browser session has no scopes.
    let body = json!({"email": ada.email, "password": PASSWORD, "scopes": [READ_NAME]});
    app.browser().post("/login", body).await.names_field("scopes");
}

async fn a_login_is_renewed_up_to_its_end(app: TestApp) {
    let ada = app.person("ada").await;
    let (client, login) = login(&app, &ada, json!({})).await;
    let begun = client.get("/token").await.json();
    assert_eq!(begun["expires_at"], login["expires_at"]);
    is_about(&begun["renewable_until"], &begun["created_at"], Duration::hours(24));

    for (hours, ends) in [(10, 22), (10, 24), (3, 24)] {
        app.clock.advance(Duration::hours(hours));
        let token = renew(&client).await;
        is_about(&token["expires_at"], &begun["created_at"], Duration::hours(ends));
        assert_eq!(token["renewable_until"], begun["renewable_until"]);
        let left = after(&token["expires_at"], &json!(app.db.now())).whole_seconds();
        assert!((left - token["expires_in"].as_i64().unwrap()).abs() < 60, "{token}");
        assert_eq!(client.get("/token").await.json()["expires_at"], token["expires_at"]);
    }
    assert_eq!(renew(&client).await["expires_at"], begun["renewable_until"], "not a moment longer");
    app.clock.advance(Duration::hours(1));
    client.call(Method::POST, "/token/renew").await.problem(401, "token_expired");
}

async fn a_remembered_login_is_renewed_for_longer(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.login_remember_renew_days = 40).await;
    let ada = app.person("ada").await;
    let (client, login) = login(&app, &ada, json!({"remember": true})).await;
    assert_eq!(login["expires_in"], 30 * 24 * 60 * 60);
    app.clock.advance(Duration::days(5));
    is_about(&renew(&client).await["expires_at"], &login["expires_at"], Duration::days(5));
    app.clock.advance(Duration::days(25));
    is_about(&renew(&client).await["expires_at"], &login["expires_at"], Duration::days(10));
    app.clock.advance(Duration::days(10));
    client.get("/me").await.problem(401, "token_expired");
}

async fn using_a_token_undoes_no_renewal(app: TestApp) {
    let ada = app.person("ada").await;
    let (client, _) = login(&app, &ada, json!({})).await;
    for _ in 0..5 {
        app.clock.advance(Duration::hours(1));
        // Each is the first use in this minute, so it is noted in the background.
        let renewed = renew(&client).await;
        app.db.wait_idle().await;
        assert_eq!(client.get("/token").await.json()["expires_at"], renewed["expires_at"]);
    }
}

async fn what_has_ended_is_not_renewed(app: TestApp) {
    let ada = app.person("ada").await;
    let renewal = |client: &Client| client.call(Method::POST, "/token/renew");
    let (revoked, login_) = login(&app, &ada, json!({})).await;
    ada.browser.delete(&format!("/tokens/{}", login_["id"].as_str().unwrap())).await.assert_status(204);
    renewal(&revoked).await.problem(401, "token_revoked");

    let (disabled, _) = login(&app, &ada, json!({})).await;
    assert!(admin::disable(&app.db, ada.account.id).await.unwrap());
    renewal(&disabled).await.problem(401, "token_revoked");
    assert!(admin::enable(&app.db, ada.account.id).await.unwrap());

    let bob = app.person("bob").await;
    admin::lockdown(&app.db).await.unwrap();
    renewal(&bob.client).await.problem(401, "token_revoked");

    let eve = app.person("eve").await;
    let change = [("current", PASSWORD), ("password", "entirely different words")];
    eve.browser.submit("/account/password", &change).await.assert_redirect("/account");
    renewal(&eve.client).await.problem(401, "token_revoked");

    let late = app.person("late").await;
    app.clock.advance(Duration::hours(12));
    renewal(&late.client).await.problem(401, "token_expired");
    app.post("/api/v1/token/renew").await.problem(401, "token_missing");
    // A browser session has no token.
    eve.browser.call(Method::POST, "/token/renew").await.assert_status(404);
}

async fn a_fixed_end_is_not_renewed(app: TestApp) {
    let ada = app.person("ada").await;
    let own = app.token(&ada, &[READ, "tokens:manage"]).await;
    let child = json!({"name": "child", "scopes": [READ_NAME], "days": 7});
    let child = own.post("/tokens", child).await.assert_status(201).json();
    for fixed in [own, app.client(child["token"].as_str().unwrap())] {
        let before = fixed.get("/token").await.json();
        assert_eq!(before["renewable_until"], Value::Null);
        let problem = fixed.call(Method::POST, "/token/renew").await.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("fixed end"), "{problem}");
        assert_eq!(fixed.get("/token").await.json()["expires_at"], before["expires_at"]);
    }
}

async fn a_token_that_use_extends_is_renewed_too(app: TestApp) {
    let ada = app.person("ada").await;
    let own = app.token_with(&ada, &[READ], |new| {
        (new.expiry, new.renew) = (Expiry::Days(7), true);
    });
    let own = own.await;
    app.clock.advance(Duration::days(6));
    let token = renew(&own).await;
    is_about(&token["expires_at"], &token["created_at"], Duration::days(13));
    assert_eq!(token["renewable_until"], token["ends_at"]);
}

async fn many_renewals_at_once_are_one(app: TestApp) {
    let ada = app.person("ada").await;
    let (client, login) = login(&app, &ada, json!({})).await;
    app.clock.advance(Duration::hours(6));
    let before = app.count("tokens").await;
    let renewals = (0..20).map(|_| client.call(Method::POST, "/token/renew").into_future());
    for reply in renewals.collect::<JoinSet<_>>().join_all().await {
        is_about(&reply.assert_status(200).json()["expires_at"], &login["expires_at"], Duration::hours(6));
    }
    assert_eq!(app.count("tokens").await, before);
    app.clock.advance(Duration::hours(11));
    client.get("/me").await.assert_status(200);
}

async fn anybody_may_read_the_scopes(app: TestApp) {
    for mount in ["/api/v1", "/session/v1"] {
        let ask = || app.get(&format!("{mount}/scopes")).header("sec-fetch-site", "same-origin");
        let reply = ask().await;
        let list = reply.assert_status(200).json();
        let items = list["items"].as_array().unwrap();
        let mut names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, all_scopes());
        for item in items {
            assert!(!item["description"].as_str().unwrap().is_empty(), "{item}");
            let name = item["name"].as_str().unwrap();
            assert_eq!(item["sensitive"], sensitive().contains(&name), "{name}");
        }
        assert!(reply.header("cache-control").contains("max-age="));
        let again = ask().header("if-none-match", reply.header("etag")).await;
        assert!(again.assert_status(304).body.is_empty());
    }
}

async fn a_page_may_read_the_date(app: TestApp) {
    let ada = app.person("ada").await;
    for ask in [ada.client.get("/me"), app.post("/api/v1/login").json(json!({})), app.get("/api/v1/me")] {
        let reply = ask.header("origin", SPA).await;
        let exposed = reply.header("access-control-expose-headers").to_ascii_lowercase();
        assert!(exposed.split(", ").any(|name| name == "date"), "{}: {exposed}", reply.asked);
    }
}
