//! Proving once more who somebody is by what the account has: a passkey, or a code of an authenticator app (S8, S76).

use serde_json::{Value, json};
use time::Duration;

use crate::{
    passkey_sign_in::with_passkey,
    passwordless::passwordless,
    sign_in::Enrolled,
    support::{
        Authenticator, Browser, Database, Door, PASSWORD, PageForm, TestApp, field_error, on_both_databases,
        resource::READ_FIELD,
    },
};

on_both_databases! {
    who_has_no_password_is_asked_for_a_passkey,
    a_form_is_held_and_sent_with_the_passkey,
    a_passkey_confirms_its_own_account_and_once,
    an_app_confirms_and_a_recovery_code_does_not,
    a_code_confirms_once_and_few_are_tried,
    a_token_is_confirmed_by_a_code_and_not_by_a_passkey,
    what_proves_nothing_is_refused,
    an_ended_session_is_not_confirmed,
}

const TOKEN: [(&str, &str); 3] = [("name", "backup"), ("days", "30"), (READ_FIELD, "on")];

/// The answer of `key` in `browser`, as a form takes it.
async fn answer(browser: &Browser, key: &mut Authenticator) -> String {
    key.sign(&browser.asked_to_sign().await).to_string()
}

async fn next(door: &dyn Door) -> Value {
    door.get("/reauthenticate").await.assert_status(200).json()["next"].take()
}

async fn who_has_no_password_is_asked_for_a_passkey(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    app.clock.advance(Duration::minutes(11));
    assert_eq!(next(&browser).await, json!([{"step": "passkey"}, {"step": "email_code"}]));
    let ask = "/account/confirm?next=%2Faccount%2Fexport";
    browser.visit("/account/export").await.assert_redirect(ask);
    let page = browser.visit(ask).await.page(200);
    assert!(!page.contains(r#"type="password""#), "{page}");
    assert!(page.contains("Confirm that you are") && page.contains("ada@example.org"), "{page}");
    assert!(page.contains(r#"<script type="module" src="/passkeys.js" nonce=""#), "{page}");
    let form = PageForm::to(&page, "/account/confirm").with(&[("code", &answer(&browser, &mut key).await)]);
    let before = browser.cookie();
    form.by(&browser).await.assert_redirect("/account/export");
    assert_ne!(browser.cookie(), before, "with a new session id");
    browser.visit("/account/export").await.assert_status(200);
}

async fn a_form_is_held_and_sent_with_the_passkey(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    app.clock.advance(Duration::minutes(11));
    let page = browser.submit("/tokens", &TOKEN).await.page(403);
    let form = PageForm::to(&page, "/tokens");
    assert_eq!((form.value("name"), form.value("again-by")), ("backup", "passkey"));
    let page = form.clone().with(&[("code", "nonsense")]).by(&browser).await.page(422);
    assert!(page.contains("The passkey was not accepted"), "{page}");
    assert_eq!(app.count("tokens").await, 0);
    let form = PageForm::to(&page, "/tokens").with(&[("code", &answer(&browser, &mut key).await)]);
    form.by(&browser).await.assert_status(303);
    assert_eq!(app.count("tokens").await, 1);
}

async fn a_passkey_confirms_its_own_account_and_once(app: TestApp) {
    let (mut hers, mut his) = (Authenticator::new(), Authenticator::new());
    let browser = passwordless(&app, &mut hers).await;
    let bob = with_passkey(&app, "bob", &mut his).await;
    app.clock.advance(Duration::minutes(11));
    let used = answer(&browser, &mut hers).await;
    let submit = async |credential: &str| {
        browser.submit("/account/confirm", &[("again-by", "passkey"), ("code", credential)]).await
    };
    // His, also where it says that it is hers; and his under her id.
    submit(&answer(&browser, &mut his).await).await.page(422);
    his.user_handle.clone_from(&hers.user_handle);
    submit(&answer(&browser, &mut his).await).await.page(422);
    browser.visit("/account/export").await.assert_status(303);
    let theirs: Value = serde_json::from_str(&answer(&browser, &mut his).await).unwrap();
    let body = json!({"step": "passkey", "credential": theirs});
    browser.post("/reauthenticate", body).await.names_field("credential");
    // A challenge is answered once.
    submit(&used).await.assert_redirect("/account");
    browser.visit("/account/export").await.assert_status(200);
    app.clock.advance(Duration::minutes(11));
    submit(&used).await.page(422);
    let replayed: Value = serde_json::from_str(&used).unwrap();
    let body = json!({"step": "passkey", "credential": replayed});
    browser.post("/reauthenticate", body).await.names_field("credential");
    let late = answer(&browser, &mut hers).await;
    app.clock.advance(Duration::minutes(5));
    submit(&late).await.page(422);
    browser.visit("/account/export").await.assert_status(303);
    // It has confirmed nobody else.
    bob.browser.visit("/account/export").await.assert_status(303);
    assert_eq!(browser.get("/me").await.json()["email"], "ada@example.org");
}

async fn an_app_confirms_and_a_recovery_code_does_not(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = &ada.person.browser;
    app.clock.advance(Duration::minutes(11));
    assert_eq!(next(browser).await, json!([{"step": "password"}, {"step": "totp"}]));
    let page = browser.visit("/account/confirm?next=%2Ftokens").await.page(200);
    assert!(page.contains(r#"name="password-again""#) && page.contains("Use your authenticator app"), "{page}");
    let form = PageForm::to(&page, "/account/confirm").with(&[("again-show", "totp")]);
    let page = form.by(browser).await.page(200);
    assert!(!page.contains(r#"name="password-again""#) && page.contains("Use your password"), "{page}");
    let form = PageForm::to(&page, "/account/confirm");
    assert_eq!((form.value("again-by"), form.value("next")), ("totp", "/tokens"));
    let page = form.clone().with(&[("code", &ada.wrong_code(&app))]).by(browser).await.page(422);
    assert!(field_error(&page, "code").contains("The code is wrong"), "{page}");
    form.with(&[("code", &ada.next_code(&app))]).by(browser).await.assert_redirect("/tokens");

    app.clock.advance(Duration::minutes(11));
    let page = browser.submit("/account/confirm", &[("again-by", "recovery_code"), ("code", &ada.codes[0])]).await;
    page.page(422);
    let body = json!({"step": "recovery_code", "code": ada.codes[0]});
    browser.post("/reauthenticate", body).await.names_field("step");
    browser.visit("/account/export").await.assert_status(303);
    assert_eq!(app.count("recovery_codes").await, 10, "it was not used up");
}

async fn a_code_confirms_once_and_few_are_tried(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    let browser = &ada.person.browser;
    app.clock.advance(Duration::minutes(11));
    let body = json!({"step": "totp", "code": ada.next_code(&app)});
    browser.post("/reauthenticate", body.clone()).await.assert_status(204);
    browser.post("/reauthenticate", body).await.names_field("code");
    browser.visit("/account/export").await.assert_status(200);
    let mut limited = false;
    for _ in 0..30 {
        let reply = browser.post("/reauthenticate", json!({"step": "totp", "code": ada.wrong_code(&app)})).await;
        if reply.status == 429 {
            limited = reply.problem(429, "rate_limited")["limit"] == "code";
            break;
        }
        reply.names_field("code");
    }
    assert!(limited, "codes are guessed here as little as at a sign-in");
}

async fn a_token_is_confirmed_by_a_code_and_not_by_a_passkey(app: TestApp) {
    let mut key = Authenticator::new();
    let ada = Enrolled::of(&app, with_passkey(&app, "ada", &mut key).await).await;
    let client = &ada.person.client;
    app.clock.advance(Duration::minutes(11));
    assert_eq!(next(client).await, json!([{"step": "password"}, {"step": "totp"}]));
    client.get("/export").await.problem(403, "reauthentication_required");
    let credential: Value = serde_json::from_str(&answer(&ada.person.browser, &mut key).await).unwrap();
    let body = json!({"step": "passkey", "credential": credential});
    client.post("/reauthenticate", body).await.names_field("step");
    client.get("/export").await.problem(403, "reauthentication_required");
    client.post("/reauthenticate", json!({"step": "totp", "code": ada.next_code(&app)})).await.assert_status(204);
    client.get("/export").await.assert_status(200);
    // Only this token, and it counts for no longer than the password.
    ada.person.browser.visit("/account/export").await.assert_status(303);
    app.clock.advance(Duration::minutes(11));
    client.get("/export").await.problem(403, "reauthentication_required");
}

async fn what_proves_nothing_is_refused(database: Database) {
    let app = TestApp::with(database, |settings| settings.email_codes.enabled = false).await;
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(11));
    for door in ada.doors() {
        assert_eq!(next(door).await, json!([{"step": "password"}]));
        for (body, field) in [
            (json!({}), "password"),
            (json!({"step": "fax", "code": "1"}), "step"),
            (json!({"step": "totp", "code": "123456"}), "step"),
            (json!({"step": "email_code", "code": "ABCD-EFGH"}), "step"),
            (json!({"step": "password", "code": PASSWORD}), "step"),
        ] {
            door.post("/reauthenticate", body).await.names_field(field);
        }
        door.get("/export").await.problem(403, "reauthentication_required");
        door.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
        door.get("/export").await.assert_status(200);
    }
    for field in ["again-by", "again-show", "again-begin"] {
        for factor in ["totp", "passkey", "email_code", "recovery_code", "fax"] {
            app.clock.advance(Duration::minutes(11));
            let reply = ada.browser.submit("/account/confirm", &[(field, factor), ("code", "123456")]).await;
            assert!([200, 422].contains(&reply.status.as_u16()), "{field} {factor}: {}", reply.status);
            assert!(reply.text().contains(r#"name="password-again""#), "{field} {factor}");
            ada.browser.visit("/account/export").await.assert_status(303);
        }
    }
}

async fn an_ended_session_is_not_confirmed(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    app.clock.advance(Duration::minutes(11));
    let credential = answer(&browser, &mut key).await;
    app.sql("DELETE FROM browser_sessions").await;
    let form = [("again-by", "passkey"), ("code", credential.as_str())];
    browser.submit("/account/confirm", &form).await.assert_redirect("/sign-in");
    assert_eq!(app.count("browser_sessions").await, 0);

    // What was written is kept, and not what was meant to confirm it.
    browser.sign_in_with(&mut key).await.assert_status(200);
    app.clock.advance(Duration::minutes(11));
    let page = browser.submit("/tokens", &TOKEN).await.page(403);
    let credential = answer(&browser, &mut key).await;
    let form = PageForm::to(&page, "/tokens").with(&[("code", &credential)]);
    app.sql("DELETE FROM browser_sessions").await;
    let page = form.by(&browser).await.page(401);
    assert!(page.contains("What you wrote has been kept.") && page.contains("backup"), "{page}");
    assert!(!page.contains("again-by") && !page.contains("public-key"), "{page}");
}
