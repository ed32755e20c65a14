//! No way in goes around a second factor (S76): every route that there is, for somebody who knows the password and reads
//! the mail.

use axum::http::Method;
use serde_json::{Value, json};
use vestibule::app::routes::Door;

use super::Enrolled;
use crate::support::{
    Database, PASSWORD, TestApp, on_both_databases,
    routes::{all, session_calls},
};

on_both_databases! {
    no_route_lets_anybody_in_with_the_password_and_the_mail_alone,
    with_the_second_factor_every_way_in_opens,
}

/// What she has.
async fn credentials(app: &TestApp, ada: &Enrolled) -> (i64, i64) {
    app.db.wait_idle().await;
    let of = format!("account_id = (SELECT id FROM accounts WHERE email = '{}')", ada.person.email);
    let (sessions, tokens) = (format!("browser_sessions WHERE {of}"), format!("tokens WHERE {of}"));
    (app.count(&sessions).await, app.count(&tokens).await)
}

fn roomy(settings: &mut vestibule::settings::Settings) {
    settings.throttle.sign_ins_per_address = 1000;
    settings.throttle.sign_ins_here = 100;
    settings.throttle.sign_ups_per_address = 1000;
    settings.throttle.mails_per_address = 1000;
}

async fn no_route_lets_anybody_in_with_the_password_and_the_mail_alone(database: Database) {
    let app = TestApp::with(database, roomy).await;
    let ada = app.person("ada").await;
    let confirm = app.link("/confirm/").await;
    let ada = Enrolled::of(&app, ada).await;
    let email = ada.person.email.clone();
    app.browser().submit("/forgot", &[("email", &email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    // The links are used with her own password, so that it stays the one that every route is tried with.
    let form = [
        ("email", email.as_str()),
        ("password", PASSWORD),
        ("password-again", PASSWORD),
        ("current", PASSWORD),
        ("name", "Ada"),
        ("code", "000000"),
        ("trust", "on"),
    ];
    let before = credentials(&app, &ada).await;
    let (mut tried, mut asked) = (0, 0);
    for route in all().iter().filter(|route| route.method != "GET" && !route.path.contains("logout")) {
        let path = route.path.replace("/confirm/{token}", &confirm).replace("/reset/{token}", &reset);
        let path = path.replace("{step}", "totp").replace("{id}", &uuid::Uuid::now_v7().to_string());
        let path = path.replace("{token}", "x").replace("{name}", "x");
        let method: Method = route.method.parse().unwrap_or(Method::POST);
        let json = route.path.contains("/v1/");
        // A stranger's browser, and one in which her sign-in waits for the code.
        for browser in [app.browser(), ada.waiting_browser(&app).await] {
            let ask = match (route.door, json) {
                (Door::Token, _) => app.ask(method.clone(), &path).json(body(&route.path, &email)),
                (_, true) => browser.ask(method.clone(), &path).json(body(&route.path, &email)),
                _ => browser.ask(method.clone(), &path).form(&form),
            };
            let reply = ask.await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(!text.contains("\"token\":\"vst_"), "{}: {text}", reply.asked);
            asked += usize::from(
                text.contains("second_factor_required")
                    || reply
                        .headers
                        .get("location")
                        .is_some_and(|to| to.to_str().unwrap().starts_with("/sign-in/totp")),
            );
            if browser.cookie().is_some() {
                let whose = browser.visit("/account").await;
                assert!(whose.status != 200 || !whose.text().contains(&email), "{}", reply.asked);
            }
            tried += 1;
        }
        // Whatever ended hers, nothing new is hers.
        let now = credentials(&app, &ada).await;
        assert!(now.0 <= before.0 && now.1 <= before.1, "{route:?}: {before:?} {now:?}");
    }
    assert!(tried > 80 && asked >= 4, "{tried} {asked}");
}

/// A body with everything that somebody knows.
fn body(path: &str, email: &str) -> Value {
    if path.ends_with("/login") {
        return json!({"email": email, "password": PASSWORD});
    }
    if path.ends_with("/login/email_code/send") {
        return json!({"email": email});
    }
    if path.contains("/api/") && path.contains("/login/") {
        return json!({"pending": "pending_x", "code": "000000"});
    }
    let call = session_calls().into_iter().find(|call| path.ends_with(call.path) && call.method != Method::GET);
    call.and_then(|call| call.body()).unwrap_or_else(|| json!({"code": "000000"}))
}

/// So that the walk above cannot pass because its account would be let in nowhere.
async fn with_the_second_factor_every_way_in_opens(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let before = credentials(&app, &ada).await;
    let pending = ada.pending(&app).await;
    super::step(&app, "totp", &pending, &ada.next_code(&app)).await.assert_status(201);
    let pending = ada.pending(&app).await;
    super::step(&app, "recovery_code", &pending, &ada.codes[0]).await.assert_status(201);
    let browser = ada.waiting_browser(&app).await;
    super::step_in(&browser, "totp", &ada.next_code(&app)).await.assert_status(200);
    let browser = ada.waiting_browser(&app).await;
    super::step_in(&browser, "recovery_code", &ada.codes[1]).await.assert_status(200);
    let browser = ada.waiting_browser(&app).await;
    browser.submit("/sign-in/totp", &[("code", &ada.next_code(&app))]).await.assert_status(303);
    assert_eq!(credentials(&app, &ada).await, (before.0 + 3, before.1 + 2));
}
