//! Proofs that do not prove what they should.

use axum::http::Method;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use time::Duration;

use super::{Bound, Key, Proof, invalid, nonce, refused, url};
use crate::support::{Database, Door, TestApp, on_both_databases, resource::COLLECTION, without_database};

on_both_databases! {
    a_proof_is_for_one_method_and_one_url,
    a_proof_is_for_now,
    a_proof_is_for_one_token,
    a_proof_needs_a_nonce_of_late,
    nonces_can_be_off,
}

without_database! {
    a_proof_is_signed_with_a_key_of_its_own,
    behind_a_proxy_the_public_url_counts,
    one_proof_comes_with_a_request,
    garbage_of_every_length_is_refused,
}

/// Sends `GET me` with a changed proof.
async fn with(bound: &Bound, change: impl FnOnce(Proof) -> Proof) -> crate::support::Response {
    bound.send(Method::GET, "/me", &change(bound.proof("GET", "/me"))).await
}

async fn a_proof_is_for_one_method_and_one_url(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    for method in ["POST", "get", "HEAD", "", "GET "] {
        let detail = invalid(&with(&bound, |proof| proof.claim("htm", json!(method))).await);
        assert!(detail.contains("`htm`"), "{method}: {detail}");
    }
    for other in [
        "http://localhost:3000/api/v1/token",
        "http://localhost:3000/api/v1/me/",
        "http://localhost:3000/api/v1/ME",
        "http://localhost:3000/me",
        "http://localhost:3000/",
        "https://localhost:3000/api/v1/me",
        "http://localhost:3001/api/v1/me",
        "http://localhost/api/v1/me",
        "http://127.0.0.1:3000/api/v1/me",
        "http://evil.example/api/v1/me",
        "http://localhost:3000@evil.example/api/v1/me",
        "//localhost:3000/api/v1/me",
        "/api/v1/me",
        "",
    ] {
        let detail = invalid(&with(&bound, |proof| proof.claim("htu", json!(other))).await);
        assert!(detail.contains("`htu`") && detail.contains("http://localhost:3000/api/v1/me "), "{other}: {detail}");
    }
    for same in ["HTTP://LocalHost:3000/api/v1/./me", "http://localhost:3000/%61pi/v1/me?a=b#c"] {
        with(&bound, |proof| proof.claim("htu", json!(same))).await.assert_status(200);
    }
    let proof = bound.proof("GET", COLLECTION).claim("htu", json!(url(&format!("/api/v1{COLLECTION}?limit=7"))));
    bound.send(Method::GET, &format!("{COLLECTION}?limit=1"), &proof).await.assert_status(200);
}

async fn a_proof_is_for_now(app: TestApp) {
    app.clock.stop();
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let now = app.db.now().get().unix_timestamp();
    for (made_at, said) in
        [(now - 122, "too long ago"), (0, "too long ago"), (now + 122, "future"), (now * 2, "future")]
    {
        let detail = invalid(&with(&bound, |proof| proof.claim("iat", json!(made_at))).await);
        assert!(detail.contains(said), "{made_at}: {detail}");
    }
    for made_at in [now - 118, now, now + 118] {
        with(&bound, |proof| proof.claim("iat", json!(made_at))).await.assert_status(200);
    }
    let kept = bound.proof("GET", "/me").sign();
    app.clock.advance(Duration::seconds(123));
    assert!(invalid(&bound.send_text(Method::GET, "/me", &kept).await).contains("too long ago"));
}

async fn a_proof_is_for_one_token(app: TestApp) {
    let ada = app.person("ada").await;
    let bound = Bound::login(&app, &ada, Key::es256()).await;
    let detail = invalid(&with(&bound, |proof| proof.without("ath")).await);
    assert!(detail.contains("`ath`"), "{detail}");
    for value in [json!(null), json!(""), json!(bound.token), json!(BASE64.encode([0; 32]))] {
        invalid(&with(&bound, |proof| proof.claim("ath", value)).await);
    }
    // Another token of the same key.
    let body = json!({"name": "other", "scopes": ["account:read"], "expires_at": app.db.now() + Duration::hours(1)});
    let other = bound.post("/tokens", body).await.assert_status(201).json()["token"].as_str().unwrap().to_owned();
    invalid(&with(&bound, |proof| proof.token(&other)).await);
    // Another key of the same person.
    let second = Bound::login(&app, &ada, Key::ed25519()).await;
    let proof = second.proof("GET", "/me").token(&bound.token);
    assert!(invalid(&bound.send(Method::GET, "/me", &proof).await).contains("another key"));
    with(&bound, |proof| proof).await.assert_status(200);
}

async fn a_proof_needs_a_nonce_of_late(app: TestApp) {
    let mut bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    for odd in [json!(null), json!(""), json!("x"), json!(format!("{}x", bound.nonce))] {
        let reply = with(&bound, |proof| proof.claim("nonce", odd)).await;
        refused(&reply, "use_dpop_nonce", "use_dpop_nonce");
        assert_eq!(reply.header("dpop-nonce"), bound.nonce);
        assert_eq!(reply.headers.get_all("dpop-nonce").iter().count(), 1);
    }
    refused(&with(&bound, |proof| proof.without("nonce")).await, "use_dpop_nonce", "use_dpop_nonce");
    // Whoever goes on in time is given the next one, and never refused.
    app.clock.advance(Duration::minutes(5));
    let reply = with(&bound, |proof| proof).await;
    let next = reply.assert_status(200).header("dpop-nonce").to_owned();
    assert_ne!(next, bound.nonce);
    app.clock.advance(Duration::minutes(5));
    refused(&with(&bound, |proof| proof).await, "use_dpop_nonce", "use_dpop_nonce");
    bound.nonce = next;
    with(&bound, |proof| proof).await.assert_status(200);
    // Every instance knows it.
    let other = app.another_instance().await;
    assert_eq!(nonce(&other).await, nonce(&app).await);
}

async fn nonces_can_be_off(database: Database) {
    let app = TestApp::with(database, |settings| settings.dpop.nonces = false).await;
    let (ada, key) = (app.person("ada").await, Key::es256());
    let reply = super::login(&app, &ada, &key.proof(&app, "POST", "/api/v1/login")).await;
    assert!(!reply.has("dpop-nonce"));
    let token = reply.assert_status(201).json()["token"].as_str().unwrap().to_owned();
    let bound = Bound::with(&app, key, &token, String::new());
    let reply = with(&bound, |proof| proof.without("nonce")).await;
    assert!(!reply.assert_status(200).has("dpop-nonce"));
    with(&bound, |proof| proof.nonce("of another server")).await.assert_status(200);
}

async fn a_proof_is_signed_with_a_key_of_its_own(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let algorithms = ["none", "None", "", "HS256", "HS512", "RS256", "PS256", "ES384", "ES256K", "EdDSA", "es256"];
    for algorithm in algorithms {
        invalid(&with(&bound, |proof| proof.header("alg", json!(algorithm))).await);
    }
    // Without a signature, and with one by a key that everybody knows.
    let unsigned = bound.proof("GET", "/me").header("alg", json!("none")).signed();
    invalid(&bound.send_text(Method::GET, "/me", &format!("{unsigned}.")).await);
    let symmetric = bound.proof("GET", "/me").header("alg", json!("HS256")).signed();
    let public = bound.key.jwk()["x"].as_str().unwrap().to_owned();
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64.decode(public).unwrap()).unwrap();
    mac.update(symmetric.as_bytes());
    let symmetric = format!("{symmetric}.{}", BASE64.encode(mac.finalize().into_bytes()));
    invalid(&bound.send_text(Method::GET, "/me", &symmetric).await);

    for (name, value) in [("d", json!("AAAA")), ("d", Value::Null), ("k", json!("AAAA")), ("p", json!(7))] {
        let mut jwk = bound.key.jwk();
        jwk[name] = value;
        let detail = invalid(&with(&bound, |proof| proof.header("jwk", jwk)).await);
        assert!(detail.contains("private key"), "{detail}");
    }
    for kind in [json!("JWT"), json!("at+jwt"), json!(null), json!("DPOP+JWT")] {
        invalid(&with(&bound, |proof| proof.header("typ", kind)).await);
    }
    invalid(&with(&bound, |proof| proof.header("crit", json!(["exp"]))).await);
    let reply = with(&bound, |mut proof| {
        proof.header.as_object_mut().unwrap().remove("jwk");
        proof
    });
    invalid(&reply.await);
    // At the login as well.
    let (key, nonce) = (Key::es256(), nonce(&app).await);
    let proof = key.proof(&app, "POST", "/api/v1/login").nonce(&nonce).header("alg", json!("none")).sign();
    let login = json!({"email": "ada@example.org", "password": crate::support::PASSWORD});
    invalid(&app.post("/api/v1/login").json(login).header("dpop", &proof).await);
}

async fn behind_a_proxy_the_public_url_counts(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.server.hosts = vec!["internal.example".into()];
        settings.server.trusted_proxies = vec!["127.0.0.1".into()];
        settings.dpop.nonces = false;
    });
    let app = app.await;
    let ada = app.person("ada").await;
    let (key, public) = (Key::es256(), "https://vestibule.example/api/v1");
    let proof = key.proof(&app, "POST", "").claim("htu", json!(format!("{public}/login")));
    let login = super::login(&app, &ada, &proof).await.assert_status(201).json();
    let bound = Bound::with(&app, key, login["token"].as_str().unwrap(), String::new());
    let through = |htu: &str, forwarded: &[(&str, &str)]| {
        let proof = bound.proof("GET", "/me").claim("htu", json!(htu));
        bound.send(Method::GET, "/me", &proof).headers(forwarded)
    };
    // What a proxy makes of a request: `http` on a port of its own, with the host that it was asked for or another.
    for forwarded in [
        &[("host", "vestibule.example")][..],
        &[("host", "internal.example:8080"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "vestibule.example")],
        &[("host", "internal.example"), ("x-forwarded-proto", "http"), ("x-forwarded-host", "evil.example")],
        &[("host", "internal.example"), ("forwarded", "proto=http;host=evil.example")],
    ] {
        through(&format!("{public}/me"), forwarded).await.assert_status(200);
        for other in ["http://internal.example:8080", "http://vestibule.example", "https://evil.example"] {
            let detail = invalid(&through(&format!("{other}/api/v1/me"), forwarded).await);
            assert!(detail.contains("That is https://vestibule.example/api/v1/me"), "{other}: {detail}");
        }
    }
}

async fn one_proof_comes_with_a_request(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let (one, other) = (bound.proof("GET", "/me").sign(), bound.proof("GET", "/me").sign());
    let detail = invalid(&bound.send_text(Method::GET, "/me", &one).append_header("dpop", &other).await);
    assert!(detail.contains("several"), "{detail}");
    invalid(&bound.send_text(Method::GET, "/me", &format!("{one}, {other}")).await);
    invalid(&bound.send_text(Method::GET, "/me", &format!("DPoP {one}")).await);
    // Neither was used up.
    bound.send_text(Method::GET, "/me", &one).await.assert_status(200);
    bound.send_text(Method::GET, "/me", &other).await.assert_status(200);
    let twice = bound.send_text(Method::GET, "/me", &bound.proof("GET", "/me").sign());
    twice.append_header("authorization", &format!("DPoP {}", bound.token)).await.problem(400, "invalid_body");
}

async fn garbage_of_every_length_is_refused(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let right = bound.proof("GET", "/me").sign();
    for length in 0..right.len() {
        invalid(&bound.send_text(Method::GET, "/me", &right[..length]).await);
    }
    for garbage in
        ["é", "\t", "null", "{}", "e30.e30.e30", "..", &"A".repeat(5_000), &"[".repeat(4_000), &".".repeat(9_000)]
    {
        invalid(&bound.send_text(Method::GET, "/me", garbage).await);
    }
    let deep = BASE64.encode("[".repeat(2_900));
    invalid(&bound.send_text(Method::GET, "/me", &format!("{deep}.e30.AA")).await);
    bound.send_text(Method::GET, "/me", &right).await.assert_status(200);
}
