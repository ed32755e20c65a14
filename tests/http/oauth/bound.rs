//! Tokens of applications that are bound to a key (RFC 9449 sections 5 and 10).

use axum::http::Method;

use super::{OWN, OWN_URI, Site, VERIFIER, code, destination, parameter, query, refused, registered, sent};
use crate::{
    dpop::{Bound, key::Key, nonce},
    support::{Door, Response, TestApp, on_both_databases},
};

on_both_databases! {
    tokens_are_bound_to_the_key_that_the_request_proves,
    a_refresh_token_of_a_public_client_is_bound_too,
    a_code_can_be_bound_before,
    a_proof_that_is_refused_uses_nothing_up,
}

const PATH: &str = "/api/v1/oauth/token";

/// A request at the token endpoint with a proof of `key`.
async fn ask(app: &TestApp, key: &Key, fields: &[(&str, &str)]) -> Response {
    let proof = key.proof(app, "POST", PATH).nonce(&nonce(app).await).sign();
    app.post(PATH).form(fields).header("dpop", &proof).await
}

fn exchange<'a>(code: &'a str, client: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("redirect_uri", OWN_URI),
        ("code", code),
        ("code_verifier", VERIFIER),
    ]
}

fn refresh(token: &str) -> [(&'static str, &str); 3] {
    [("grant_type", "refresh_token"), ("client_id", OWN), ("refresh_token", token)]
}

/// The token and the refresh token of an answer, bound to `key`.
#[track_caller]
fn bound(app: &TestApp, key: &Key, nonce: String, reply: &Response) -> (Bound, String) {
    let body = reply.assert_status(200).json();
    assert_eq!(body["token_type"], "DPoP");
    let token = Bound::with(app, key.clone(), body["access_token"].as_str().unwrap(), nonce);
    (token, body["refresh_token"].as_str().unwrap().to_owned())
}

async fn tokens_are_bound_to_the_key_that_the_request_proves(Site(app): Site) {
    let ada = app.person("ada").await;
    for key in [Key::es256(), Key::ed25519()] {
        let one = code(&ada.browser, OWN, OWN_URI).await;
        let reply = ask(&app, &key, &exchange(&one, OWN)).await;
        let (token, _) = bound(&app, &key, nonce(&app).await, &reply);
        let proof = token.proof("GET", "/me");
        token.send(Method::GET, "/me", &proof).await.assert_status(200);
        app.client(&token.token).get("/me").await.problem(401, "token_bound");
        let thief = Bound::with(&app, Key::es256(), &token.token, token.nonce.clone());
        let proof = thief.proof("GET", "/me");
        thief.send(Method::GET, "/me", &proof).await.assert_status(401);
    }
}

async fn a_refresh_token_of_a_public_client_is_bound_too(Site(app): Site) {
    let (ada, key) = (app.person("ada").await, Key::es256());
    let one = code(&ada.browser, OWN, OWN_URI).await;
    let reply = ask(&app, &key, &exchange(&one, OWN)).await;
    let (_, first) = bound(&app, &key, nonce(&app).await, &reply);
    // A copy is worth nothing, and does no harm.
    refused(&app.post(PATH).form(&refresh(&first)).await, 400, "invalid_grant");
    refused(&ask(&app, &Key::es256(), &refresh(&first)).await, 400, "invalid_grant");
    let reply = ask(&app, &key, &refresh(&first)).await;
    let (token, _) = bound(&app, &key, nonce(&app).await, &reply);
    let proof = token.proof("GET", "/me");
    token.send(Method::GET, "/me", &proof).await.assert_status(200);
    // Without a key at first, a client may use one later.
    let one = code(&ada.browser, OWN, OWN_URI).await;
    let body = app.post(PATH).form(&exchange(&one, OWN)).await.assert_status(200).json();
    assert_eq!(body["token_type"], "Bearer");
    let reply = ask(&app, &key, &refresh(body["refresh_token"].as_str().unwrap())).await;
    bound(&app, &key, nonce(&app).await, &reply);
}

async fn a_code_can_be_bound_before(Site(app): Site) {
    let (ada, key) = (app.person("ada").await, Key::es256());
    let thumbprint = key.thumbprint();
    let asked = query(OWN, OWN_URI, &[("dpop_jkt", Some(&thumbprint))]);
    let one = parameter(&destination(&sent(&ada.browser, &asked).await), "code");
    refused(&app.post(PATH).form(&exchange(&one, OWN)).await, 400, "invalid_grant");
    refused(&ask(&app, &Key::es256(), &exchange(&one, OWN)).await, 400, "invalid_grant");
    ask(&app, &key, &exchange(&one, OWN)).await.assert_status(200);
    let bad = query(OWN, OWN_URI, &[("dpop_jkt", Some("short"))]);
    assert_eq!(parameter(&destination(&sent(&ada.browser, &bad).await), "error"), "invalid_request");
}

async fn a_proof_that_is_refused_uses_nothing_up(Site(app): Site) {
    let (ada, key) = (app.person("ada").await, Key::es256());
    let one = code(&ada.browser, OWN, OWN_URI).await;
    let with = async |proof: String| app.post(PATH).form(&exchange(&one, OWN)).header("dpop", &proof).await;
    let reply = with(key.proof(&app, "POST", PATH).sign()).await;
    refused(&reply, 400, "use_dpop_nonce");
    let nonce = reply.header("dpop-nonce").to_owned();
    assert!(!nonce.is_empty());
    let elsewhere = key.proof(&app, "POST", "/api/v1/oauth/revoke").nonce(&nonce).sign();
    refused(&with(elsewhere).await, 400, "invalid_dpop_proof");
    refused(&with("nonsense".into()).await, 400, "invalid_dpop_proof");
    let proof = key.proof(&app, "POST", PATH).nonce(&nonce).sign();
    let other = registered(&ada, OWN_URI, false).await.0;
    let wrong = app.post(PATH).form(&exchange(&one, &other)).header("dpop", &proof).await;
    refused(&wrong, 400, "invalid_grant");
    refused(&with(proof).await, 400, "invalid_dpop_proof");
    with(key.proof(&app, "POST", PATH).nonce(&nonce).sign()).await.assert_status(200);
}
