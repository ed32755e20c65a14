//! A client, and an account, can demand tokens that are bound to a key (RFC 9449 section 5.2): every way in which a token
//! is made.

use axum::http::Method;
use serde_json::json;

use super::{OWN, OWN_URI, Site, THEIR_URI, VERIFIER, code, events, refused};
use crate::{
    dpop::{Key, nonce},
    support::{
        Door, PASSWORD, PageForm, Person, Request, Response, TestApp, on_both_databases,
        resource::{READ_FIELD, READ_NAME},
        without_database,
    },
};

on_both_databases! {
    an_account_that_demands_a_key_gets_no_token_without_one,
    a_client_that_demands_a_key_gets_no_token_without_one,
}

without_database! {
    changing_the_demand_asks_who_it_is,
}

const TOKEN: &str = "/api/v1/oauth/token";

/// `ask` of `path` with a proof of a new key.
async fn proven(app: &TestApp, path: &str, ask: Request) -> Response {
    let proof = Key::es256().proof(app, "POST", path).nonce(&nonce(app).await).sign();
    ask.header("dpop", &proof).await
}

fn exchange<'a>(client: &'a str, uri: &'a str, code: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("redirect_uri", uri),
        ("code", code),
        ("code_verifier", VERIFIER),
    ]
}

/// Answers the form on the tokens page.
async fn demand(person: &Person, required: bool) {
    let page = person.browser.visit("/tokens").await.page(200);
    let form = PageForm::to(&page, "/tokens/key");
    assert_eq!(form.value("required"), if required { "yes" } else { "no" });
    form.by(&person.browser).await.assert_redirect("/tokens");
}

async fn an_account_that_demands_a_key_gets_no_token_without_one(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let before = super::Tokens::own(&app, &ada).await;
    let waiting = code(&ada.browser, OWN, OWN_URI).await;
    demand(&ada, true).await;
    let made = app.count("tokens").await;

    let login = json!({"email": ada.email, "password": PASSWORD});
    let own = json!({"name": "script", "scopes": [READ_NAME], "days": 1});
    let with_password = json!({"name": "script", "scopes": [READ_NAME], "days": 1, "password": PASSWORD});
    let short = json!({"name": "script", "scopes": [READ_NAME], "expires_at": app.db.now() + time::Duration::hours(1)});
    let logins = || app.post("/api/v1/login").json(login.clone());
    for ask in [
        logins(),
        ada.browser.post("/tokens", own.clone()),
        ada.client.post("/tokens", short.clone()),
        ada.client.post("/tokens", with_password),
    ] {
        let problem = ask.await.problem(401, "invalid_dpop_proof");
        assert!(problem["detail"].as_str().unwrap().contains("takes only tokens that are bound to a key"), "{problem}");
    }
    // Whoever does not know the password is not told.
    let wrong = json!({"email": ada.email, "password": "wrong password"});
    app.post("/api/v1/login").json(wrong).await.problem(401, "invalid_credentials");
    let page = ada.browser.submit("/tokens", &[("name", "x"), ("days", "1"), (READ_FIELD, "on")]).await.page(409);
    assert!(page.contains("takes only tokens that are bound to a key"), "{page}");
    let refresh = [("grant_type", "refresh_token"), ("client_id", OWN), ("refresh_token", before.refresh.as_str())];
    for fields in [&exchange(OWN, OWN_URI, &waiting)[..], &refresh[..]] {
        let body = refused(&app.post(TOKEN).form(fields).await, 400, "invalid_dpop_proof");
        assert!(body["error_description"].as_str().unwrap().starts_with("The account demands"), "{body}");
    }
    assert_eq!(app.count("tokens").await, made);
    // What exists keeps working, and nobody else is concerned.
    assert!(before.work().await);
    ada.client.get("/me").await.assert_status(200);
    app.post("/api/v1/login").json(json!({"email": bob.email, "password": PASSWORD})).await.assert_status(201);

    // With a key, each of them makes one: neither the code nor the refresh token was used up.
    assert_eq!(proven(&app, "/api/v1/login", logins()).await.assert_status(201).json()["token_type"], "DPoP");
    let session = ada.browser.post("/tokens", own.clone());
    assert_eq!(proven(&app, "/session/v1/tokens", session).await.assert_status(201).json()["token_type"], "DPoP");
    let token = ada.client.post("/tokens", short);
    assert_eq!(proven(&app, "/api/v1/tokens", token).await.assert_status(201).json()["token_type"], "DPoP");
    for fields in [&exchange(OWN, OWN_URI, &waiting)[..], &refresh[..]] {
        let reply = proven(&app, TOKEN, app.post(TOKEN).form(fields)).await;
        assert_eq!(reply.assert_status(200).json()["token_type"], "DPoP");
    }

    demand(&ada, false).await;
    logins().await.assert_status(201);
    ada.browser.post("/tokens", own).await.assert_status(201);
    let events = events(&app, &ada).await;
    for kind in ["key_required", "key_not_required"] {
        assert_eq!(events.iter().filter(|event| *event == kind).count(), 1, "{events:?}");
    }
}

async fn a_client_that_demands_a_key_gets_no_token_without_one(Site(app): Site) {
    let ada = app.person("ada").await;
    let mut settings = app.settings.clone();
    settings.oauth.clients[0].dpop_bound_access_tokens = true;
    let app = app.with_settings(settings).await;
    // One of the settings, and one that somebody registered, with a secret: its refresh tokens are bound to no key.
    let path = "/account/developer";
    let typed = [("name", "Server"), ("redirect_uris", THEIR_URI), ("confidential", "on"), ("requires_key", "on")];
    let page = ada.browser.fill_and_follow(path, path, &typed).await.page(200);
    assert!(page.contains("Bound to a key"), "{page}");
    let id = page.split_once("Client ID <code>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let secret = format!("vcs_{}", &page.split_once("vcs_").unwrap().1[..38]);

    for (client, uri, secret) in [(OWN, OWN_URI, None), (&id, THEIR_URI, Some(&secret))] {
        let secret: Vec<_> = secret.iter().map(|secret| ("client_secret", secret.as_str())).collect();
        let one = code(&ada.browser, client, uri).await;
        let fields = [&exchange(client, uri, &one)[..], &secret].concat();
        let body = refused(&app.post(TOKEN).form(&fields).await, 400, "invalid_dpop_proof");
        assert!(body["error_description"].as_str().unwrap().starts_with("The client demands"), "{body}");
        let key = Key::es256();
        let ask = async |fields: &[(&str, &str)]| {
            let proof = key.proof(&app, "POST", TOKEN).nonce(&nonce(&app).await).sign();
            app.post(TOKEN).form(fields).header("dpop", &proof).await.assert_status(200).json()
        };
        let given = ask(&fields).await;
        assert_eq!(given["token_type"], "DPoP");
        let token = given["refresh_token"].as_str().unwrap();
        let refresh = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        let fields = [&refresh[..], &secret].concat();
        let error = if secret.is_empty() { "invalid_grant" } else { "invalid_dpop_proof" };
        refused(&app.post(TOKEN).form(&fields).await, 400, error);
        assert_eq!(ask(&fields).await["token_type"], "DPoP");
    }
    let bearers = app.raw().await.texts("SELECT name FROM tokens WHERE issued_by = 'client' AND jkt IS NULL").await;
    assert!(bearers.is_empty());
}

async fn changing_the_demand_asks_who_it_is(Site(app): Site) {
    let ada = app.person("ada").await;
    demand(&ada, true).await;
    app.clock.advance(time::Duration::minutes(11));
    let page = ada.browser.submit("/tokens/key", &[("required", "no")]).await.page(403);
    assert!(page.contains("Confirm it"), "{page}");
    let login = json!({"email": ada.email, "password": PASSWORD});
    app.post("/api/v1/login").json(login).await.problem(401, "invalid_dpop_proof");
    PageForm::to(&page, "/tokens/key")
        .with(&[("password-again", PASSWORD)])
        .by(&ada.browser)
        .await
        .assert_redirect("/tokens");
    ada.browser.ask(Method::GET, "/tokens").await.assert_status(200);
    demand(&ada, true).await;
}
