//! Codes in the wrong hands (RFC 9700 section 4).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};
use time::Duration;

use super::{
    CHALLENGE, OWN, OWN_URI, Site, THEIR_URI, Tokens, VERIFIER, code, destination, exchange, parameter, query, refresh,
    refused, registered, sent, token,
};
use crate::support::{Database, Door, OURS, Prepare, hang_up_after, on_both_databases, without_database};

on_both_databases! {
    a_code_that_is_used_twice_ends_what_it_gave,
    of_many_who_use_a_code_at_once_nobody_keeps_a_token,
    a_code_belongs_to_its_client_its_redirect_uri_and_its_verifier,
    a_code_lasts_a_minute,
    a_code_of_somebody_who_was_signed_out_gives_nothing,
    a_client_that_hangs_up_leaves_nothing_half_done,
    codes_that_nobody_exchanges_are_few,
    a_code_that_is_injected_into_another_flow_gives_nothing,
    every_answer_names_its_server_and_another_takes_nothing_of_it,
}

without_database! {
    nobody_is_sent_to_a_strangers_page_by_a_link,
}

async fn a_code_that_is_used_twice_ends_what_it_gave(Site(app): Site) {
    let ada = app.person("ada").await;
    let others = Tokens::own(&app, &ada).await;
    let stolen = code(&ada.browser, OWN, OWN_URI).await;
    let tokens = Tokens::of(&app, &exchange(&app, OWN, OWN_URI, &stolen).await);
    assert!(tokens.work().await);
    // The thief has no verifier, but is noticed.
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", OWN),
        ("redirect_uri", OWN_URI),
        ("code", &stolen),
        ("code_verifier", CHALLENGE),
    ];
    refused(&token(&app, &fields).await, 400, "invalid_grant");
    tokens.access.get("/me").await.problem(401, "token_revoked");
    refused(&refresh(&app, OWN, &tokens.refresh).await, 400, "invalid_grant");
    refused(&exchange(&app, OWN, OWN_URI, &stolen).await, 400, "invalid_grant");
    assert!(others.work().await, "what another code gave goes on");
}

async fn of_many_who_use_a_code_at_once_nobody_keeps_a_token(Site(app): Site) {
    let ada = app.person("ada").await;
    let one = code(&ada.browser, OWN, OWN_URI).await;
    let asks = (0..8).map(|_| {
        let (app, one) = (app.clone(), one.clone());
        tokio::spawn(async move { exchange(&app, OWN, OWN_URI, &one).await })
    });
    let mut replies = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        replies.push(ask.await.unwrap());
    }
    let given: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert!(given.len() <= 1, "{}", given.len());
    for reply in given {
        assert!(!Tokens::of(&app, reply).work().await);
    }
}

async fn a_code_belongs_to_its_client_its_redirect_uri_and_its_verifier(Site(app): Site) {
    let ada = app.person("ada").await;
    let (theirs, _) = registered(&ada, &format!("{THEIR_URI} {OWN_URI}"), false).await;
    let one = code(&ada.browser, OWN, OWN_URI).await;
    let with = |changed: (&'static str, String)| {
        let usual = [
            ("grant_type", "authorization_code"),
            ("client_id", OWN),
            ("redirect_uri", OWN_URI),
            ("code", &one),
            ("code_verifier", VERIFIER),
        ];
        let fields =
            usual.map(|(name, value)| (name, if name == changed.0 { changed.1.clone() } else { value.into() }));
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| value != "-").collect();
        app.post("/api/v1/oauth/token")
            .body("application/x-www-form-urlencoded", serde_urlencoded::to_string(fields).unwrap())
    };
    let other = VERIFIER.replace('d', "e");
    for (name, value, error) in [
        ("code_verifier", other.as_str(), "invalid_grant"),
        ("code_verifier", CHALLENGE, "invalid_grant"),
        ("code_verifier", "-", "invalid_request"),
        ("code_verifier", "", "invalid_request"),
        ("redirect_uri", "http://localhost:5175/", "invalid_grant"),
        ("redirect_uri", "http://localhost:5176/callback", "invalid_grant"),
        ("redirect_uri", "-", "invalid_request"),
        ("client_id", &theirs, "invalid_grant"),
        ("code", "code_nonsense", "invalid_grant"),
        ("code", "-", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "client_credentials", "unsupported_grant_type"),
        ("grant_type", "-", "invalid_request"),
    ] {
        refused(&with((name, value.to_owned())).await, 400, error);
    }
    refused(&with(("client_id", "nobody".into())).await, 401, "invalid_client");
    refused(&with(("client_id", "-".into())).await, 401, "invalid_client");
    // None of them used it up.
    exchange(&app, OWN, OWN_URI, &one).await.assert_status(200);
}

async fn a_code_lasts_a_minute(Site(app): Site) {
    let ada = app.person("ada").await;
    let (one, other) = (code(&ada.browser, OWN, OWN_URI).await, code(&ada.browser, OWN, OWN_URI).await);
    app.clock.advance(Duration::seconds(59));
    exchange(&app, OWN, OWN_URI, &one).await.assert_status(200);
    app.clock.advance(Duration::seconds(2));
    refused(&exchange(&app, OWN, OWN_URI, &other).await, 400, "invalid_grant");
}

async fn a_code_of_somebody_who_was_signed_out_gives_nothing(Site(app): Site) {
    let ada = app.person("ada").await;
    let one = code(&ada.browser, OWN, OWN_URI).await;
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    refused(&exchange(&app, OWN, OWN_URI, &one).await, 400, "invalid_grant");
    let bob = app.person("bob").await;
    let one = code(&bob.browser, OWN, OWN_URI).await;
    super::change_password(&bob.browser).await;
    refused(&exchange(&app, OWN, OWN_URI, &one).await, 400, "invalid_grant");
    assert_eq!(app.count("oauth_grants").await, 0);
}

async fn a_client_that_hangs_up_leaves_nothing_half_done(Site(app): Site) {
    let ada = app.person("ada").await;
    for polls in 1..12 {
        let one = code(&ada.browser, OWN, OWN_URI).await;
        let _ = hang_up_after(polls, exchange(&app, OWN, OWN_URI, &one)).await;
        app.db.wait_idle().await;
        // Either it was not used, or a second use is noticed: never in between.
        let reply = exchange(&app, OWN, OWN_URI, &one).await;
        assert!(matches!(reply.status.as_u16(), 200 | 400), "{}", reply.text());
    }
    assert!(Tokens::own(&app, &ada).await.work().await);
}

async fn codes_that_nobody_exchanges_are_few(Site(app): Site) {
    let ada = app.person("ada").await;
    let first = code(&ada.browser, OWN, OWN_URI).await;
    for _ in 0..25 {
        app.clock.advance(Duration::milliseconds(10));
        sent(&ada.browser, &query(OWN, OWN_URI, &[])).await.assert_status(303);
    }
    assert_eq!(app.count("oauth_codes").await, 20);
    refused(&exchange(&app, OWN, OWN_URI, &first).await, 400, "invalid_grant");
}

/// RFC 9700 section 4.5: the attacker has somebody's code, and puts it into a flow of their own with the same client. The
/// client sends the verifier of that flow.
async fn a_code_that_is_injected_into_another_flow_gives_nothing(Site(app): Site) {
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let stolen = code(&ada.browser, OWN, OWN_URI).await;
    // SHA-256 of 43 times "e", and the verifier itself.
    let (verifier, challenge) = ("e".repeat(43), BASE64.encode(Sha256::digest("e".repeat(43))));
    let asked = query(OWN, OWN_URI, &[("code_challenge", Some(&challenge))]);
    let own = parameter(&destination(&sent(&eve.browser, &asked).await), "code");
    let with = async |code: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", OWN),
            ("redirect_uri", OWN_URI),
            ("code", code),
            ("code_verifier", &verifier),
        ];
        token(&app, &fields).await
    };
    refused(&with(&stolen).await, 400, "invalid_grant");
    with(&own).await.assert_status(200);
    assert!(Tokens::of(&app, &exchange(&app, OWN, OWN_URI, &stolen).await).work().await, "it is still its owner's");
}

/// RFC 9700 section 4.4: a client that talks to two servers learns from `iss` which one answered (RFC 9207).
async fn every_answer_names_its_server_and_another_takes_nothing_of_it(database: Database) {
    let (Site(app), Site(other)) = (Site::on(database).await, Site::on(database).await);
    let ada = app.person("ada").await;
    let issuer = app.get("/.well-known/oauth-authorization-server").await.json()["issuer"].clone();
    assert_eq!(issuer, OURS);
    for changes in [&[][..], &[("scope", Some("nonsense"))], &[("prompt", Some("none")), ("max_age", Some("0"))]] {
        app.clock.advance(Duration::seconds(1));
        let url = destination(&sent(&ada.browser, &query(OWN, OWN_URI, changes)).await);
        assert_eq!(parameter(&url, "iss"), OURS, "{url}");
    }
    let one = code(&ada.browser, OWN, OWN_URI).await;
    refused(&exchange(&other, OWN, OWN_URI, &one).await, 400, "invalid_grant");
    let tokens = Tokens::of(&app, &exchange(&app, OWN, OWN_URI, &one).await);
    refused(&refresh(&other, OWN, &tokens.refresh).await, 400, "invalid_grant");
    other.client(&tokens.access.token).get("/me").await.problem(401, "token_invalid");
}

/// RFC 9700 section 4.11.2: anybody can register an application, so a link to this site must not lead to its pages.
async fn nobody_is_sent_to_a_strangers_page_by_a_link(Site(app): Site) {
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let (client, _) = registered(&eve, THEIR_URI, false).await;
    for changes in [("scope", Some("nonsense")), ("code_challenge", None), ("response_type", Some("token"))] {
        let asked = query(&client, THEIR_URI, &[changes]);
        for browser in [&ada.browser, &app.browser()] {
            let reply = sent(browser, &asked).await;
            assert!(!reply.has("location") && !reply.has("refresh"), "{changes:?}");
            let page = reply.page(400);
            assert!(
                page.contains("registered by a user of this site") && page.contains("Continue to https://app.example")
            );
        }
        let form = [("request", asked.as_str()), ("decision", "allow")];
        assert!(!ada.browser.submit("/authorize", &form).await.assert_status(400).has("refresh"));
    }
    // The site's own are trusted.
    let own = sent(&app.browser(), &query(OWN, OWN_URI, &[("scope", Some("nonsense"))])).await;
    assert_eq!(parameter(&destination(&own), "error"), "invalid_scope");
}
