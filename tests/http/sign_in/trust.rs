//! "Trust this browser for 30 days".

use serde_json::json;
use time::Duration;

use super::{Enrolled, step_in};
use crate::support::{
    Browser, Door, PASSWORD, PageForm, Response, TestApp, members, on_both_databases, resource::HOME,
};

on_both_databases! {
    a_trusted_browser_is_asked_for_the_password_alone,
    trust_is_of_one_account_and_one_browser,
    trust_ends_with_the_password_and_with_second_factors,
    trust_is_listed_and_ended_by_its_owner,
    the_token_door_knows_no_trust,
}

async fn sign_in(browser: &Browser, email: &str) -> Response {
    browser.submit("/sign-in", &[("email", email), ("password", PASSWORD)]).await
}

/// Signs in with a code, and trusts the browser.
async fn trusting(app: &TestApp, ada: &Enrolled) -> Browser {
    let browser = app.browser();
    sign_in(&browser, &ada.person.email).await.assert_redirect("/sign-in/totp");
    let form = [("code", ada.next_code(app)), ("trust", "on".into())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.submit("/sign-in/totp", &form).await.assert_redirect(HOME);
    app.db.wait_idle().await;
    browser.submit("/sign-out", &[]).await.assert_redirect("/");
    browser
}

async fn a_trusted_browser_is_asked_for_the_password_alone(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = trusting(&app, &ada).await;
    sign_in(&browser, &ada.person.email).await.assert_redirect(HOME);
    let wrong = [("email", ada.person.email.as_str()), ("password", "wrong password")];
    browser.submit("/sign-in", &wrong).await.page(401);
    ada.password_in(&browser).await.assert_status(200);
    app.clock.advance(Duration::days(29));
    sign_in(&browser, &ada.person.email).await.assert_redirect(HOME);
    app.clock.advance(Duration::days(1));
    sign_in(&browser, &ada.person.email).await.assert_redirect("/sign-in/totp");
    assert_eq!(vestibule::auth::known_devices::delete_expired_trust(&app.db, 10).await.unwrap(), 1);
}

async fn trust_is_of_one_account_and_one_browser(app: TestApp) {
    let (ada, bob) = (Enrolled::new(&app, "ada").await, Enrolled::new(&app, "bob").await);
    let browser = trusting(&app, &ada).await;
    sign_in(&browser, &bob.person.email).await.assert_redirect("/sign-in/totp");
    sign_in(&app.browser(), &ada.person.email).await.assert_redirect("/sign-in/totp");
    // Bob signs in there, which gives the browser another id: Ada's trust goes along.
    step_in(&browser, "totp", &bob.next_code(&app)).await.assert_status(200);
    app.db.wait_idle().await;
    sign_in(&browser, &ada.person.email).await.assert_redirect(HOME);
    sign_in(&browser, &bob.person.email).await.assert_redirect("/sign-in/totp");
    // Without the box, nothing is trusted.
    step_in(&browser, "totp", &bob.next_code(&app)).await.assert_status(200);
    assert_eq!(app.count("trusted_devices").await, 1);
}

async fn trust_ends_with_the_password_and_with_second_factors(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = trusting(&app, &ada).await;
    let form = [("current", PASSWORD), ("password", PASSWORD)];
    ada.person.browser.submit("/account/password", &form).await.assert_redirect("/account");
    sign_in(&browser, &ada.person.email).await.assert_redirect("/sign-in/totp");

    let browser = trusting(&app, &ada).await;
    ada.person.browser.submit("/account/security/totp/remove", &[]).await.assert_status(303);
    assert_eq!(app.count("trusted_devices").await, 0);
    let ada = Enrolled::of(&app, ada.person).await;
    sign_in(&browser, &ada.person.email).await.assert_redirect("/sign-in/totp");
}

async fn trust_is_listed_and_ended_by_its_owner(app: TestApp) {
    let (ada, bob) = (Enrolled::new(&app, "ada").await, app.person("bob").await);
    let browser = trusting(&app, &ada).await;
    let page = ada.person.browser.visit("/account/security").await.page(200);
    assert!(page.contains("Trusted browsers"), "{page}");
    let exported =
        async || ada.person.browser.get("/export").await.assert_status(200).json()["trusted_browsers"].take();
    let of_her = exported().await;
    assert_eq!(members(&of_her[0]), ["created_at", "expires_at", "id", "user_agent"]);
    assert_eq!(of_her.as_array().map(Vec::len), Some(1));
    let form = PageForm::all(&page).into_iter().find(|form| form.action.ends_with("/revoke")).unwrap();
    bob.browser.submit(&form.action, &[]).await.assert_redirect("/account/security");
    sign_in(&browser, &ada.person.email).await.assert_redirect(HOME);
    form.by(&ada.person.browser).await.assert_redirect("/account/security");
    assert!(!ada.person.browser.visit("/account/security").await.page(200).contains("Trusted browsers"));
    sign_in(&browser, &ada.person.email).await.assert_redirect("/sign-in/totp");
    assert_eq!(exported().await, json!([]));
}

async fn the_token_door_knows_no_trust(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = trusting(&app, &ada).await;
    let device = format!("device={}", browser.device().unwrap());
    let login = json!({"email": ada.person.email, "password": PASSWORD});
    let reply = app.post("/api/v1/login").json(login).header("cookie", &device).await;
    let problem = reply.problem(401, "second_factor_required");
    let body = json!({"pending": problem["pending"], "code": ada.next_code(&app), "trust": true});
    let reply = app.post("/api/v1/login/totp").json(body).header("cookie", &device).await;
    assert!(reply.assert_status(201).all_cookies().is_empty());
    assert_eq!(app.count("trusted_devices").await, 1, "that of the browser");
}
