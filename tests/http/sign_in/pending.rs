//! A sign-in that waits for a second factor: what it is, where it goes on, and when it ends.

use serde_json::json;
use time::Duration;
use vestibule::features::accounts::admin;

use super::{Enrolled, step, step_in};
use crate::support::{Database, Door, PASSWORD, TestApp, members, on_both_databases, resource::READ_NAME};

on_both_databases! {
    both_doors_ask_for_a_second_factor_and_make_nothing,
    a_code_gives_what_the_login_asked_for,
    a_pending_sign_in_opens_nothing_else,
    it_goes_on_at_its_own_door_and_in_its_own_browser,
    it_lasts_ten_minutes_and_once,
    five_wrong_codes_end_it,
    what_is_no_code_is_no_attempt,
    it_ends_with_the_password_and_with_the_account,
    it_ends_when_second_factors_change,
    its_handle_is_kept_as_a_hash_and_deleted,
    a_code_of_another_account_is_wrong,
}

async fn both_doors_ask_for_a_second_factor_and_make_nothing(database: Database) {
    let app = TestApp::https(database).await;
    let ada = Enrolled::new(&app, "ada").await;
    let (sessions, tokens) = (app.count("browser_sessions").await, app.count("tokens").await);

    let reply = ada.login(&app, json!({})).await;
    let problem = reply.problem(401, "second_factor_required");
    assert_eq!(problem["next"], json!([{"step": "totp"}, {"step": "recovery_code"}]));
    let pending = problem["pending"].as_str().unwrap();
    assert!(pending.starts_with("pending_") && pending.len() == 46, "{pending}");
    assert!(reply.all_cookies().is_empty());

    let browser = app.browser();
    let reply = ada.password_in(&browser).await;
    let problem = reply.problem(401, "second_factor_required");
    assert_eq!(members(&problem), ["code", "detail", "next", "request_id", "status", "title", "type"]);
    let cookies = reply.all_cookies();
    assert_eq!(cookies.iter().map(|cookie| cookie.name.as_str()).collect::<Vec<_>>(), ["__Host-Http-pending"]);
    assert_eq!(cookies[0].attributes, ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!((app.count("browser_sessions").await, app.count("tokens").await), (sessions, tokens));

    let reply = step_in(&browser, "totp", &ada.next_code(&app)).await;
    reply.assert_status(200);
    let removed = reply.all_cookies().into_iter().find(|cookie| cookie.name == "__Host-Http-pending").unwrap();
    assert!(removed.value.is_empty() && removed.attributes.contains(&"Max-Age=0".to_owned()), "{removed:?}");
    assert!(browser.is_signed_in().await);

    // A wrong password is told nothing of it, and whoever has no second factor is asked for none.
    ada.login(&app, json!({"password": "wrong password"})).await.problem(401, "invalid_credentials");
    app.person("bob").await;
}

async fn a_code_gives_what_the_login_asked_for(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let wants = json!({"name": "phone", "scopes": [READ_NAME], "remember": true});
    let problem = ada.login(&app, wants).await.problem(401, "second_factor_required");
    let reply = step(&app, "totp", problem["pending"].as_str().unwrap(), &ada.next_code(&app)).await;
    let login = reply.assert_status(201).json();
    assert_eq!(
        members(&login),
        ["account", "expires_at", "expires_in", "id", "name", "renewable_until", "scopes", "token", "token_type"]
    );
    assert_eq!((&login["name"], &login["scopes"]), (&json!("phone"), &json!([READ_NAME])));
    assert!(login["expires_in"].as_i64().unwrap() > 20 * 24 * 60 * 60, "{login}");
    app.client(login["token"].as_str().unwrap()).get("/token").await.assert_status(200);

    // A later step cannot ask for more.
    let pending = ada.pending(&app).await;
    let more = json!({"pending": pending, "code": ada.next_code(&app), "scopes": ["tokens:manage"]});
    app.post("/api/v1/login/totp").json(more).await.names_field("scopes");
    let reply = step(&app, "recovery_code", &pending, &ada.codes[0]).await.assert_status(201).json();
    assert!(!reply["scopes"].as_array().unwrap().contains(&json!("tokens:manage")), "{reply}");
}

async fn a_pending_sign_in_opens_nothing_else(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (pending, browser) = (ada.pending(&app).await, ada.waiting_browser(&app).await);
    app.client(&pending).get("/me").await.problem(401, "token_invalid");
    browser.get("/me").await.problem(401, "not_signed_in");
    assert!(!browser.is_signed_in().await);
    let thief = app.browser();
    thief.plant(&browser.pending().unwrap());
    assert!(!thief.is_signed_in().await);
    browser.post("/reauthenticate", json!({"password": PASSWORD})).await.problem(401, "not_signed_in");
}

async fn it_goes_on_at_its_own_door_and_in_its_own_browser(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (at_the_token_door, browser) = (ada.pending(&app).await, ada.waiting_browser(&app).await);
    let code = ada.next_code(&app);
    let of_the_browser = browser.pending().unwrap();
    step(&app, "totp", &of_the_browser, &code).await.problem(401, "sign_in_expired");
    let other = app.browser();
    step_in(&other, "totp", &code).await.problem(401, "sign_in_expired");
    other.put("pending", &at_the_token_door);
    step_in(&other, "totp", &code).await.problem(401, "sign_in_expired");
    for nonsense in ["", "pending_", "a", &at_the_token_door[1..], &ada.person.client.token] {
        step(&app, "totp", nonsense, &code).await.problem(401, "sign_in_expired");
    }
    // None of them used the code, or an attempt.
    step_in(&browser, "totp", &code).await.assert_status(200);
    step(&app, "totp", &at_the_token_door, &ada.next_code(&app)).await.assert_status(201);
}

async fn it_lasts_ten_minutes_and_once(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (pending, browser) = (ada.pending(&app).await, ada.waiting_browser(&app).await);
    app.clock.advance(Duration::minutes(10));
    step(&app, "totp", &pending, &ada.code(&app, 0)).await.problem(401, "sign_in_expired");
    step_in(&browser, "totp", &ada.code(&app, 0)).await.problem(401, "sign_in_expired");
    assert_eq!(browser.pending(), None, "the cookie is removed");

    let pending = ada.pending(&app).await;
    app.clock.advance(Duration::minutes(9));
    step(&app, "totp", &pending, &ada.code(&app, 0)).await.assert_status(201);
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");
    step(&app, "recovery_code", &pending, &ada.codes[0]).await.problem(401, "sign_in_expired");
}

async fn five_wrong_codes_end_it(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let pending = ada.pending(&app).await;
    for number in 1..=4 {
        let message = step(&app, "totp", &pending, &ada.wrong_code(&app)).await.names_field("code");
        assert!(message.contains("wrong"), "{number}: {message}");
    }
    step(&app, "recovery_code", &pending, "0000-0000-0000-0000").await.problem(401, "sign_in_expired");
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");
    app.db.wait_idle().await;
    assert_eq!(app.count("activity WHERE kind = 'second_factor_failed'").await, 5);
    // The sign-in begins anew.
    let pending = ada.pending(&app).await;
    step(&app, "totp", &pending, &ada.next_code(&app)).await.assert_status(201);
}

async fn what_is_no_code_is_no_attempt(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let pending = ada.pending(&app).await;
    for _ in 0..3 {
        for nonsense in ["", "12345", "1234567", "abcdef", "\0\0\0\0\0\0"] {
            step(&app, "totp", &pending, nonsense).await.names_field("code");
            step(&app, "recovery_code", &pending, nonsense).await.names_field("code");
        }
    }
    step(&app, "totp", &pending, &ada.next_code(&app)).await.assert_status(201);
}

async fn it_ends_with_the_password_and_with_the_account(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (pending, browser) = (ada.pending(&app).await, ada.waiting_browser(&app).await);
    // The same password once more: it is another one all the same.
    let form = [("current", PASSWORD), ("password", PASSWORD)];
    ada.person.browser.submit("/account/password", &form).await.assert_redirect("/account");
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");
    step_in(&browser, "totp", &ada.next_code(&app)).await.problem(401, "sign_in_expired");

    let pending = ada.pending(&app).await;
    admin::disable(&app.db, ada.person.account.id).await.unwrap();
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");
    admin::enable(&app.db, ada.person.account.id).await.unwrap();
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");

    let pending = ada.pending(&app).await;
    app.sql("DELETE FROM accounts").await;
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");
}

async fn it_ends_when_second_factors_change(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let (pending, browser) = (ada.pending(&app).await, ada.waiting_browser(&app).await);
    ada.person.browser.submit("/account/security/totp/remove", &[]).await.assert_redirect("/account/security");
    step(&app, "totp", &pending, &ada.next_code(&app)).await.problem(401, "sign_in_expired");
    step(&app, "recovery_code", &pending, &ada.codes[0]).await.problem(401, "sign_in_expired");
    step_in(&browser, "totp", &ada.next_code(&app)).await.problem(401, "sign_in_expired");
    // The password is enough again.
    ada.login(&app, json!({})).await.assert_status(201);

    // Another app in its place: the codes of the first are those of nobody.
    let before = ada.secret.clone();
    let ada = Enrolled::of(&app, ada.person).await;
    let pending = ada.pending(&app).await;
    let stale = super::totp(&before, app.db.now().get().unix_timestamp() / 30);
    step(&app, "totp", &pending, &stale).await.names_field("code");
    step(&app, "totp", &pending, &ada.next_code(&app)).await.assert_status(201);
}

async fn its_handle_is_kept_as_a_hash_and_deleted(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let pending = ada.pending(&app).await;
    let dump = app.dump().await;
    for secret in [pending.as_str(), &ada.codes[0], &ada.codes[0].replace('-', "")] {
        assert!(!dump.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert_eq!(app.count("pending_sign_ins").await, 1);
    app.clock.advance(Duration::minutes(11));
    assert_eq!(vestibule::auth::sign_in::delete_expired(&app.db, 100).await.unwrap(), 1);
    for _ in 0..70 {
        ada.pending(&app).await;
    }
    assert_eq!(app.count("pending_sign_ins").await, 64, "no account has more");
}

async fn a_code_of_another_account_is_wrong(app: TestApp) {
    let (ada, bob) = (Enrolled::new(&app, "ada").await, Enrolled::new(&app, "bob").await);
    let pending = ada.pending(&app).await;
    step(&app, "totp", &pending, &bob.next_code(&app)).await.names_field("code");
    step(&app, "recovery_code", &pending, &bob.codes[0]).await.names_field("code");
    assert_eq!(app.count("recovery_codes").await, 20, "his is still his");
}
