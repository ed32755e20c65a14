//! The whole flow: sent to the site, signed in, sent back with a code, which is exchanged for tokens that work.

use serde_json::json;

use super::{
    OWN, OWN_ORIGIN, OWN_URI, SCOPE, Site, THEIR_ORIGIN, THEIR_URI, Tokens, code, decide, destination, events,
    exchange, parameter, query, refresh, registered, sent,
};
use crate::support::{Door, OURS, PASSWORD, PageForm, on_both_databases};

on_both_databases! {
    an_own_application_signs_a_visitor_in,
    an_application_that_somebody_registered_asks_for_consent_first,
    a_client_with_a_secret_needs_it,
    the_request_goes_through_every_step_of_signing_in,
    what_an_application_gets_is_on_no_list_of_tokens,
    a_page_of_the_application_can_do_all_of_it_from_its_origin,
}

async fn an_own_application_signs_a_visitor_in(Site(app): Site) {
    let ada = app.person("ada").await;
    let visitor = app.browser();
    let asked = query(OWN, OWN_URI, &[("login_hint", Some("ada@example.org"))]);
    let reply = sent(&visitor, &asked).await;
    let sign_in = reply.assert_status(303).header("location").to_owned();
    let page = visitor.visit(&sign_in).await.page(200);
    let form = PageForm::to(&page, "/sign-in");
    assert_eq!(form.value("email"), "ada@example.org", "the hint of the client");
    let next = form.value("next").to_owned();
    assert_eq!(next, format!("/authorize?{asked}"));

    let reply = form.with(&[("password", PASSWORD)]).by(&visitor).await;
    reply.assert_redirect(&next);
    // The browser comes from our form, whose policy keeps its post on this site, so a page leads on.
    let reply = visitor.visit(&next).await;
    let url = destination(&reply);
    assert!(reply.header("refresh").starts_with("0; url=") && reply.page(200).contains("Continue"), "{url}");
    assert_eq!(url.as_str().split('?').next(), Some(OWN_URI));
    assert_eq!((parameter(&url, "state").as_str(), parameter(&url, "iss").as_str()), ("the state", OURS));

    let reply = exchange(&app, OWN, OWN_URI, &parameter(&url, "code")).await;
    let body = reply.assert_status(200).json();
    assert_eq!((&body["expires_in"], &body["scope"]), (&json!(900), &json!(SCOPE)));
    let tokens = Tokens::of(&app, &reply);
    assert_eq!(tokens.access.get("/me").await.assert_status(200).json()["email"], ada.email);
    tokens.access.post("/entries", json!({"title": "a"})).await.problem(403, "scope_missing");
    let current = tokens.access.get("/token").await.json();
    assert_eq!((&current["issued_by"], &current["name"]), (&json!("client"), &json!("Own app")));

    let tokens = Tokens::of(&app, &refresh(&app, OWN, &tokens.refresh).await);
    assert!(tokens.work().await);
    assert!(events(&app, &ada).await.contains(&"app_authorized".to_owned()));
    // Signed in by now: straight back.
    let reply = sent(&visitor, &query(OWN, OWN_URI, &[])).await;
    assert_eq!(reply.status, 303);
    assert!(!parameter(&destination(&reply), "code").is_empty());
}

async fn an_application_that_somebody_registered_asks_for_consent_first(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (client, _) = registered(&bob, THEIR_URI, false).await;
    let reply = sent(&ada.browser, &query(&client, THEIR_URI, &[])).await;
    let page = reply.page(200);
    for part in ["Their app", THEIR_ORIGIN, "registered by a user of this site", "Read your name", "ada@example.org"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("<code>entries:read</code>") && !page.contains("<code>entries:write</code>"));
    assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!((app.count("oauth_codes").await, app.count("oauth_grants").await), (0, 0));

    let refused = destination(&decide(&ada.browser, &reply, "cancel").await);
    assert_eq!(parameter(&refused, "error"), "access_denied");
    assert_eq!((parameter(&refused, "state"), app.count("oauth_codes").await), ("the state".into(), 0));

    let url = destination(&decide(&ada.browser, &reply, "allow").await);
    let reply = exchange(&app, &client, THEIR_URI, &parameter(&url, "code")).await;
    assert!(Tokens::of(&app, &reply).work().await);

    // The same access again needs no question; more does.
    let reply = sent(&ada.browser, &query(&client, THEIR_URI, &[("scope", Some("account:read"))])).await;
    assert!(!parameter(&destination(&reply), "code").is_empty());
    let more = query(&client, THEIR_URI, &[("scope", Some("account:read entries:write"))]);
    assert!(sent(&ada.browser, &more).await.page(200).contains("<code>entries:write</code>"));
    let again = query(&client, THEIR_URI, &[("prompt", Some("consent"))]);
    assert!(sent(&ada.browser, &again).await.page(200).contains("Their app"));
}

async fn a_client_with_a_secret_needs_it(Site(app): Site) {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let ada = app.person("ada").await;
    let (client, secret) = registered(&ada, THEIR_URI, true).await;
    let secret = secret.unwrap();
    assert!(!ada.browser.visit("/account/developer").await.page(200).contains(&secret), "it is shown once");
    let code = code(&ada.browser, &client, THEIR_URI).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", THEIR_URI),
        ("code", &code),
        ("code_verifier", super::VERIFIER),
    ];
    let post = || app.post("/api/v1/oauth/token");
    let with = |more: &[(&'static str, &str)]| {
        let fields: Vec<_> = fields.iter().chain(more).copied().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        serde_urlencoded::to_string(fields).unwrap()
    };
    let form = "application/x-www-form-urlencoded";
    let wrong = secret.replace("vcs_", "vcs_x");
    for more in [&[("client_id", client.as_str())][..], &[("client_id", &client), ("client_secret", &wrong)]] {
        let reply = post().body(form, with(more)).await;
        super::refused(&reply, 401, "invalid_client");
        assert!(reply.header("www-authenticate").starts_with("Basic "));
    }
    let basic = |secret: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{client}:{secret}")));
    let reply = post().body(form, with(&[])).header("authorization", &basic("nonsense")).await;
    super::refused(&reply, 401, "invalid_client");
    let reply = post().body(form, with(&[])).header("authorization", &basic(&secret)).await;
    let tokens = Tokens::of(&app, &reply);
    assert!(tokens.work().await);
    super::refused(&refresh(&app, &client, &tokens.refresh).await, 401, "invalid_client");
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.refresh),
        ("client_id", &client),
        ("client_secret", &secret),
    ];
    assert!(Tokens::of(&app, &super::token(&app, &fields).await).work().await);
    // Only a hash is stored.
    let dump = app.dump().await;
    for text in [&secret[4..], &tokens.refresh[4..42], &tokens.refresh[42..], &code[5..]] {
        assert!(!dump.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

async fn the_request_goes_through_every_step_of_signing_in(Site(app): Site) {
    let enrolled = crate::sign_in::Enrolled::new(&app, "ada").await;
    let visitor = app.browser();
    let long = "s".repeat(1_000);
    let asked = query(OWN, OWN_URI, &[("state", Some(&long))]);
    let sign_in = sent(&visitor, &asked).await.assert_status(303).header("location").to_owned();
    let form = PageForm::to(&visitor.visit(&sign_in).await.page(200), "/sign-in");
    let reply = form.with(&[("email", "ada@example.org"), ("password", PASSWORD)]).by(&visitor).await;
    let step = reply.assert_status(303).header("location").to_owned();
    assert!(step.starts_with("/sign-in/totp?next="), "{step}");
    // Another step, as its link leads there.
    let page = visitor.visit(&step.replace("/totp", "/recovery_code")).await.page(200);
    let form = PageForm::to(&page, "/sign-in/recovery_code");
    let reply = form.with(&[("code", &enrolled.codes[0])]).by(&visitor).await;
    let next = reply.assert_status(303).header("location").to_owned();
    assert_eq!(next, format!("/authorize?{asked}"));
    let url = destination(&visitor.visit(&next).await);
    assert_eq!(parameter(&url, "state"), long);
    assert!(Tokens::of(&app, &exchange(&app, OWN, OWN_URI, &parameter(&url, "code")).await).work().await);
}

async fn what_an_application_gets_is_on_no_list_of_tokens(Site(app): Site) {
    let ada = app.person("ada").await;
    let listed = async || ada.client.get("/tokens").await.json()["items"].as_array().unwrap().len();
    let before = listed().await;
    let mut tokens = Tokens::own(&app, &ada).await;
    for _ in 0..12 {
        tokens = Tokens::of(&app, &refresh(&app, OWN, &tokens.refresh).await);
    }
    assert_eq!(listed().await, before);
    assert!(tokens.work().await);
    let mut raw = app.raw().await;
    let kept = raw.texts("SELECT name FROM tokens WHERE issued_by = 'client'").await.len();
    assert_eq!(kept, 10, "the newest");
    let page = ada.browser.visit("/account/apps").await.page(200);
    assert!(page.contains("Own app") && page.contains("Read your name"), "{page}");
    assert!(ada.browser.visit("/account").await.page(200).contains("/account/apps"));
}

async fn a_page_of_the_application_can_do_all_of_it_from_its_origin(Site(app): Site) {
    let ada = app.person("ada").await;
    let (client, _) = registered(&ada, THEIR_URI, false).await;
    for (client, uri, origin) in [(OWN, OWN_URI, OWN_ORIGIN), (client.as_str(), THEIR_URI, THEIR_ORIGIN)] {
        let preflight = app
            .ask(axum::http::Method::OPTIONS, "/api/v1/oauth/token")
            .headers(&[("origin", origin), ("access-control-request-method", "POST")])
            .await;
        assert_eq!(preflight.assert_status(204).header("access-control-allow-origin"), origin);
        let code = code(&ada.browser, client, uri).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("redirect_uri", uri),
            ("code", &code),
            ("code_verifier", super::VERIFIER),
        ];
        let reply = app.post("/api/v1/oauth/token").form(&fields).header("origin", origin).await;
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        let tokens = Tokens::of(&app, &reply);
        for origin in [origin, OURS] {
            let reply = tokens.access.get("/me").header("origin", origin).await;
            reply.assert_status(200);
        }
        let reply = tokens.access.get("/me").header("origin", origin).await;
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        // A server of theirs sends no origin; a page of anybody else is none of theirs.
        assert!(tokens.work().await);
        let reply = tokens.access.get("/me").header("origin", "https://evil.example").await;
        reply.problem(403, "origin_not_allowed");
        // An error can be read as well.
        let reply = app.post("/api/v1/oauth/token").form(&fields).header("origin", origin).await;
        super::refused(&reply, 400, "invalid_grant");
        assert_eq!(reply.header("access-control-allow-origin"), origin);
    }
    // An origin that anybody can register opens nothing that takes a password (S70).
    let login = json!({"email": ada.email, "password": PASSWORD});
    let reply = app.post("/api/v1/login").json(login.clone()).header("origin", THEIR_ORIGIN).await;
    reply.problem(403, "origin_not_allowed");
    app.post("/api/v1/login").json(login).header("origin", OWN_ORIGIN).await.assert_status(201);
}
