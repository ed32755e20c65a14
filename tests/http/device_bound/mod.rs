//! Sessions that are bound to a key of the device (Device Bound Session Credentials), and what a copy of their cookies is
//! worth.

pub mod key;
mod refusals;

use std::time::Duration as StdDuration;

use axum::{
    body::{Body, to_bytes},
    http::Method,
};
use serde_json::json;
use time::Duration;
use tokio::time::timeout;
use uuid::Uuid;
use vestibule::settings::{DeviceBinding, Settings};

pub use self::key::Key;
use crate::support::{
    Browser, Database, Door, PASSWORD, Person, Prepare, Response, TestApp, on_both_databases,
    resource::{LIST_FUNCTION, PAGE, item_form, list_arguments},
    without_database,
};

on_both_databases! {
    a_copy_of_the_cookies_is_nobody_when_the_short_one_is_over,
    a_challenge_is_answered_once_on_any_instance,
    a_registration_whose_answer_was_lost_binds_nothing,
}

without_database! {
    a_browser_that_does_not_register_notices_nothing,
    nothing_is_offered_on_http_or_if_it_is_off,
    an_rsa_key_binds_too,
    a_session_that_is_over_is_not_refreshed,
    a_proof_of_the_person_keeps_the_binding,
    a_stream_of_a_bound_session_ends_with_the_short_cookie,
    operators_may_need_a_bound_session,
}

const START: &str = "/session/device-bound/start";
const REFRESH: &str = "/session/device-bound/refresh";
/// The life of a short cookie.
const LIFE: Duration = Duration::minutes(5);

/// A browser with a bound session.
pub struct Bound {
    pub browser: Browser,
    pub key: Key,
    pub session: String,
}

impl Bound {
    /// Signs `person` in with a browser that registers `key`, and uses it once.
    pub async fn new(app: &TestApp, person: &Person, key: Key) -> Self {
        let browser = app.browser();
        let offered = challenge(&sign_in(&browser, person).await);
        let answer = register(&browser, &key.registration(&offered)).await;
        let session = answer.assert_status(200).json()["session_identifier"].as_str().unwrap().to_owned();
        assert!(browser.is_signed_in().await);
        app.db.wait_idle().await;
        Self { browser, key, session }
    }

    async fn refresh(&self, proof: Option<&str>) -> Response {
        refresh(&self.browser, &self.session, proof).await
    }

    /// What a browser does when the short cookie is over.
    pub async fn renew(&self) -> Response {
        let asked = next_challenge(&self.refresh(None).await, &self.session);
        self.refresh(Some(&self.key.proof(&asked))).await
    }

    /// Another browser with a copy of all cookies.
    fn stolen(&self) -> Browser {
        let thief = self.browser.new_one();
        thief.put("__Host-Http-session", &self.browser.cookie().unwrap());
        if let Some(short) = self.browser.of_name("__Host-bound") {
            thief.put("__Host-bound", &short);
        }
        thief
    }
}

async fn sign_in(browser: &Browser, person: &Person) -> Response {
    let form = [("email", person.email.as_str()), ("password", PASSWORD)];
    let answer = browser.submit("/sign-in", &form).await;
    answer.assert_status(303);
    answer
}

/// The challenge of the registration that `answer` offers.
#[track_caller]
fn challenge(answer: &Response) -> String {
    let offer = answer.header("secure-session-registration");
    let rest = offer.strip_prefix(&format!(r#"(ES256 RS256);path="{START}";challenge=""#));
    rest.unwrap_or_else(|| panic!("{offer:?}")).strip_suffix('"').unwrap().to_owned()
}

/// The challenge of a refresh.
#[track_caller]
fn next_challenge(answer: &Response, session: &str) -> String {
    answer.problem(403, "session_proof_needed");
    let header = answer.header("secure-session-challenge");
    let challenge = header.strip_prefix('"').and_then(|rest| rest.strip_suffix(&format!(r#"";id="{session}""#)));
    challenge.unwrap_or_else(|| panic!("{header:?}")).to_owned()
}

async fn register(browser: &Browser, proof: &str) -> Response {
    browser.ask(Method::POST, START).header("secure-session-response", proof).await
}

async fn refresh(browser: &Browser, session: &str, proof: Option<&str>) -> Response {
    let ask = browser.ask(Method::POST, REFRESH).header("sec-secure-session-id", session);
    match proof {
        Some(proof) => ask.header("secure-session-response", proof).await,
        None => ask.await,
    }
}

/// Insists that `browser` is nobody, whatever it asks for.
async fn is_nobody(browser: &Browser) {
    browser.visit("/account").await.assert_redirect("/sign-in?next=%2Faccount");
    for path in ["/me", "/events"] {
        browser.get(path).await.problem(401, "not_signed_in");
    }
    browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments()).await.problem(401, "not_signed_in");
    let sent = browser.submit(PAGE, &item_form("Milk", "")).await;
    assert!(sent.status == 303 && sent.header("location").starts_with("/sign-in"), "{sent:?}");
}

/// The bound sessions of a list.
async fn bound(door: &dyn Door) -> usize {
    let sessions = door.get("/sessions").await.assert_status(200).json();
    sessions["items"].as_array().unwrap().iter().filter(|item| !item["bound_at"].is_null()).count()
}

async fn a_copy_of_the_cookies_is_nobody_when_the_short_one_is_over(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let hers = Bound::new(&app, &ada, Key::new()).await;
    assert_eq!(bound(&ada.client).await, 1);
    let page = ada.browser.visit("/account").await.page(200);
    assert_eq!(page.matches("Bound to the device").count(), 1);
    let export = ada.browser.visit("/account/export").await;
    if export.status == 200 {
        assert!(export.text().contains("\"bound_at\""));
    }

    let thief = hers.stolen();
    assert!(thief.is_signed_in().await, "a copy works for some minutes");
    let long = hers.browser.new_one();
    long.put("__Host-Http-session", &hers.browser.cookie().unwrap());
    app.clock.advance(Duration::seconds(11));
    is_nobody(&long).await;

    app.clock.advance(LIFE);
    is_nobody(&thief).await;
    let page = thief.visit("/sign-in").await.page(200);
    assert!(page.contains("could not prove that it is the one"), "{page}");
    // The browser itself is nobody either, until it proves the key. What the thief did has ended nothing.
    is_nobody(&hers.browser).await;
    let renewed = hers.renew().await;
    let rules = renewed.assert_status(200).json();
    assert_eq!(rules["session_identifier"], hers.session);
    assert_eq!(rules["refresh_url"], REFRESH);
    assert_eq!(rules["scope"]["origin"], "https://vestibule.example");
    let [cookie] = renewed.all_cookies().try_into().unwrap();
    assert_eq!(cookie.name, rules["credentials"][0]["name"]);
    let mut attributes: Vec<_> = rules["credentials"][0]["attributes"].as_str().unwrap().split("; ").collect();
    attributes.push("Max-Age=290");
    attributes.sort_unstable();
    assert_eq!(cookie.attributes, attributes, "those that were registered");
    assert!(hers.browser.is_signed_in().await);
    is_nobody(&thief).await;
    is_nobody(&long).await;
}

async fn a_challenge_is_answered_once_on_any_instance(database: Database) {
    let app = TestApp::https(database).await;
    let other = app.another_instance().await;
    let ada = app.person("ada").await;
    let hers = Bound::new(&app, &ada, Key::new()).await;
    let there = other.browser();
    for _ in 0..3 {
        let asked = next_challenge(&hers.refresh(None).await, &hers.session);
        let proof = hers.key.proof(&asked);
        let (one, two) = tokio::join!(hers.refresh(Some(&proof)), refresh(&there, &hers.session, Some(&proof)));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403]);
        // Whoever was second gets a challenge that works, on any instance, without waiting.
        let again = if one.status == 403 { &one } else { &two };
        let proof = hers.key.proof(&next_challenge(again, &hers.session));
        refresh(&there, &hers.session, Some(&proof)).await.assert_status(200);
        next_challenge(&hers.refresh(Some(&proof)).await, &hers.session);
    }
    // A cookie of one instance counts at the other, and so do two of two tabs.
    there.put("__Host-Http-session", &hers.browser.cookie().unwrap());
    assert!(there.is_signed_in().await && hers.browser.is_signed_in().await);

    // A challenge is too old after some minutes.
    let asked = next_challenge(&hers.refresh(None).await, &hers.session);
    app.clock.advance(Duration::minutes(6));
    next_challenge(&hers.refresh(Some(&hers.key.proof(&asked))).await, &hers.session);
    // A clock that goes back signs nobody out.
    hers.renew().await.assert_status(200);
    app.clock.advance(-Duration::hours(1));
    let asked = next_challenge(&hers.refresh(None).await, &hers.session);
    let again = hers.refresh(Some(&hers.key.proof(&asked))).await;
    let proof = hers.key.proof(&next_challenge(&again, &hers.session));
    hers.refresh(Some(&proof)).await.assert_status(200);
}

async fn a_registration_whose_answer_was_lost_binds_nothing(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let browser = app.browser();
    let offered = challenge(&sign_in(&browser, &ada).await);
    // The server was killed after it had stored the key: the browser has no short cookie.
    register(&app.browser(), &Key::new().registration(&offered)).await.assert_status(200);
    app.clock.advance(Duration::seconds(11));
    assert!(browser.is_signed_in().await);
    assert_eq!(bound(&ada.client).await, 0);
    // The challenge is used up. The next proof of the person offers another one.
    register(&browser, &Key::new().registration(&offered)).await.problem(400, "invalid_session_proof");
    let confirmed = browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await;
    let key = Key::new();
    let session = register(&browser, &key.registration(&challenge(&confirmed))).await.assert_status(200).json();
    assert!(browser.is_signed_in().await);
    app.db.wait_idle().await;
    assert_eq!(bound(&ada.client).await, 1);
    let session = session["session_identifier"].as_str().unwrap().to_owned();
    Bound { browser, key, session }.renew().await.assert_status(200);
}

async fn a_browser_that_does_not_register_notices_nothing(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let browser = app.browser();
    challenge(&sign_in(&browser, &ada).await);
    for path in ["/account", PAGE] {
        let page = browser.visit(path).await;
        page.page(200);
        assert!(!page.has("secure-session-registration") && page.all_cookies().is_empty());
    }
    // A cookie that somebody made up neither binds nor hurts.
    browser.put("__Host-bound", "99999999999.AAAAAAAAAAAAAAAAAAAAAA");
    assert!(browser.is_signed_in().await);
    app.db.wait_idle().await;
    assert_eq!(bound(&ada.client).await, 0);
    let answer = app.browser().post("/login", json!({"email": ada.email, "password": PASSWORD})).await;
    challenge(answer.assert_status(200));
}

async fn nothing_is_offered_on_http_or_if_it_is_off(database: Database) {
    let http = TestApp::on(database).await;
    let ada = http.person("ada").await;
    assert!(!sign_in(&http.browser(), &ada).await.has("secure-session-registration"));
    let off = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.sessions.device_bound = DeviceBinding::Off;
    })
    .await;
    let ada = off.person("ada").await;
    assert!(!sign_in(&off.browser(), &ada).await.has("secure-session-registration"));
    // What was bound before stays bound.
    let on = TestApp::https(database).await;
    let ada = on.person("ada").await;
    let hers = Bound::new(&on, &ada, Key::new()).await;
    let mut settings: Settings = on.settings.clone();
    settings.sessions.device_bound = DeviceBinding::Off;
    let off = on.with_settings(settings).await;
    off.clock.advance(LIFE);
    let there = off.browser();
    there.put("__Host-Http-session", &hers.browser.cookie().unwrap());
    is_nobody(&there).await;
}

async fn an_rsa_key_binds_too(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let hers = Bound::new(&app, &ada, Key::rsa()).await;
    app.clock.advance(LIFE);
    is_nobody(&hers.browser).await;
    hers.renew().await.assert_status(200);
    assert!(hers.browser.is_signed_in().await);
}

async fn a_session_that_is_over_is_not_refreshed(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let over = |answer: Response, session: &str| {
        let body = answer.assert_status(200).json();
        assert_eq!(body, json!({"session_identifier": session, "continue": false}));
        assert!(answer.all_cookies().is_empty(), "those of another session stay");
    };
    // Signed out here.
    let hers = Bound::new(&app, &ada, Key::new()).await;
    let thief = hers.stolen();
    let signed_out = hers.browser.submit("/sign-out", &[]).await;
    signed_out.assert_status(303);
    let removed: Vec<_> = signed_out.all_cookies().into_iter().map(|cookie| cookie.name).collect();
    assert!(removed.contains(&"__Host-bound".to_owned()) && removed.contains(&"__Host-Http-session".to_owned()));
    over(hers.renew().await, &hers.session);
    is_nobody(&thief).await;
    // Signed out by another browser.
    let hers = Bound::new(&app, &ada, Key::new()).await;
    ada.browser.submit("/account/sessions/revoke-others", &[("password-again", PASSWORD)]).await.assert_status(303);
    over(hers.renew().await, &hers.session);
    is_nobody(&hers.browser).await;
    // Somebody else signs in with the same browser, which still knows the session before.
    let hers = Bound::new(&app, &ada, Key::new()).await;
    let bob = app.person("bob").await;
    sign_in(&hers.browser, &bob).await;
    over(hers.renew().await, &hers.session);
    assert!(hers.browser.is_signed_in().await);
    // Never bound, or never there.
    let unknown = Uuid::now_v7().to_string();
    let asked = next_challenge(&refresh(&hers.browser, &unknown, None).await, &unknown);
    over(refresh(&hers.browser, &unknown, Some(&hers.key.proof(&asked))).await, &unknown);
    // Not used for too long.
    let hers = Bound::new(&app, &ada, Key::new()).await;
    app.clock.advance(Duration::hours(2));
    over(hers.renew().await, &hers.session);
}

async fn a_proof_of_the_person_keeps_the_binding(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let hers = Bound::new(&app, &ada, Key::new()).await;
    let before = hers.browser.cookie();
    let confirmed = hers.browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await;
    confirmed.assert_status(303);
    assert!(!confirmed.has("secure-session-registration"));
    assert_ne!(hers.browser.cookie(), before, "the session cookie is another one");
    assert!(hers.browser.is_signed_in().await);
    app.clock.advance(LIFE);
    is_nobody(&hers.browser).await;
    hers.renew().await.assert_status(200);
    assert!(hers.browser.is_signed_in().await);
}

async fn a_stream_of_a_bound_session_ends_with_the_short_cookie(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.sessions.bound_cookie_seconds = 2;
    })
    .await;
    let ada = app.person("ada").await;
    let hers = Bound::new(&app, &ada, Key::new()).await;
    let (_, stream) = hers.browser.get("/events").open(Body::empty()).await;
    assert_eq!(stream.status(), 200);
    // It says no `end`, so that the browser comes back, with the next short cookie.
    let body = to_bytes(stream.into_body(), usize::MAX);
    let body = timeout(StdDuration::from_secs(60), body).await.expect("it ends").unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("event: ready") && !text.contains("event: end"), "{text}");
}

async fn operators_may_need_a_bound_session(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.sessions.device_bound = DeviceBinding::RequiredForOperators;
        settings.factors.operators = vec!["Root@example.org".into()];
    })
    .await;
    let (root, ada) = (app.person("root").await, app.person("ada").await);
    assert!(ada.browser.is_signed_in().await);
    let page = root.browser.visit("/account").await;
    assert!(page.page(403).contains("binds its session to the device"));
    assert_eq!(page.header("refresh"), "2", "the key is registered meanwhile");
    root.browser.get("/me").await.problem(403, "device_binding_required");
    let function = root.browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments()).await;
    function.problem(403, "device_binding_required");
    root.browser.submit("/sign-out", &[]).await.assert_status(303);

    let his = Bound::new(&app, &root, Key::new()).await;
    his.browser.get("/me").await.assert_status(200);
    app.clock.advance(LIFE);
    is_nobody(&his.browser).await;
    root.client.get("/me").await.assert_status(200);
}
