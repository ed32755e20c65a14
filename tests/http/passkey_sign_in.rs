//! Signing in with a passkey alone (S78).

use axum::http::Method;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use time::Duration;
use vestibule::{
    auth::{
        activity::service::list,
        sign_in::{At, Factor, Proven, Wants},
    },
    features::accounts::admin,
    http::client::Client,
    settings::{Confirm, Settings},
};

use crate::{
    passkeys::{spoiled, wrong},
    sign_in::Enrolled,
    support::{
        Authenticator, Browser, Database, Door, PageForm, Person, Response, TestApp, all_scopes, members,
        on_both_databases, resource::PAGE,
    },
};

on_both_databases! {
    a_passkey_signs_in_alone,
    what_is_asked_says_nothing_of_anybody,
    the_form_of_the_page_goes_on_where_it_should,
    the_form_of_the_page_says_what_is_wrong,
    the_text_that_was_not_sent_survives,
    an_answer_of_another_site_or_without_its_user_opens_nothing,
    what_is_no_answer_opens_nothing,
    a_challenge_is_answered_once_and_in_time,
    a_passkey_opens_its_own_account_only,
    a_removed_passkey_is_unknown,
    who_may_not_sign_in_may_not_with_a_passkey,
    requests_for_a_passkey_are_counted_by_address,
    a_new_password_does_not_take_the_passkey_away,
    who_takes_an_address_over_keeps_nothing_of_whoever_had_it,
    a_passkey_of_a_domain_above_works_on_its_origin,
    a_passkey_answers_for_the_second_factor,
}

/// A person with the passkey of `authenticator`.
pub async fn with_passkey(app: &TestApp, name: &str, authenticator: &mut Authenticator) -> Person {
    let person = app.person(name).await;
    person.browser.add_passkey(authenticator).await;
    person
}

pub async fn sign(browser: &Browser, credential: Value) -> Response {
    browser.post("/login/passkey", json!({"credential": credential})).await
}

async fn a_passkey_signs_in_alone(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let browser = app.browser();
    let reply = browser.sign_in_with(&mut key).await;
    assert_eq!(members(&reply.assert_status(200).json()), ["account"]);
    assert_eq!(reply.json()["account"]["email"], ada.email);
    assert!(browser.is_signed_in().await && browser.device().is_some());
    // It counts as giving the password.
    browser.visit("/account/export").await.assert_status(200);
    assert!(browser.visit("/account/passkeys").await.page(200).contains("last used"));
    let sessions = browser.get("/sessions").await.json();
    assert_eq!(sessions["items"][0]["remembered"], false);

    let again = app.browser();
    let credential = key.sign(&again.asked_to_sign().await);
    again.post("/login/passkey", json!({"credential": credential, "remember": true})).await.assert_status(200);
    assert_eq!(again.get("/sessions").await.json()["items"][0]["remembered"], true);

    app.db.wait_idle().await;
    let events = list(&app.db, ada.account.id).await.unwrap();
    let signed_in = events.iter().find(|event| event.kind.as_str() == "signed_in").unwrap();
    assert_eq!(signed_in.credential, "passkey");
}

async fn what_is_asked_says_nothing_of_anybody(app: TestApp) {
    let mut key = Authenticator::new();
    with_passkey(&app, "ada", &mut key).await;
    let reply = app.browser().post("/login/passkey/options", json!({})).await;
    assert!(!reply.has("set-cookie"));
    let asked = reply.assert_status(200).json()["public_key"].take();
    assert_eq!((&asked["rpId"], &asked["allowCredentials"]), (&json!("localhost"), &json!([])));
    assert_eq!((&asked["userVerification"], &asked["timeout"]), (&json!("required"), &json!(300_000)));
    assert!(BASE64.decode(asked["challenge"].as_str().unwrap()).unwrap().len() >= 16);
    assert_ne!(app.browser().asked_to_sign().await["challenge"], asked["challenge"]);

    let page = app.browser().visit("/sign-in").await.page(200);
    assert!(page.contains(r#"autocomplete="username webauthn""#));
    assert!(page.contains(r#"<script type="module" src="/passkeys.js" nonce=""#), "{page}");
    let (_, form) = page.split_once(r#"action="/passkeys/sign-in""#).unwrap();
    assert!(form.split_once('>').unwrap().0.contains("data-waiting"), "without JavaScript it is not offered");
    // Nor at the token door, whose pages have other origins.
    app.post("/api/v1/login/passkey/options").json(json!({})).await.problem(404, "route_not_found");
}

/// The form of the sign-in page at `path`, as the page's script fills it in.
async fn filled(browser: &Browser, path: &str, key: &mut Authenticator) -> PageForm {
    let page = browser.visit(path).await.page(200);
    let credential = key.sign(&browser.asked_to_sign().await).to_string();
    PageForm::to(&page, "/passkeys/sign-in").with(&[("credential", &credential)])
}

async fn the_form_of_the_page_goes_on_where_it_should(app: TestApp) {
    let mut key = Authenticator::new();
    with_passkey(&app, "ada", &mut key).await;
    for (path, place) in [
        ("/sign-in", PAGE),
        ("/sign-in?next=%2Faccount%2Fpasskeys", "/account/passkeys"),
        ("/sign-in?next=https%3A%2F%2Fevil.example", PAGE),
        ("/sign-in?next=%2F%2Fevil.example", PAGE),
    ] {
        let browser = app.browser();
        filled(&browser, path, &mut key).await.by(&browser).await.assert_redirect(place);
        assert!(browser.is_signed_in().await);
    }
}

async fn the_form_of_the_page_says_what_is_wrong(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let browser = app.browser();
    for credential in ["", "{}", "nonsense", "[]"] {
        let form = [("credential", credential), ("next", "/account")];
        let page = browser.submit("/passkeys/sign-in", &form).await.page(401);
        assert!(page.contains("The passkey was not accepted") && page.contains(r#"value="/account""#), "{page}");
    }
    app.sql("DELETE FROM passkeys").await;
    let page = filled(&browser, "/sign-in", &mut key).await.by(&browser).await.page(401);
    assert!(page.contains("This passkey does not belong to any account here."));
    ada.browser.add_passkey(&mut key).await;
    admin::disable(&app.db, ada.account.id).await.unwrap();
    let page = filled(&browser, "/sign-in", &mut key).await.by(&browser).await.page(403);
    assert!(page.contains("This account is disabled."));
    assert_eq!(browser.cookie(), None);
}

async fn the_text_that_was_not_sent_survives(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let form = PageForm::to(&ada.browser.visit("/account/name").await.page(200), "/account/name");
    app.sql("DELETE FROM browser_sessions").await;
    let page = form.with(&[("name", "Ada King")]).by(&ada.browser).await.page(401);
    assert!(page.contains("What you wrote has been kept."));
    let credential = key.sign(&ada.browser.asked_to_sign().await).to_string();
    let form = PageForm::to(&page, "/passkeys/sign-in").with(&[("credential", &credential)]);
    let page = form.by(&ada.browser).await.page(200);
    assert!(page.contains("Send it now") && page.contains("Ada King"), "{page}");
}

async fn an_answer_of_another_site_or_without_its_user_opens_nothing(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    for (what, change) in wrong() {
        let browser = app.browser();
        let asked = browser.asked_to_sign().await;
        let (rp_id, origin, flags) = (key.rp_id.clone(), key.origin.clone(), key.flags);
        change(&mut key);
        let credential = key.sign(&asked);
        (key.rp_id, key.origin, key.flags) = (rp_id, origin, flags);
        let reply = sign(&browser, credential).await;
        assert_eq!(reply.status, 401, "{what}");
        assert!(!reply.has("set-cookie"), "{what}");
        reply.problem(401, "passkey_refused");
    }
    app.db.wait_idle().await;
    let events = list(&app.db, ada.account.id).await.unwrap();
    let refused = events.iter().filter(|event| event.kind.as_str() == "passkey_refused").count();
    assert_eq!(refused, wrong().len(), "the owner sees each of them");
    app.browser().sign_in_with(&mut key).await.assert_status(200);
}

async fn what_is_no_answer_opens_nothing(app: TestApp) {
    let mut key = Authenticator::new();
    with_passkey(&app, "ada", &mut key).await;
    let browser = app.browser();
    let credential = key.sign(&browser.asked_to_sign().await);
    for answer in spoiled(&credential) {
        sign(&browser, answer).await.problem(401, "passkey_refused");
    }
    for place in [0, 8, 20, 40, 69] {
        let mut signature = BASE64.decode(credential["response"]["signature"].as_str().unwrap()).unwrap();
        let asked = browser.asked_to_sign().await;
        let mut bad = key.sign(&asked);
        let place = place.min(signature.len() - 1);
        signature[place] ^= 1;
        bad["response"]["signature"] = BASE64.encode(&signature).into();
        sign(&browser, bad).await.problem(401, "passkey_refused");
    }
    // What was made for adding a passkey.
    let made = Authenticator::new().make(&json!({"user": {"id": ""}, "challenge": credential["id"]}));
    sign(&browser, made).await.problem(401, "passkey_refused");
    for body in [json!({}), json!({"credential": credential, "more": 1})] {
        browser.post("/login/passkey", body).await.problem(422, "validation_failed");
    }
    assert_eq!(browser.cookie(), None);
}

async fn a_challenge_is_answered_once_and_in_time(app: TestApp) {
    let mut key = Authenticator::synced();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let credential = key.sign(&app.browser().asked_to_sign().await);
    sign(&app.browser(), credential.clone()).await.assert_status(200);
    sign(&app.browser(), credential).await.problem(401, "passkey_refused");

    // A refused answer uses it up as well.
    let asked = app.browser().asked_to_sign().await;
    key.origin = "https://evil.example".into();
    sign(&app.browser(), key.sign(&asked)).await.problem(401, "passkey_refused");
    key.origin = crate::support::OURS.into();
    sign(&app.browser(), key.sign(&asked)).await.problem(401, "passkey_refused");

    let to_add = ada.browser.asked_to_add().await;
    sign(&app.browser(), key.sign(&to_add)).await.problem(401, "passkey_refused");
    let mut made_up = asked.clone();
    made_up["challenge"] = BASE64.encode([7; 16]).into();
    sign(&app.browser(), key.sign(&made_up)).await.problem(401, "passkey_refused");

    let asked = app.browser().asked_to_sign().await;
    app.clock.advance(Duration::minutes(5) - Duration::seconds(1));
    sign(&app.browser(), key.sign(&asked)).await.assert_status(200);
    let asked = app.browser().asked_to_sign().await;
    app.clock.advance(Duration::minutes(5));
    sign(&app.browser(), key.sign(&asked)).await.problem(401, "passkey_refused");

    // Another instance knows it.
    let asked = app.browser().asked_to_sign().await;
    let there = app.another_instance().await;
    sign(&there.browser(), key.sign(&asked)).await.assert_status(200);
}

async fn a_passkey_opens_its_own_account_only(app: TestApp) {
    let (mut hers, mut his) = (Authenticator::synced(), Authenticator::synced());
    let ada = with_passkey(&app, "ada", &mut hers).await;
    let bob = with_passkey(&app, "bob", &mut his).await;
    // Signed by his key, said to be hers.
    let browser = app.browser();
    his.user_handle.clone_from(&hers.user_handle);
    sign(&browser, his.sign(&browser.asked_to_sign().await)).await.problem(401, "passkey_refused");
    let own = std::mem::replace(&mut his.credential_id, hers.credential_id.clone());
    sign(&browser, his.sign(&browser.asked_to_sign().await)).await.problem(401, "passkey_refused");
    his.credential_id = own;
    for handle in [Vec::new(), vec![7; 16], vec![7; 64]] {
        his.user_handle = handle;
        sign(&browser, his.sign(&browser.asked_to_sign().await)).await.problem(401, "passkey_refused");
    }
    his.user_handle = bob.account.id.as_bytes().to_vec();
    // Whoever is signed in already: it is the passkey that says who signs in.
    let reply = ada.browser.sign_in_with(&mut his).await;
    assert_eq!(reply.assert_status(200).json()["account"]["email"], bob.email);
    assert_eq!(ada.browser.get("/me").await.json()["email"], bob.email);
}

async fn a_removed_passkey_is_unknown(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = app.person("ada").await;
    let id = ada.browser.add_passkey(&mut key).await;
    let path = format!("/account/passkeys/{id}/remove");
    ada.browser.submit(&path, &[]).await.assert_redirect("/account/passkeys");
    app.browser().sign_in_with(&mut key).await.problem(401, "passkey_unknown");
    // It can be added again.
    ada.browser.add_passkey(&mut key).await;
    app.browser().sign_in_with(&mut key).await.assert_status(200);
}

async fn who_may_not_sign_in_may_not_with_a_passkey(database: Database) {
    let app = TestApp::with(database, |_| {}).await;
    let mut key = Authenticator::synced();
    let ada = with_passkey(&app, "ada", &mut key).await;
    admin::disable(&app.db, ada.account.id).await.unwrap();
    app.browser().sign_in_with(&mut key).await.problem(403, "account_disabled");
    admin::enable(&app.db, ada.account.id).await.unwrap();
    app.browser().sign_in_with(&mut key).await.assert_status(200);

    let strict = app.state(|settings| settings.accounts.confirm = Confirm::Required).await;
    let proven = Proven::of(&app.db, ada.account.id, Factor::Passkey).await.unwrap().unwrap();
    let asked = (At::Client(None), Wants::default(), Client::default());
    let refused = strict.sign_ins.proceed(proven, asked.0, asked.1, &asked.2).await.err().unwrap();
    assert_eq!(refused.code(), "address_not_confirmed");
}

async fn requests_for_a_passkey_are_counted_by_address(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.passkeys_per_address = 3).await;
    let ask = |address: &str| app.browser().post("/login/passkey/options", json!({})).at(address);
    let mut refused = 0;
    for _ in 0..12 {
        let reply = ask("192.0.2.7").await;
        if reply.status == 429 {
            assert_eq!(reply.problem(429, "rate_limited")["limit"], "passkey");
            assert!(reply.has("retry-after"));
            refused += 1;
        }
    }
    assert!(refused > 0);
    ask("192.0.2.8").await.assert_status(200);
    assert!(app.count("passkey_challenges").await < 12);
}

async fn a_new_password_does_not_take_the_passkey_away(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    app.sql("UPDATE accounts SET email_verified_at = created_at").await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    let browser = app.browser();
    browser.submit(&reset, &[("password", "entirely different words")]).await;
    app.browser().sign_in_with(&mut key).await.assert_status(200);
}

/// Somebody signed up with an address of which nobody has shown that it is theirs, and its owner resets the password.
async fn who_takes_an_address_over_keeps_nothing_of_whoever_had_it(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let token = app.token(&ada, &all_scopes()).await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    app.browser().submit(&reset, &[("password", "entirely different words")]).await;
    app.browser().sign_in_with(&mut key).await.problem(401, "passkey_unknown");
    token.get("/token").await.problem(401, "token_revoked");
    assert_eq!(app.count("passkeys").await, 0);
}

async fn a_passkey_of_a_domain_above_works_on_its_origin(database: Database) {
    let app = TestApp::with(database, |settings: &mut Settings| {
        settings.server.public_url = "https://accounts.vestibule.example".parse().unwrap();
        settings.passkeys.rp_id = "vestibule.example".into();
    })
    .await;
    let mut key = Authenticator {
        rp_id: "vestibule.example".into(),
        origin: "https://accounts.vestibule.example".into(),
        ..Authenticator::new()
    };
    with_passkey(&app, "ada", &mut key).await;
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    for origin in ["https://vestibule.example", "https://evil.vestibule.example"] {
        key.origin = origin.into();
        app.browser().sign_in_with(&mut key).await.problem(401, "passkey_refused");
    }
    key.origin = "https://accounts.vestibule.example".into();
    key.rp_id = "accounts.vestibule.example".into();
    app.browser().sign_in_with(&mut key).await.problem(401, "passkey_refused");
    app.browser().ask(Method::GET, "/.well-known/passkey-endpoints").await.assert_status(200);
}

async fn a_passkey_answers_for_the_second_factor(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = with_passkey(&app, "ada", &mut key).await;
    let enrolled = Enrolled::of(&app, ada.clone()).await;

    // Alone it is enough.
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    // After the password it is one of the steps.
    let browser = app.browser();
    let problem = enrolled.password_in(&browser).await.problem(401, "second_factor_required");
    let steps = json!([{"step": "totp"}, {"step": "passkey"}, {"step": "recovery_code"}]);
    assert_eq!(problem["next"], steps);
    let page = browser.visit("/sign-in/passkey").await.page(200);
    assert!(page.contains(r#"<script type="module" src="/passkeys.js" nonce=""#), "{page}");
    let answer = async |key: &mut Authenticator| {
        let credential = key.sign(&browser.asked_to_sign().await).to_string();
        let page = browser.visit("/sign-in/passkey").await.page(200);
        PageForm::to(&page, "/sign-in/passkey").with(&[("code", &credential)]).by(&browser).await
    };
    let mut other = Authenticator::new();
    with_passkey(&app, "bob", &mut other).await;
    answer(&mut other).await.page(422);
    browser.submit("/sign-in/passkey", &[("code", "nonsense")]).await.page(422);
    assert!(!browser.is_signed_in().await);
    answer(&mut key).await.assert_redirect(PAGE);
    assert!(browser.is_signed_in().await);

    // Not at the token door, whose pages have other origins.
    let problem = enrolled.login(&app, json!({})).await.problem(401, "second_factor_required");
    assert_eq!(problem["next"], json!([{"step": "totp"}, {"step": "recovery_code"}]));

    let page = ada.browser.visit("/account/security").await.page(200);
    assert!(page.contains("1 passkey.") && page.contains(r#"href="/account/passkeys""#), "{page}");
}
