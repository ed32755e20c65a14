//! Accounts without any password: signing up with a passkey (S78), and everything that asks others for a password.

use serde_json::{Value, json};
use time::Duration;
use vestibule::{
    auth::activity::service::list,
    features::accounts::{admin, factor_reset},
    settings::Confirm,
};

use crate::{
    passkeys::wrong,
    races::at_once,
    support::{
        Authenticator, Browser, Database, Door, PASSWORD, PageForm, TestApp, field_error, on_both_databases,
        resource::PAGE,
    },
};

on_both_databases! {
    somebody_signs_up_with_a_passkey_alone,
    the_form_says_what_is_wrong,
    what_is_no_passkey_of_this_site_makes_no_account,
    a_challenge_of_signing_up_is_for_that_and_for_once,
    of_two_who_sign_up_with_one_address_one_does,
    where_addresses_are_confirmed_first_the_answer_tells_nothing,
    a_first_password_is_set_by_whoever_has_confirmed,
    a_first_password_is_set_by_json,
    a_reset_by_mail_sets_a_first_password_and_keeps_the_passkey,
    the_account_is_exported_changed_and_deleted,
    the_last_way_in_stays,
    of_two_last_ways_removed_at_once_one_stays,
    an_operator_lets_in_who_lost_the_passkey,
    the_way_in_that_was_used_last_is_marked,
}

const EMAIL: &str = "ada@example.org";
const NEW_PASSWORD: &str = "entirely different words";

/// Somebody without a password, signed in.
pub async fn passwordless(app: &TestApp, authenticator: &mut Authenticator) -> Browser {
    let browser = app.browser();
    browser.sign_up_with(authenticator, EMAIL).await.assert_redirect(PAGE);
    browser
}

/// Signs in with a password at the session door.
async fn with_password(app: &TestApp, password: &str) -> u16 {
    app.browser().post("/login", json!({"email": EMAIL, "password": password})).await.status.as_u16()
}

async fn somebody_signs_up_with_a_passkey_alone(app: TestApp) {
    let page = app.browser().visit("/sign-up").await.page(200);
    let (_, form) = page.split_once(r#"action="/passkeys/sign-up""#).unwrap();
    assert!(form.split_once('>').unwrap().0.contains("data-waiting"), "without JavaScript it is not offered");
    let mut key = Authenticator::synced();
    let browser = passwordless(&app, &mut key).await;
    let me = browser.get("/me").await.json();
    assert_eq!((&me["email"], &me["name"]), (&json!(EMAIL), &json!("Ada")));
    assert_eq!(key.user_handle, me["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().as_bytes());
    app.browser().sign_in_with(&mut key).await.assert_status(200);

    // No password opens it, at either door.
    for password in ["", " ", PASSWORD, "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA"] {
        assert_ne!(with_password(&app, password).await, 200, "{password}");
        app.browser().submit("/sign-in", &[("email", EMAIL), ("password", password)]).await.page(401);
    }
    app.post("/api/v1/login")
        .json(json!({"email": EMAIL, "password": PASSWORD}))
        .await
        .problem(401, "invalid_credentials");
    assert_eq!(app.raw().await.texts("SELECT password_hash FROM accounts").await, [""]);
    assert_eq!(app.emails_with_subject("Confirm your email address").await.len(), 1);
    app.db.wait_idle().await;
    let account = me["id"].as_str().unwrap().parse().unwrap();
    let events: Vec<_> = list(&app.db, account).await.unwrap().iter().map(|event| event.kind.as_str()).collect();
    assert!(events.contains(&"account_created") && events.contains(&"sign_in_failed"), "{events:?}");

    let page = browser.visit("/account").await.page(200);
    assert!(page.contains("Set a password") && !page.contains("Change your password"), "{page}");
    let page = browser.visit("/account/security").await.page(200);
    assert!(page.contains("Your account has no password") && page.contains("Set a password"), "{page}");
}

async fn the_form_says_what_is_wrong(app: TestApp) {
    app.person("bob").await;
    let browser = app.browser();
    for (name, email, field) in [
        ("", EMAIL, "name"),
        ("Ada", "ada", "email"),
        ("Ada", "bob@example.org", "email"),
        ("A\u{202e}da", EMAIL, "name"),
    ] {
        let form = browser.sign_up_form(&mut Authenticator::new(), "new@example.org").await;
        let page = form.with(&[("name", name), ("email", email)]).by(&browser).await.page(422);
        assert!(!field_error(&page, field).is_empty(), "{name} {email}: {page}");
        let typed = PageForm::to(&page, "/sign-up");
        assert_eq!((typed.value("name"), typed.value("email")), (name, email));
    }
    for credential in ["", "{}", "nonsense", "[]"] {
        let form = [("name", "Ada"), ("email", EMAIL), ("credential", credential), ("next", "/account")];
        let page = browser.submit("/passkeys/sign-up", &form).await.page(401);
        assert!(page.contains("The passkey was not accepted") && page.contains(r#"value="/account""#), "{page}");
    }
    for body in [json!({"name": "", "email": EMAIL}), json!({"name": "Ada", "email": "ada"}), json!({})] {
        browser.post("/sign-up/passkey/options", body).await.problem(422, "validation_failed");
    }
    assert_eq!((app.count("accounts").await, browser.cookie()), (1, None));
    // It goes on where it should, and nowhere else.
    for (next, place) in [("/account", "/account"), ("//evil.example", PAGE)] {
        let (browser, email) = (app.browser(), format!("x{}@example.org", next.len()));
        let form = browser.sign_up_form(&mut Authenticator::new(), &email).await;
        form.with(&[("next", next)]).by(&browser).await.assert_redirect(place);
    }
}

async fn what_is_no_passkey_of_this_site_makes_no_account(app: TestApp) {
    for (what, change) in wrong() {
        let mut key = Authenticator::new();
        change(&mut key);
        let browser = app.browser();
        let reply = browser.sign_up_with(&mut key, EMAIL).await;
        assert_eq!((reply.status.as_u16(), browser.cookie()), (401, None), "{what}");
    }
    // A passkey that another account has.
    let mut key = Authenticator::new();
    app.person("bob").await.browser.add_passkey(&mut key).await;
    app.browser().sign_up_with(&mut key, EMAIL).await.page(401);
    assert_eq!((app.count("accounts").await, app.count("passkeys").await), (1, 1));
}

async fn a_challenge_of_signing_up_is_for_that_and_for_once(app: TestApp) {
    let browser = app.browser();
    let mut key = Authenticator::new();
    let form = browser.sign_up_form(&mut key, EMAIL).await;
    form.by(&browser).await.assert_redirect(PAGE);
    let again = form.with(&[("form_key", ""), ("email", "again@example.org")]);
    again.by(&app.browser()).await.page(401);

    let submit = async |credential: Value| {
        let form = [("name", "Ada"), ("email", "late@example.org"), ("credential", &credential.to_string())];
        app.browser().submit("/passkeys/sign-up", &form).await.status.as_u16()
    };
    // Neither of another kind, nor by another kind of answer.
    assert_eq!(submit(Authenticator::new().make(&browser.asked_to_add().await)).await, 401);
    assert_eq!(submit(key.sign(&browser.asked_to_sign().await)).await, 401);
    let mut asked = browser.asked_to_sign().await;
    asked["user"] = json!({"id": "AAAAAAAAAAAAAAAAAAAAAA"});
    assert_eq!(submit(Authenticator::new().make(&asked)).await, 401);
    let asked = browser.asked_to_sign_up("late@example.org").await;
    browser.post("/login/passkey", json!({"credential": key.sign(&asked)})).await.problem(401, "passkey_refused");
    let asked = browser.asked_to_sign_up("late@example.org").await;
    let made = Authenticator::new().make(&asked);
    browser.post("/passkeys", json!({"credential": made})).await.names_field("credential");

    let asked = browser.asked_to_sign_up("late@example.org").await;
    app.clock.advance(Duration::minutes(5));
    assert_eq!(submit(Authenticator::new().make(&asked)).await, 401);
    assert_eq!(app.count("accounts").await, 1);
    let asked = browser.asked_to_sign_up("late@example.org").await;
    assert_eq!(submit(Authenticator::new().make(&asked)).await, 303);
}

async fn of_two_who_sign_up_with_one_address_one_does(app: TestApp) {
    for round in 0..4 {
        let email = format!("ada{round}@example.org");
        let mut asks = Vec::new();
        for _ in 0..2 {
            let browser = app.browser();
            asks.push(browser.sign_up_form(&mut Authenticator::new(), &email).await.by(&browser));
        }
        assert_eq!(at_once(asks).await, [303, 422]);
    }
    // The one that was slower leaves nothing behind.
    assert_eq!((app.count("accounts").await, app.count("passkeys").await), (4, 4));
}

async fn where_addresses_are_confirmed_first_the_answer_tells_nothing(database: Database) {
    let app = TestApp::with(database, |settings| settings.accounts.confirm = Confirm::Required).await;
    let mut key = Authenticator::synced();
    let browser = app.browser();
    browser.sign_up_with(&mut key, EMAIL).await.assert_redirect("/sign-up");
    let confirm = app.link("/confirm/").await;
    assert_eq!((browser.cookie(), app.count("passkeys").await), (None, 1));
    browser.sign_in_with(&mut key).await.problem(403, "address_not_confirmed");
    // Somebody else with the same address, who gets no account and no passkey.
    let mut other = Authenticator::synced();
    app.browser().sign_up_with(&mut other, EMAIL).await.assert_redirect("/sign-up");
    assert_eq!(app.emails_with_subject("You already have an account").await.len(), 1);
    assert_eq!((app.count("accounts").await, app.count("passkeys").await), (1, 1));

    // Whoever reads the mail has to have the passkey as well.
    let confirm = if app.link("/confirm/").await == confirm { confirm } else { app.link("/confirm/").await };
    let page = browser.visit(&confirm).await.page(200);
    assert!(page.contains("Confirm with a passkey") && !page.contains(r#"type="password""#), "{page}");
    let answer = async |key: &mut Authenticator| {
        let credential = key.sign(&browser.asked_to_sign().await).to_string();
        browser.submit(&confirm, &[("code", &credential)]).await
    };
    app.sql("UPDATE accounts SET email_verified_at = NULL").await;
    answer(&mut other).await.page(422);
    browser.submit(&confirm, &[("password", PASSWORD)]).await.page(422);
    assert_eq!(browser.cookie(), None);
    answer(&mut key).await.assert_redirect("/account");
    assert!(browser.is_signed_in().await);
    app.browser().sign_in_with(&mut key).await.assert_status(200);
}

async fn a_first_password_is_set_by_whoever_has_confirmed(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    let other = app.browser();
    other.sign_in_with(&mut key).await.assert_status(200);
    app.clock.advance(Duration::minutes(11));
    let path = "/account/password";
    let confirm = "/account/confirm?next=%2Faccount%2Fpassword";
    browser.visit(path).await.assert_redirect(confirm);
    for form in [[("password", NEW_PASSWORD), ("current", "")], [("password", NEW_PASSWORD), ("current", PASSWORD)]] {
        let reply = browser.submit(path, &form).await;
        assert!(!reply.assert_redirect(confirm).text().contains(NEW_PASSWORD));
    }
    assert_ne!(with_password(&app, NEW_PASSWORD).await, 200);

    let page = browser.visit(confirm).await.page(200);
    let credential = key.sign(&browser.asked_to_sign().await).to_string();
    let form = PageForm::to(&page, "/account/confirm").with(&[("code", &credential)]);
    form.by(&browser).await.assert_redirect(path);
    let page = browser.visit(path).await.page(200);
    assert!(page.contains("Set password") && !page.contains(r#"name="current""#), "{page}");
    let page = browser.fill(path, path, &[("password", "short")]).await.page(422);
    assert!(!field_error(&page, "password").is_empty());
    browser.fill(path, path, &[("password", NEW_PASSWORD)]).await.assert_redirect("/account");
    assert_eq!(with_password(&app, NEW_PASSWORD).await, 200);
    assert_eq!(app.emails_with_subject("A password was added to your account").await.len(), 1);
    // This browser stays signed in, others do not, and the passkey stays.
    assert!(browser.is_signed_in().await && !other.is_signed_in().await);
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    // From now on the current one is asked for.
    assert!(browser.visit(path).await.page(200).contains(r#"name="current""#));
    browser.submit(path, &[("password", "seven quiet green hills")]).await.page(422);
}

async fn a_first_password_is_set_by_json(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    app.clock.advance(Duration::minutes(11));
    let body = json!({"new_password": NEW_PASSWORD});
    browser.post("/me/password", body.clone()).await.problem(403, "reauthentication_required");
    let credential = key.sign(&browser.asked_to_sign().await);
    let proof = json!({"step": "passkey", "credential": credential});
    browser.post("/reauthenticate", proof).await.assert_status(204);
    let wrong = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    browser.post("/me/password", wrong).await.names_field("current_password");
    // Of two at once, one sets it.
    let asks = (0..2).map(|_| browser.post("/me/password", body.clone()));
    let statuses = at_once(asks).await;
    assert!(statuses[0] == 204 && statuses[1] > 400, "{statuses:?}");
    assert_eq!(with_password(&app, NEW_PASSWORD).await, 200);
    let again = app.browser();
    again.sign_in_with(&mut key).await.assert_status(200);
    again.post("/me/password", body).await.names_field("current_password");
}

async fn a_reset_by_mail_sets_a_first_password_and_keeps_the_passkey(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    // Of an address that nobody has confirmed, it would be a stranger's.
    app.sql("UPDATE accounts SET email_verified_at = created_at").await;
    app.browser().submit("/forgot", &[("email", EMAIL)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    app.browser().submit(&reset, &[("password", NEW_PASSWORD)]).await.assert_status(200);
    assert_eq!(with_password(&app, NEW_PASSWORD).await, 200);
    assert!(!browser.is_signed_in().await, "all browsers are signed out");
    app.browser().sign_in_with(&mut key).await.assert_status(200);
}

async fn the_account_is_exported_changed_and_deleted(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    app.clock.advance(Duration::minutes(11));
    let prove = async |key: &mut Authenticator| {
        let credential = key.sign(&browser.asked_to_sign().await).to_string();
        let form = [("again-by", "passkey"), ("code", &credential), ("next", "/account/export")];
        browser.submit("/account/confirm", &form).await.assert_redirect("/account/export");
    };
    browser.visit("/account/export").await.assert_redirect("/account/confirm?next=%2Faccount%2Fexport");
    prove(&mut key).await;
    let export = browser.visit("/account/export").await.assert_status(200).json();
    assert_eq!(export["passkeys"].as_array().unwrap().len(), 1);
    browser.submit("/account/email", &[("email", "ada@new.example")]).await.assert_status(202);
    let link = app.link("/email/").await;
    // In another browser, the passkey shows whose account it is.
    let other = app.browser();
    let credential = key.sign(&other.asked_to_sign().await).to_string();
    other.submit(&link, &[("code", &credential)]).await.assert_redirect("/account");
    assert_eq!(other.get("/me").await.json()["email"], "ada@new.example");
    browser.submit("/account/delete", &[("email", "ada@new.example")]).await.assert_redirect("/");
    assert_eq!((app.count("accounts").await, app.count("passkeys").await), (0, 0));
}

/// The paths that remove the passkeys of `browser`.
async fn removals(browser: &Browser) -> Vec<String> {
    let page = browser.visit("/account/passkeys").await.page(200);
    let forms = PageForm::all(&page).into_iter().map(|form| form.action);
    forms.filter(|action| action.ends_with("/remove")).collect()
}

async fn the_last_way_in_stays(app: TestApp) {
    let mut key = Authenticator::new();
    let browser = passwordless(&app, &mut key).await;
    let [only] = removals(&browser).await.try_into().unwrap();
    let page = browser.submit(&only, &[]).await.page(409);
    assert!(page.contains("This passkey is the only way to sign in to the account."), "{page}");
    assert!(page.contains(r#"role="alert""#), "{page}");
    app.browser().sign_in_with(&mut key).await.assert_status(200);
    assert!(app.emails_with_subject("A passkey was removed from your account").await.is_empty());

    browser.add_passkey(&mut Authenticator::new()).await;
    browser.submit(&only, &[]).await.assert_redirect("/account/passkeys");
    browser.submit(&only, &[]).await.assert_redirect("/account/passkeys");
    let [last] = removals(&browser).await.try_into().unwrap();
    browser.submit(&last, &[]).await.page(409);
    browser.submit("/account/password", &[("password", NEW_PASSWORD)]).await.assert_redirect("/account");
    browser.submit(&last, &[]).await.assert_redirect("/account/passkeys");
    assert_eq!(app.count("passkeys").await, 0);
}

async fn of_two_last_ways_removed_at_once_one_stays(app: TestApp) {
    for round in 0..6 {
        let browser = app.browser();
        let email = format!("ada{round}@example.org");
        browser.sign_up_with(&mut Authenticator::new(), &email).await.assert_redirect(PAGE);
        browser.add_passkey(&mut Authenticator::new()).await;
        let asks: Vec<_> = removals(&browser)
            .await
            .iter()
            .map(|path| browser.ask(axum::http::Method::POST, path).form(&[] as &[(&str, &str)]))
            .collect();
        assert_eq!(at_once(asks).await, [303, 409]);
        assert_eq!(removals(&browser).await.len(), 1);
    }
}

async fn an_operator_lets_in_who_lost_the_passkey(app: TestApp) {
    let browser = passwordless(&app, &mut Authenticator::new()).await;
    let account = admin::find(&app.db, EMAIL).await.unwrap().id;
    let state = &app.state;
    let whose = (&app.db, &*state.settings, &state.mailer);
    factor_reset::service::ask(whose, &state.sign_ins, (account, EMAIL)).await.unwrap();
    app.clock.advance(Duration::hours(25));
    assert_eq!(factor_reset::service::remove_due(state, 10).await.unwrap(), 1);
    let mails = app.emails_with_subject("Two-factor authentication was removed by the operator").await;
    assert!(mails[0].text().contains("Choose a password"), "{}", mails[0].text());
    // Nothing is left to confirm with, and the page says what to do.
    browser.visit("/account/export").await;
    let browser = if browser.is_signed_in().await { browser } else { return };
    let page = browser.visit("/account/confirm").await.page(200);
    assert!(page.contains("nothing to confirm it with") && page.contains(r#"href="/forgot""#), "{page}");
}

async fn the_way_in_that_was_used_last_is_marked(app: TestApp) {
    const MARK: &str = "Last used here";
    let mut key = Authenticator::synced();
    let ada = app.person("ada").await;
    ada.browser.add_passkey(&mut key).await;
    let browser = app.browser();
    assert!(!browser.visit("/sign-in").await.page(200).contains(MARK));
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    browser.submit("/sign-in", &form).await.assert_redirect(PAGE);
    assert_eq!(browser.last_way().as_deref(), Some("password"));
    browser.submit("/sign-out", &[]).await.assert_redirect("/");
    let beside = async || {
        let page = browser.visit("/sign-in").await.page(200);
        assert_eq!(page.matches(MARK).count(), 1, "{page}");
        page.find(MARK) < page.find(r#"action="/passkeys/sign-in""#)
    };
    assert!(beside().await, "the password");
    browser.sign_in_with(&mut key).await.assert_status(200);
    assert_eq!(browser.last_way().as_deref(), Some("passkey"));
    browser.submit("/sign-out", &[]).await.assert_redirect("/");
    assert!(!beside().await, "the passkey");
    // It says how, never who; and what it does not know, it does not show.
    for planted in ["", "totp", "<b>", "ada@example.org"] {
        browser.put("last-way", planted);
        assert!(!browser.visit("/sign-in").await.page(200).contains(MARK), "{planted}");
    }
}
