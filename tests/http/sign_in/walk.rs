//! No way in goes around a second factor (S76): every route that there is, for somebody who knows the password, reads the
//! mail and has a passkey of their own.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use vestibule::{
    app::routes::{Door, Route},
    settings::FirstPartyClient,
};

use super::{Enrolled, step, step_in};
use crate::{
    email_codes::newest_code,
    oauth::{OWN, OWN_ORIGIN, OWN_URI, Tokens, VERIFIER, code, exchange, query, refresh},
    support::{
        Authenticator, Browser, Database, Door as _, PASSWORD, Response, TestApp, on_both_databases,
        routes::{all, session_calls},
    },
};

on_both_databases! {
    no_route_lets_anybody_in_with_the_password_and_the_mail_alone,
    with_the_second_factor_every_way_in_opens,
}

/// The routes by which the account is opened, or an application gets into it. The second test opens it by each, the
/// first one tries each with all that is right but the second factor.
const WAYS_IN: [&str; 10] = [
    "/api/v1/login/recovery_code",
    "/api/v1/login/totp",
    "/api/v1/oauth/token",
    "/authorize",
    "/passkeys/sign-in",
    "/session/v1/login/passkey",
    "/session/v1/login/recovery_code",
    "/session/v1/login/totp",
    "/session/v1/passkeys",
    "/sign-in/{step}",
];

/// What opens her account.
async fn credentials(app: &TestApp, ada: &Enrolled) -> Vec<i64> {
    app.db.wait_idle().await;
    let of = format!("account_id = (SELECT id FROM accounts WHERE email = '{}')", ada.person.email);
    let mut counts = Vec::new();
    for table in ["browser_sessions", "tokens", "oauth_codes", "oauth_grants", "passkeys", "trusted_devices"] {
        counts.push(app.count(&format!("{table} WHERE {of}")).await);
    }
    counts
}

async fn site(database: Database) -> TestApp {
    TestApp::with(database, |settings| {
        settings.throttle.sign_ins_per_address = 1000;
        settings.throttle.sign_ins_here = 1000;
        settings.throttle.sign_ups_per_address = 1000;
        settings.throttle.mails_per_address = 1000;
        settings.throttle.mails_per_recipient = 1000;
        settings.throttle.passkeys_per_address = 1000;
        settings.oauth.clients = vec![FirstPartyClient {
            id: OWN.into(),
            name: "Own app".into(),
            redirect_uris: vec![OWN_URI.into()],
            origins: vec![OWN_ORIGIN.into()],
            ..FirstPartyClient::default()
        }];
    })
    .await
}

/// Everything that somebody knows who tries a route.
#[derive(Clone)]
struct Known {
    email: String,
    pending: String,
    code: String,
    credential: Value,
}

async fn no_route_lets_anybody_in_with_the_password_and_the_mail_alone(database: Database) {
    let app = site(database).await;
    let ada = app.person("ada").await;
    let confirm = app.link("/confirm/").await;
    let mut hers = Authenticator::new();
    ada.browser.add_passkey(&mut hers).await;
    let ada = Enrolled::of(&app, ada).await;
    let email = ada.person.email.clone();
    app.browser().submit("/forgot", &[("email", &email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    // A passkey that says it is hers.
    let mut forged = Authenticator { user_handle: hers.user_handle.clone(), ..Authenticator::new() };
    let before = credentials(&app, &ada).await;
    let (mut tried, mut asked, mut ways) = (0, 0, BTreeSet::new());
    let mut routes: Vec<_> = all().iter().filter(|route| route.door != Door::Open).collect();
    // What ends a session, and the document, which has examples of tokens.
    routes.retain(|route| !route.path.contains("logout") && !route.path.ends_with("/openapi.json"));
    // While her address is not confirmed yet. A code by mail for such an account takes everything away from it.
    routes.sort_by_key(|route| !is_link(route));
    for route in routes {
        if !is_link(route) {
            app.sql("UPDATE accounts SET email_verified_at = created_at WHERE email_verified_at IS NULL").await;
        }
        let known =
            Known { email: email.clone(), pending: "pending_x".into(), code: "000000".into(), credential: json!({}) };
        let mut attempts = vec![(app.browser(), known.clone())];
        // Where her sign-in waits for the code, and where the mail was read.
        if route.method != "GET" || route.path == "/authorize" {
            attempts.push((ada.waiting_browser(&app).await, known.clone()));
        }
        let body = json!({"email": email});
        if ["/login", "sign-in", "email-codes"].iter().any(|part| route.path.contains(part)) && route.method != "GET" {
            let reader = app.browser();
            reader.post("/login/email_code/send", body.clone()).await.assert_status(202);
            attempts.push((reader, Known { code: newest_code(&app).await, ..known.clone() }));
        }
        if route.path.starts_with("/api/v1/login/email_code") {
            let sent = app.post("/api/v1/login/email_code/send").json(body).await.assert_status(202).json();
            let (pending, code) = (sent["pending"].as_str().unwrap().to_owned(), newest_code(&app).await);
            attempts.push((app.browser(), Known { pending, code, ..known.clone() }));
        } else if route.path.starts_with("/api/v1/login/") {
            attempts.push((app.browser(), Known { pending: ada.pending(&app).await, ..known }));
        }
        for (browser, mut known) in attempts {
            if route.path.contains("passkey") {
                known.credential = forged.sign(&browser.asked_to_sign().await);
            }
            let reply = attempt(&app, &browser, route, &known, (&confirm, &reset)).await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(
                !text.contains("\"token\":\"vst_") && !text.contains("\"access_token\":"),
                "{}: {text}",
                reply.asked
            );
            assert!(!reply.header("location").contains("code="), "{}: {:?}", reply.asked, reply.headers);
            asked += usize::from(
                text.contains("second_factor_required") || reply.header("location").starts_with("/sign-in/totp"),
            );
            if browser.cookie().is_some() {
                let whose = browser.visit("/account").await;
                assert!(whose.status != 200 || !whose.text().contains(&email), "{}", reply.asked);
            }
            tried += 1;
        }
        ways.extend(WAYS_IN.into_iter().filter(|way| *way == route.path));
        // Whatever ended hers, nothing new is hers.
        let now = credentials(&app, &ada).await;
        assert!(now.iter().zip(&before).all(|(now, before)| now <= before), "{route:?}: {before:?} {now:?}");
    }
    assert_eq!(ways, WAYS_IN.into());
    assert!(tried > 200 && asked >= 6, "{tried} {asked}");
}

fn is_link(route: &Route) -> bool {
    route.path == "/confirm/{token}"
}

/// Asks for `route` with everything that is known.
async fn attempt(
    app: &TestApp,
    browser: &Browser,
    route: &Route,
    known: &Known,
    (confirm, reset): (&str, &str),
) -> Response {
    let path = route.path.replace("/confirm/{token}", confirm).replace("/reset/{token}", reset);
    let path = path.replace("{step}", "totp").replace("{id}", &uuid::Uuid::now_v7().to_string());
    let path = path.replace("{token}", "x").replace("{name}", "x");
    let method: Method = route.method.parse().unwrap_or(Method::POST);
    let (credential, asked) = (known.credential.to_string(), query(OWN, OWN_URI, &[]));
    // The links are used with her own password, so that it stays the one that every route is tried with.
    let form = [
        ("email", known.email.as_str()),
        ("password", PASSWORD),
        ("password-again", PASSWORD),
        ("current", PASSWORD),
        ("name", "Ada"),
        ("code", &known.code),
        ("trust", "on"),
        ("credential", &credential),
        // For an application.
        ("request", &asked),
        ("decision", "allow"),
        ("grant_type", "authorization_code"),
        ("client_id", OWN),
        ("redirect_uri", OWN_URI),
        ("code_verifier", VERIFIER),
    ];
    match (route.door, method) {
        (_, Method::GET) if path == "/authorize" => crate::oauth::sent(browser, &asked).await,
        (Door::Token, Method::GET) => app.get(&path).await,
        (_, Method::GET) => browser.visit(&path).await,
        (Door::Token, method) if path.contains("/oauth/") => app.ask(method, &path).form(&form).await,
        (Door::Token, method) => app.ask(method, &path).json(body(&route.path, known)).await,
        (_, method) if path.contains("/v1/") => browser.ask(method, &path).json(body(&route.path, known)).await,
        (_, method) => browser.ask(method, &path).form(&form).await,
    }
}

/// A body with everything that somebody knows.
fn body(path: &str, Known { email, pending, code, credential }: &Known) -> Value {
    if path.ends_with("/login") {
        return json!({"email": email, "password": PASSWORD});
    }
    if path.ends_with("/login/email_code/send") {
        return json!({"email": email});
    }
    if path.ends_with("/sign-up/passkey/options") {
        return json!({"name": "Ada", "email": email});
    }
    if path.ends_with("/login/passkey") || path.ends_with("/passkeys") {
        return json!({"credential": credential});
    }
    if path.contains("/login/") {
        return if path.contains("/api/") { json!({"pending": pending, "code": code}) } else { json!({"code": code}) };
    }
    let call = session_calls().into_iter().find(|call| path.ends_with(call.path) && call.method != Method::GET);
    call.and_then(|call| call.body()).unwrap_or_else(|| json!({"code": code}))
}

/// So that the walk above cannot pass because its account would be let in nowhere.
async fn with_the_second_factor_every_way_in_opens(database: Database) {
    let app = site(database).await;
    let mut ada = Enrolled::new(&app, "ada").await;
    let mut before = credentials(&app, &ada).await;
    let mut opened = BTreeSet::new();
    let mut passkey = Authenticator::new();
    for way in WAYS_IN {
        let browser = ada.waiting_browser(&app).await;
        let own = ada.person.browser.clone();
        match way {
            "/api/v1/login/totp" | "/api/v1/login/recovery_code" => {
                let pending = ada.pending(&app).await;
                let (name, code) = named(&mut ada, &app, way);
                step(&app, name, &pending, &code).await.assert_status(201);
            }
            "/session/v1/login/totp" | "/session/v1/login/recovery_code" => {
                let (name, code) = named(&mut ada, &app, way);
                step_in(&browser, name, &code).await.assert_status(200);
            }
            "/sign-in/{step}" => {
                browser.submit("/sign-in/totp", &[("code", &ada.next_code(&app))]).await.assert_status(303);
            }
            "/authorize" => drop(code(&own, OWN, OWN_URI).await),
            "/api/v1/oauth/token" => {
                let code = code(&own, OWN, OWN_URI).await;
                let tokens = Tokens::of(&app, &exchange(&app, OWN, OWN_URI, &code).await);
                assert!(Tokens::of(&app, &refresh(&app, OWN, &tokens.refresh).await).work().await);
            }
            "/session/v1/passkeys" => {
                own.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
                own.add_passkey(&mut passkey).await;
            }
            _ => continue,
        }
        opened.insert(way);
        let now = credentials(&app, &ada).await;
        assert!(now.iter().zip(&before).any(|(now, before)| now > before), "{way}: {before:?} {now:?}");
        before = now;
    }
    for way in ["/passkeys/sign-in", "/session/v1/login/passkey"] {
        let browser = app.browser();
        let credential = passkey.sign(&browser.asked_to_sign().await);
        if way == "/passkeys/sign-in" {
            browser.submit(way, &[("credential", &*credential.to_string())]).await.assert_status(303);
        } else {
            browser.post("/login/passkey", json!({"credential": credential})).await.assert_status(200);
        }
        assert!(browser.is_signed_in().await);
        opened.insert(way);
    }
    assert_eq!(opened, WAYS_IN.into());
}

/// The step of `way`, and what answers it.
fn named(ada: &mut Enrolled, app: &TestApp, way: &str) -> (&'static str, String) {
    if way.ends_with("totp") { ("totp", ada.next_code(app)) } else { ("recovery_code", ada.codes.pop().unwrap()) }
}
