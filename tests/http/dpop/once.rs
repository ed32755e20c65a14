//! A proof is used once.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::auth::dpop;

use super::{Bound, Key, invalid, login, nonce};
use crate::support::{Door, TestApp, on_both_databases};

on_both_databases! {
    a_proof_works_once,
    of_many_uses_at_once_one_works,
    a_proof_works_once_on_all_instances,
    a_login_uses_its_proof_up,
    nobody_uses_up_the_proof_of_another,
    proofs_are_forgotten_when_they_are_old,
}

async fn a_proof_works_once(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let proof = bound.proof("GET", "/me").sign();
    bound.send_text(Method::GET, "/me", &proof).await.assert_status(200);
    for _ in 0..3 {
        let detail = invalid(&bound.send_text(Method::GET, "/me", &proof).await);
        assert!(detail.starts_with("This proof was used before."), "{detail}");
    }
    // Another signature of the same `jti`, for another request, is the same proof.
    let jti = json!("the same");
    let again = |method: &str, path: &str| bound.proof(method, path).claim("jti", jti.clone());
    bound.send(Method::GET, "/me", &again("GET", "/me")).await.assert_status(200);
    invalid(&bound.send(Method::GET, "/me", &again("GET", "/me")).await);
    invalid(&bound.send(Method::GET, "/token", &again("GET", "/token")).await);
}

async fn of_many_uses_at_once_one_works(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let ask = bound.call(Method::GET, "/me");
    let at_once: JoinSet<_> = (0..50).map(|_| ask.clone().into_future()).collect();
    let replies = at_once.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        invalid(reply);
    }
}

async fn a_proof_works_once_on_all_instances(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let other = app.another_instance().await;
    let other = Bound::with(&other, Key::es256(), &bound.token, bound.nonce.clone());
    for (first, second) in [(&bound, &other), (&other, &bound)] {
        let proof = bound.proof("GET", "/me").sign();
        first.send_text(Method::GET, "/me", &proof).await.assert_status(200);
        invalid(&second.send_text(Method::GET, "/me", &proof).await);
    }
    let proof = bound.proof("GET", "/me").sign();
    let asks = (0..20).map(|number| if number % 2 == 0 { &bound } else { &other });
    let at_once: JoinSet<_> = asks.map(|from| from.send_text(Method::GET, "/me", &proof).into_future()).collect();
    assert_eq!(at_once.join_all().await.iter().filter(|reply| reply.status == 200).count(), 1);
}

async fn a_login_uses_its_proof_up(app: TestApp) {
    let (ada, key, nonce) = (app.person("ada").await, Key::es256(), nonce(&app).await);
    let proof = key.proof(&app, "POST", "/api/v1/login").nonce(&nonce);
    login(&app, &ada, &proof).await.assert_status(201);
    invalid(&login(&app, &ada, &proof).await);
}

async fn nobody_uses_up_the_proof_of_another(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let hers = Bound::login(&app, &ada, Key::es256()).await;
    let his = Bound::login(&app, &bob, Key::es256()).await;
    let jti = json!("predictable");
    for bound in [&his, &hers] {
        bound.send(Method::GET, "/me", &bound.proof("GET", "/me").claim("jti", jti.clone())).await.assert_status(200);
    }
    // What is refused for another reason stays unused.
    let proof = hers.proof("GET", "/me");
    invalid(&hers.send(Method::GET, "/token", &proof).await);
    hers.send(Method::GET, "/me", &proof).await.assert_status(200);
}

async fn proofs_are_forgotten_when_they_are_old(app: TestApp) {
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    let now = app.db.now().get().unix_timestamp();
    // One from the edge of what is accepted can be sent until the other edge.
    let early = bound.proof("GET", "/me").claim("iat", json!(now + 110)).sign();
    bound.send_text(Method::GET, "/me", &early).await.assert_status(200);
    bound.get("/me").await.assert_status(200);
    assert_eq!(app.count("dpop_proofs").await, 3, "with that of the login");

    app.clock.advance(Duration::seconds(200));
    assert_eq!(dpop::delete_expired(&app.db, 500).await.unwrap(), 2);
    invalid(&bound.send_text(Method::GET, "/me", &early).await);
    app.clock.advance(Duration::seconds(120));
    assert_eq!(dpop::delete_expired(&app.db, 500).await.unwrap(), 1);
    assert!(invalid(&bound.send_text(Method::GET, "/me", &early).await).contains("too long ago"));
    assert_eq!(app.count("dpop_proofs").await, 0);
}
