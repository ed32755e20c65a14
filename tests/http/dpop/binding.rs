//! How a token is bound, and that it works with its key alone.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;

use super::{Bound, Key, invalid, login, nonce, refused};
use crate::{
    sign_in::{Enrolled, step},
    support::{
        Database, Door, PASSWORD, Response, SPA, TestApp, on_both_databases,
        resource::{COLLECTION, READ_NAME},
        without_database,
    },
};

on_both_databases! {
    a_login_with_a_proof_gives_a_bound_token,
    a_copy_of_a_bound_token_opens_nothing,
    an_unbound_token_is_a_bearer_token_alone,
    a_personal_token_is_bound_at_both_doors,
    what_a_bound_token_makes_is_bound_to_the_same_key,
    a_second_factor_keeps_the_key,
    a_renewed_token_stays_bound,
    a_login_may_need_a_key,
    a_thief_takes_nothing_from_the_owners_limit,
}

without_database! {
    the_owner_sees_which_tokens_are_bound,
    both_schemes_are_named,
    a_page_of_another_origin_may_send_proofs,
}

async fn a_login_with_a_proof_gives_a_bound_token(app: TestApp) {
    let ada = app.person("ada").await;
    for key in [Key::es256(), Key::ed25519()] {
        let thumbprint = key.thumbprint();
        let bound = Bound::login(&app, &ada, key).await;
        let reply = bound.get("/token").await;
        assert_eq!(reply.assert_status(200).json()["key_thumbprint"], thumbprint);
        assert_eq!(reply.header("dpop-nonce"), bound.nonce);
        assert_eq!(reply.header("cache-control"), "no-store");
        bound.get(&format!("{COLLECTION}?limit=1")).await.assert_status(200);
        bound.post(COLLECTION, json!({"title": "a", "body": ""})).await.assert_status(201);
        bound.call(Method::HEAD, "/me").await.assert_status(200);
        bound.call(Method::POST, "/logout").await.assert_status(204);
        bound.get("/me").await.problem(401, "token_revoked");
    }
    // Both names of the algorithm (RFC 9864).
    let bound = Bound::login(&app, &ada, Key::ed25519()).await;
    let proof = bound.proof("GET", "/me").header("alg", json!("Ed25519"));
    bound.send(Method::GET, "/me", &proof).await.assert_status(200);
}

async fn a_copy_of_a_bound_token_opens_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    app.db.wait_idle().await;
    let before = app.count("activity").await;
    let thief = app.client(&bound.token);
    for ask in [thief.get("/me"), thief.call(Method::POST, "/logout"), thief.call(Method::POST, "/token/renew")] {
        refused(&ask.await, "token_bound", "invalid_token");
    }
    // A proof beside it does not help: the scheme is the wrong one.
    let proof = bound.proof("GET", "/me").sign();
    refused(&thief.get("/me").header("dpop", &proof).await, "token_bound", "invalid_token");

    let detail = invalid(&bound.without_proof(Method::GET, "/me").await);
    assert!(detail.starts_with("The request has no `DPoP` header."), "{detail}");
    let thief = Bound::with(&app, Key::es256(), &bound.token, bound.nonce.clone());
    let detail = invalid(&thief.get("/me").await);
    assert!(detail.contains("another key"), "{detail}");
    // The thief's signature with the owner's public key.
    let proof = thief.proof("GET", "/me").header("jwk", bound.key.jwk());
    assert!(invalid(&thief.send(Method::GET, "/me", &proof).await).contains("signature"));

    app.db.wait_idle().await;
    assert_eq!(app.count("activity").await, before, "it was not used");
    bound.get("/me").await.assert_status(200);
}

async fn an_unbound_token_is_a_bearer_token_alone(app: TestApp) {
    let ada = app.person("ada").await;
    let (key, nonce) = (Key::es256(), nonce(&app).await);
    let as_bound = Bound::with(&app, key, &ada.client.token, nonce);
    refused(&as_bound.get("/me").await, "token_not_bound", "invalid_token");
    refused(&as_bound.without_proof(Method::GET, "/me").await, "token_not_bound", "invalid_token");
    // A header that nobody asked for does no harm.
    ada.client.get("/me").header("dpop", "nonsense").await.assert_status(200);
    let token = ada.client.get("/token").await.assert_status(200).json();
    assert_eq!(token["key_thumbprint"], Value::Null);
}

fn new_token(app: &TestApp) -> Value {
    json!({"name": "script", "scopes": [READ_NAME], "expires_at": app.db.now() + Duration::hours(1)})
}

async fn a_personal_token_is_bound_at_both_doors(app: TestApp) {
    let (ada, nonce) = (app.person("ada").await, nonce(&app).await);
    for door in ada.doors() {
        let (key, path) = (Key::es256(), format!("{}/tokens", door.mount()));
        let proof = key.proof(&app, "POST", &path);
        let reply = door.post("/tokens", new_token(&app)).header("dpop", &proof.sign()).await;
        refused(&reply, "use_dpop_nonce", "use_dpop_nonce");
        assert_eq!(reply.header("dpop-nonce"), nonce);
        let reply = door.post("/tokens", new_token(&app)).header("dpop", &proof.clone().nonce(&nonce).sign()).await;
        let made = reply.assert_status(201).json();
        assert_eq!(made["token_type"], "DPoP");
        let bound = Bound::with(&app, key, made["token"].as_str().unwrap(), nonce.clone());
        bound.get(COLLECTION).await.assert_status(200);
        refused(&app.client(&bound.token).get(COLLECTION).await, "token_bound", "invalid_token");

        // A proof that is refused makes no token.
        let count = app.count("tokens").await;
        let other = proof.nonce(&nonce).claim("htu", json!("https://evil.example/tokens"));
        invalid(&door.post("/tokens", new_token(&app)).header("dpop", &other.sign()).await);
        let made = door.post("/tokens", new_token(&app)).await.assert_status(201).json();
        assert_eq!((&made["token_type"], app.count("tokens").await), (&json!("Bearer"), count + 1));
    }
}

async fn what_a_bound_token_makes_is_bound_to_the_same_key(app: TestApp) {
    let ada = app.person("ada").await;
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    let with_password = json!({"name": "own", "scopes": [READ_NAME], "days": 90, "password": PASSWORD});
    for body in [new_token(&app), with_password] {
        let made = bound.post("/tokens", body).await.assert_status(201).json();
        assert_eq!(made["token_type"], "DPoP", "{made}");
        let token = made["token"].as_str().unwrap();
        refused(&app.client(token).get(COLLECTION).await, "token_bound", "invalid_token");
        let proof = bound.key.proof(&app, "GET", &format!("/api/v1{COLLECTION}")).nonce(&bound.nonce).token(token);
        let ask = app.get(&format!("/api/v1{COLLECTION}")).header("authorization", &format!("DPoP {token}"));
        ask.header("dpop", &proof.sign()).await.assert_status(200);
    }
}

async fn a_second_factor_keeps_the_key(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (key, nonce) = (Key::es256(), nonce(&app).await);
    let proof = key.proof(&app, "POST", "/api/v1/login").nonce(&nonce);
    let problem = login(&app, &ada.person, &proof).await.problem(401, "second_factor_required");
    let reply = step(&app, "totp", problem["pending"].as_str().unwrap(), &ada.next_code(&app)).await;
    let login = reply.assert_status(201).json();
    assert_eq!(login["token_type"], "DPoP");
    let bound = Bound::with(&app, key, login["token"].as_str().unwrap(), nonce);
    bound.get("/me").await.assert_status(200);
    refused(&app.client(&bound.token).get("/me").await, "token_bound", "invalid_token");
}

async fn a_renewed_token_stays_bound(app: TestApp) {
    let ada = app.person("ada").await;
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    app.clock.advance(Duration::minutes(2));
    let renewed = bound.call(Method::POST, "/token/renew").await.assert_status(200).json();
    assert_eq!(renewed["key_thumbprint"], bound.key.thumbprint());
    refused(&app.client(&bound.token).get("/me").await, "token_bound", "invalid_token");
    bound.get("/me").await.assert_status(200);
}

async fn a_login_may_need_a_key(database: Database) {
    let app = TestApp::with(database, |settings| settings.dpop.required = true).await;
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    app.browser().submit("/sign-up", &form).await.assert_status(303);
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let detail = invalid(&app.post("/api/v1/login").json(body.clone()).await);
    assert!(detail.contains("bound to a key"), "{detail}");
    assert_eq!(app.count("tokens").await, 0);
    let (key, nonce) = (Key::es256(), nonce(&app).await);
    let proof = key.proof(&app, "POST", "/api/v1/login").nonce(&nonce).sign();
    app.post("/api/v1/login").json(body.clone()).header("dpop", &proof).await.assert_status(201);
    // The session door gives no token.
    app.browser().ask(Method::POST, "/session/v1/login").json(body).await.assert_status(200);
}

async fn a_thief_takes_nothing_from_the_owners_limit(database: Database) {
    let app = TestApp::with(database, |settings| settings.rate_limits.per_token = 5).await;
    let ada = app.person("ada").await;
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    bound.get("/me").await.assert_status(200);
    let thief = Bound::with(&app, Key::es256(), &bound.token, bound.nonce.clone());
    for _ in 0..10 {
        let reply = app.client(&bound.token).get("/me").await;
        refused(&reply, "token_bound", "invalid_token");
        assert!(reply.header("ratelimit-policy").starts_with("\"address\""), "{}", reply.header("ratelimit-policy"));
        invalid(&thief.get("/me").await);
    }
    for _ in 0..4 {
        bound.get("/me").await.assert_status(200);
    }
    bound.get("/me").await.problem(429, "rate_limited");
}

async fn the_owner_sees_which_tokens_are_bound(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(!ada.browser.visit("/tokens").await.page(200).contains("Bound to a key"));
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    let page = ada.browser.visit("/tokens").await.page(200);
    assert_eq!(page.matches(">Bound to a key</span>").count(), 1, "{page}");
    let tokens = ada.browser.get("/tokens").await.assert_status(200).json();
    assert_eq!(tokens["items"][0]["key_thumbprint"], bound.key.thumbprint());
    assert_eq!(tokens["items"][1]["key_thumbprint"], Value::Null);
    bound.call(Method::POST, "/logout").await.assert_status(204);
    let page = ada.browser.visit("/tokens").await.page(200);
    assert_eq!(page.matches(">Bound to a key</span>").count(), 1, "an ended one too: {page}");
}

/// RFC 9449 section 7.2: without a credential neither says what is wrong, otherwise the one that was used.
async fn both_schemes_are_named(app: TestApp) {
    let algs = r#"DPoP algs="ES256 Ed25519 EdDSA""#;
    let challenges = |reply: &Response| -> Vec<String> {
        let values = reply.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap());
        // Those of a 401 end with where the metadata is (RFC 9728).
        values.map(|value| value.split(", resource_metadata=").next().unwrap().to_owned()).collect()
    };
    let reply = app.get("/api/v1/me").await;
    assert_eq!(challenges(&reply), [r#"Bearer realm="vestibule""#, algs]);
    let reply = app.get("/api/v1/me").bearer("nonsense").await;
    let error = r#"error="invalid_token", error_description="Token invalid""#;
    assert_eq!(challenges(&reply), [&format!(r#"Bearer realm="vestibule", {error}"#), algs]);
    let reply = app.get("/api/v1/me").header("authorization", "DPoP nonsense").await;
    reply.problem(401, "token_invalid");
    let dpop = format!(r#"DPoP realm="vestibule", {error}, algs="ES256 Ed25519 EdDSA""#);
    assert_eq!(challenges(&reply), [dpop]);

    let ada = app.person("ada").await;
    let read = app.token(&ada, &[READ_NAME]).await;
    let reply = read.post("/tokens", new_token(&app)).await;
    reply.problem(403, "scope_missing");
    assert_eq!(challenges(&reply).len(), 1, "it has the right scheme");
}

async fn a_page_of_another_origin_may_send_proofs(app: TestApp) {
    let preflight = app.ask(Method::OPTIONS, "/api/v1/me").headers(&[
        ("origin", SPA),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization,dpop"),
    ]);
    let allowed = preflight.await.header("access-control-allow-headers").to_owned();
    assert!(allowed.split(", ").any(|name| name == "dpop"), "{allowed}");
    let ada = app.person("ada").await;
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    for (status, ask) in [(200, bound.get("/me")), (401, bound.without_proof(Method::GET, "/me"))] {
        let reply = ask.header("origin", SPA).await;
        let exposed = reply.assert_status(status).header("access-control-expose-headers");
        for name in ["dpop-nonce", "www-authenticate"] {
            assert!(exposed.split(", ").any(|given| given == name), "{exposed}");
        }
    }
}
