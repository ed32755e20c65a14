//! Revocation, introspection and metadata.

use serde_json::{Value, json};

use super::{OWN, Site, THEIR_URI, Tokens, code, exchange, refresh, refused, registered};
use crate::support::{Door, OURS, features, members, on_both_databases, without_database};
use vestibule::features::oauth::admin::{self, NewClient};

on_both_databases! {
    revoking_a_token_ends_the_authorization,
    a_client_with_a_secret_may_ask_what_a_token_may_do,
}

without_database! {
    the_metadata_says_what_is_served,
    every_401_says_where_tokens_come_from,
    what_is_no_form_is_no_request,
}

async fn revoking_a_token_ends_the_authorization(Site(app): Site) {
    let ada = app.person("ada").await;
    let (other, _) = registered(&ada, THEIR_URI, false).await;
    let revoke = async |client: &str, text: &str| {
        app.post("/api/v1/oauth/revoke").form(&[("client_id", client), ("token", text)]).await
    };
    for which in ["access", "refresh"] {
        let tokens = Tokens::own(&app, &ada).await;
        let text = if which == "access" { &tokens.access.token } else { &tokens.refresh };
        revoke(&other, text).await.assert_status(200);
        assert!(tokens.work().await, "of another client");
        let reply = revoke(OWN, text).await;
        assert_eq!(reply.assert_status(200).header("cache-control"), "no-store");
        tokens.access.get("/me").await.problem(401, "token_revoked");
        refused(&refresh(&app, OWN, &tokens.refresh).await, 400, "invalid_grant");
        revoke(OWN, text).await.assert_status(200);
    }
    revoke(OWN, "nonsense").await.assert_status(200);
    // A person's own tokens are no application's.
    revoke(OWN, &ada.client.token).await.assert_status(200);
    ada.client.get("/me").await.assert_status(200);
    refused(&revoke("nobody", "x").await, 401, "invalid_client");
    refused(&revoke(OWN, "").await, 400, "invalid_request");
}

async fn a_client_with_a_secret_may_ask_what_a_token_may_do(Site(app): Site) {
    let ada = app.person("ada").await;
    let (theirs, secret) = registered(&ada, THEIR_URI, true).await;
    let theirs = (theirs, secret.unwrap());
    let declared: Vec<_> = features().iter().flat_map(|feature| feature.scopes).copied().collect();
    let new = NewClient {
        name: "API".into(),
        redirect_uris: vec![THEIR_URI.into()],
        is_confidential: true,
        scopes: admin::scopes(&declared),
        ..NewClient::default()
    };
    let (api, secret) = admin::add(&app.db, &declared, new).await.unwrap();
    let api = (api.id, secret.unwrap().reveal().to_owned());
    let tokens = Tokens::own(&app, &ada).await;
    let ask = async |(id, secret): &(String, String), text: &str| {
        let fields = [("client_id", id.as_str()), ("client_secret", secret.as_str()), ("token", text)];
        app.post("/api/v1/oauth/introspect").form(&fields).await.assert_status(200).json()
    };
    let active = ask(&api, &tokens.access.token).await;
    assert_eq!((&active["active"], &active["client_id"]), (&json!(true), &json!(OWN)));
    assert_eq!((&active["scope"], &active["sub"]), (&json!(super::SCOPE), &json!(ada.account.id)));
    assert_eq!(active["exp"].as_i64().unwrap() - active["iat"].as_i64().unwrap(), 900);
    for (client, text) in [
        // Of another application; no access token; not of an application at all; nonsense.
        (&theirs, tokens.access.token.as_str()),
        (&api, &tokens.refresh),
        (&api, &ada.client.token),
        (&api, "nonsense"),
    ] {
        assert_eq!(ask(client, text).await, json!({"active": false}));
    }
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    assert_eq!(ask(&api, &tokens.access.token).await, json!({"active": false}));
    let public = app.post("/api/v1/oauth/introspect").form(&[("client_id", OWN), ("token", "x")]).await;
    refused(&public, 401, "invalid_client");
}

async fn the_metadata_says_what_is_served(Site(app): Site) {
    let reply = app.get("/.well-known/oauth-authorization-server").header("origin", "https://any.example").await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("content-type"), "application/json");
    let metadata = reply.assert_status(200).json();
    assert_eq!(metadata["issuer"], OURS);
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for endpoint in members(&metadata).iter().filter(|name| name.ends_with("_endpoint")) {
        let path = metadata[endpoint].as_str().unwrap().strip_prefix(OURS).unwrap();
        let reply = if path == "/authorize" { app.get(path).await } else { app.post(path).form(&[]).await };
        assert!(matches!(reply.status.as_u16(), 400 | 401), "{path}: {}", reply.status);
    }
    for (path, resource) in [("", OURS.to_owned()), ("/api/v1", format!("{OURS}/api/v1"))] {
        let reply = app.get(&format!("/.well-known/oauth-protected-resource{path}")).await;
        let found = reply.assert_status(200).json();
        assert_eq!((&found["resource"], &found["authorization_servers"]), (&json!(resource), &json!([OURS])));
        let scopes: Vec<_> = found["scopes_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(scopes.contains(&"entries:write") && !scopes.contains(&"tokens:manage"), "{scopes:?}");
    }
}

async fn every_401_says_where_tokens_come_from(Site(app): Site) {
    let named = format!(r#", resource_metadata="{OURS}/.well-known/oauth-protected-resource/api/v1""#);
    for ask in [app.get("/api/v1/me"), app.get("/api/v1/me").bearer("nonsense"), app.get("/api/v1/entries")] {
        let reply = ask.await;
        let challenge = reply.assert_status(401).header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm=") && challenge.ends_with(&named), "{challenge}");
    }
    let url = named.split('"').nth(1).unwrap();
    app.get(url.strip_prefix(OURS).unwrap()).await.assert_status(200);
    let ada = app.person("ada").await;
    let one = code(&ada.browser, OWN, super::OWN_URI).await;
    exchange(&app, OWN, super::OWN_URI, &one).await.assert_status(200);
}

async fn what_is_no_form_is_no_request(Site(app): Site) {
    for path in ["/api/v1/oauth/token", "/api/v1/oauth/revoke", "/api/v1/oauth/introspect", super::device::PATH] {
        refused(&app.post(path).json(json!({"client_id": OWN})).await, 400, "invalid_request");
        refused(&app.post(&format!("{path}?client_id={OWN}")).form(&[]).await, 400, "invalid_request");
        let twice = app.post(path).form(&[("client_id", OWN), ("client_id", OWN)]).await;
        refused(&twice, 400, "invalid_request");
        refused(&app.post(path).form(&[]).await, 401, "invalid_client");
        app.get(path).await.assert_status(405);
        let basic = app.post(path).form(&[("client_id", OWN)]).header("authorization", "Basic nonsense").await;
        refused(&basic, 401, "invalid_client");
        let large = app.post(path).form(&[("client_id", &"x".repeat(70_000))]).await;
        refused(&large, 413, "invalid_request");
    }
}
