//! Who registers no key, and refreshes no session.

use axum::http::Method;
use serde_json::json;
use time::Duration;

use super::{Bound, REFRESH, START, challenge, key::Key, next_challenge, refresh, register, sign_in};
use crate::support::{Database, TestApp, without_database};

without_database! {
    only_the_key_of_the_session_refreshes_it,
    nobody_registers_a_key_without_the_challenge_of_the_sign_in,
    other_sites_neither_register_nor_refresh,
}

async fn only_the_key_of_the_session_refreshes_it(database: Database) {
    let app = TestApp::https(database).await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (hers, his) = (Bound::new(&app, &ada, Key::new()).await, Bound::new(&app, &bob, Key::new()).await);
    let asked = next_challenge(&hers.refresh(None).await, &hers.session);
    let header = json!({"alg": "ES256", "typ": "dbsc+jwt"});
    let named = json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": his.key.jwk()});
    let none = json!({"alg": "none", "typ": "dbsc+jwt"});
    let other = json!({"alg": "RS256", "typ": "dbsc+jwt"});
    let dpop = json!({"alg": "ES256", "typ": "dpop+jwt"});
    let right = hers.key.proof(&asked);
    for refused in [
        his.key.proof(&asked),
        his.key.sign(&named, &asked),
        hers.key.sign(&none, &asked),
        hers.key.sign(&other, &asked),
        hers.key.sign(&dpop, &asked),
        Key::rsa().sign(&header, &asked),
        Key::rsa().proof(&asked),
        right[..right.len() - 4].to_owned(),
        right.replacen('.', "", 1),
        String::from("x"),
        "x".repeat(5000),
    ] {
        let answer = hers.refresh(Some(&refused)).await;
        answer.problem(400, "invalid_session_proof");
        assert!(answer.all_cookies().is_empty());
    }
    // The challenges of others, and of registrations, are not those of this session.
    let theirs = next_challenge(&his.refresh(None).await, &his.session);
    for challenge in [theirs.as_str(), "", "1.AAAAAAAAAAAAAAAAAAAAAA"] {
        next_challenge(&hers.refresh(Some(&hers.key.proof(challenge))).await, &hers.session);
    }
    // Another session's id, with or without its own key.
    refresh(&hers.browser, &his.session, Some(&right)).await.problem(400, "invalid_session_proof");
    for id in ["", "x", "\"\""] {
        refresh(&hers.browser, id, Some(&right)).await.problem(400, "invalid_session_proof");
    }
    let answer = hers.browser.ask(Method::POST, REFRESH).await;
    answer.problem(400, "invalid_session_proof");
    // None of that used up the challenge.
    hers.refresh(Some(&right)).await.assert_status(200);
}

async fn nobody_registers_a_key_without_the_challenge_of_the_sign_in(database: Database) {
    let app = TestApp::https(database).await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (browser, key) = (app.browser(), Key::new());
    let offered = challenge(&sign_in(&browser, &ada).await);
    let his = challenge(&sign_in(&app.browser(), &bob).await);
    let swapped = format!("{}.{}", offered.split_once('.').unwrap().0, his.split_once('.').unwrap().1);
    let right = key.registration(&offered);
    for refused in [
        key.registration(""),
        key.registration("x"),
        key.registration(&swapped),
        key.registration(&offered.replacen('.', ".1", 1)),
        key.proof(&offered),
        key.sign(&json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": Key::new().jwk()}), &offered),
        key.sign(&json!({"alg": "RS256", "typ": "dbsc+jwt", "jwk": key.jwk()}), &offered),
        key.sign(&json!({"alg": "none", "typ": "dbsc+jwt", "jwk": key.jwk()}), &offered),
    ] {
        let answer = register(&browser, &refused).await;
        answer.problem(400, "invalid_session_proof");
        assert!(answer.all_cookies().is_empty());
    }
    browser.ask(Method::POST, START).await.problem(400, "invalid_session_proof");
    register(&browser, &right).await.assert_status(200);
    assert!(browser.is_signed_in().await);
    app.db.wait_idle().await;
    // Once bound, it stays with its key.
    register(&browser, &right).await.problem(400, "invalid_session_proof");
    register(&browser, &Key::new().registration(&offered)).await.problem(400, "invalid_session_proof");
    // And an offer is too old after some minutes.
    app.clock.advance(Duration::minutes(6));
    register(&browser, &key.registration(&his)).await.problem(400, "invalid_session_proof");
}

async fn other_sites_neither_register_nor_refresh(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let hers = Bound::new(&app, &ada, Key::new()).await;
    let asked = next_challenge(&hers.refresh(None).await, &hers.session);
    let proof = hers.key.proof(&asked);
    for path in [START, REFRESH] {
        let ask = || {
            let ask = app.post(path).header("sec-secure-session-id", &hers.session);
            ask.header("secure-session-response", &proof)
        };
        for site in ["cross-site", "same-site", "none"] {
            ask().header("sec-fetch-site", site).await.problem(403, "cross_origin_request");
        }
        ask().header("origin", "https://evil.example").await.problem(403, "cross_origin_request");
        app.get(path).header("sec-fetch-site", "same-origin").await.problem(405, "method_not_allowed");
    }
    hers.refresh(Some(&proof)).await.assert_status(200);
}
