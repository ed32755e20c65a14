//! What people type, on machines of every kind (S75): addresses, passwords, names, times.

use argon2::{
    Argon2, PasswordHasher,
    password_hash::{SaltString, rand_core::OsRng},
};
use serde_json::{Value, json};
use vestibule::{
    auth::passwords::Hasher,
    features::accounts::{admin, service::SignUp},
    http::problem::Problem,
};

use crate::support::{
    Database, PASSWORD, TestApp, field_error, on_both_databases,
    resource::{PAGE, READ_FIELD, TABLE},
};

on_both_databases! {
    what_cannot_be_mailed_is_refused_beside_the_field,
    an_address_is_one_however_its_domain_is_written,
    so_it_is_where_addresses_have_to_be_confirmed,
    accounts_of_the_first_version_go_on,
    a_password_is_one_however_it_is_composed,
    an_old_password_goes_on_as_it_was_typed,
    names_can_be_seen,
    times_have_three_digits_after_the_second,
    the_expiry_of_a_session_has_one_length,
}

const NO_ADDRESS: &str = "Enter an email address, such as ada@example.org.";
const TAKEN: &str = "There is already an account with this email address. Sign in instead.";

async fn sign_up(app: &TestApp, email: &str) -> crate::support::Response {
    app.browser().submit("/sign-up", &[("name", "Ada"), ("email", email), ("password", PASSWORD)]).await
}

/// Whose password it is.
async fn login(app: &TestApp, email: &str, password: &str) -> Value {
    let login = app.post("/api/v1/login").json(json!({"email": email, "password": password})).await;
    login.assert_status(201).json()["account"].take()
}

async fn what_cannot_be_mailed_is_refused_beside_the_field(app: TestApp) {
    let ada = app.person("ada").await;
    let hasher = Hasher::new(&app.settings.passwords).unwrap();
    let long = format!("{}@example.org", "a".repeat(65));
    for bad in ["ada..lovelace@docomo.ne.jp", ".ada@example.org", &long, "<a>@example.org", "ada@-x.example", "a@xn--a"]
    {
        assert_eq!(field_error(&sign_up(&app, bad).await.page(422), "email"), NO_ADDRESS, "{bad}");
        let page = ada.browser.submit("/account/email", &[("email", bad)]).await.page(422);
        assert_eq!(field_error(&page, "email"), NO_ADDRESS, "{bad}");
        let form = SignUp { name: "Ada".into(), email: bad.into(), password: PASSWORD.into() };
        let refused = admin::create(&app.db, &hasher, form, false).await;
        assert!(matches!(refused, Err(Problem::Validation(errors)) if errors[0].field == "email"), "{bad}");
    }
    assert_eq!(app.count("accounts").await, 1);
}

async fn an_address_is_one_however_its_domain_is_written(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.mails_per_recipient = 100).await;
    let browser = app.browser();
    let form = [("name", "Ada"), ("email", "Ada@bücher.example"), ("password", PASSWORD)];
    browser.submit("/sign-up", &form).await.assert_status(303);
    let spellings =
        ["ada@xn--bcher-kva.example", "ada@bücher.example", "ADA@BU\u{308}CHER.example", "ada@bücher。example"];
    for spelling in spellings {
        assert_eq!(field_error(&sign_up(&app, spelling).await.page(422), "email"), TAKEN, "{spelling}");
        assert_eq!(login(&app, spelling, PASSWORD).await["email"], "ada@xn--bcher-kva.example", "{spelling}");
        assert_eq!(admin::find(&app.db, spelling).await.unwrap().email, "ada@xn--bcher-kva.example");
    }
    let page = browser.submit("/account/email", &[("email", "ada@bücher.example")]).await.page(422);
    assert_eq!(field_error(&page, "email"), "This is already your email address.");
    app.browser().submit("/forgot", &[("email", "ada@bücher.example")]).await.assert_status(202);
    let letters = app.emails_with_subject("Choose a new password").await;
    assert_eq!(letters[0].header("To"), "ada@xn--bcher-kva.example");
    assert!(browser.visit("/account").await.page(200).contains("<dd>ada@bücher.example</dd>"), "people read it so");
    browser.submit("/account/delete", &[("email", "ada@bücher.example")]).await.assert_redirect("/");
    assert_eq!(app.count("accounts").await, 0);
}

async fn so_it_is_where_addresses_have_to_be_confirmed(database: Database) {
    use vestibule::settings::Confirm;
    let app = TestApp::with(database, |settings| settings.accounts.confirm = Confirm::Required).await;
    sign_up(&app, "ada@bücher.example").await.assert_status(202);
    app.db.wait_idle().await;
    app.sql("UPDATE accounts SET email = 'ada@bücher.example'").await;
    sign_up(&app, "ada@xn--bcher-kva.example").await.assert_status(202);
    app.db.wait_idle().await;
    assert_eq!(app.count("accounts").await, 1);
    assert_eq!(app.emails_with_subject("You already have an account").await.len(), 1);
}

async fn accounts_of_the_first_version_go_on(app: TestApp) {
    for (name, stored) in
        [("ada", "ada..lovelace@docomo.ne.jp"), ("eve", "<eve>@-x.example"), ("bob", "bob@bücher.example")]
    {
        let person = app.person(name).await;
        app.sql(&format!("UPDATE accounts SET email = '{stored}' WHERE email = '{}'", person.email)).await;
        let account = login(&app, &stored.to_uppercase(), PASSWORD).await;
        assert_eq!((&account["id"], &account["email"]), (&json!(person.account.id), &json!(stored)));
        assert_eq!(admin::find(&app.db, stored).await.unwrap().id, person.account.id);
        let new = format!("{name}@example.net");
        person.browser.submit("/account/email", &[("email", &new)]).await.assert_status(202);
        let link = app.link("/email/").await;
        let browser = app.browser();
        browser.submit(&link, &[("password", PASSWORD)]).await.assert_redirect("/account");
        app.sql(&format!("UPDATE accounts SET email = '{stored}' WHERE email = '{new}'")).await;
    }
    // One account, whichever way its address is typed.
    assert_eq!(login(&app, "bob@xn--bcher-kva.example", PASSWORD).await["email"], "bob@bücher.example");
    assert_eq!(field_error(&sign_up(&app, "bob@xn--bcher-kva.example").await.page(422), "email"), TAKEN);
    // Where there are two of one address, each is found as it was.
    let other = app.person("other").await;
    app.sql("UPDATE accounts SET email = 'bob@xn--bcher-kva.example' WHERE email = 'other@example.org'").await;
    assert_eq!(login(&app, "bob@xn--bcher-kva.example", PASSWORD).await["id"], json!(other.account.id));
    assert_ne!(login(&app, "bob@bücher.example", PASSWORD).await["id"], json!(other.account.id));
}

const COMPOSED: &str = "été à la mer, côté jardin";
const DECOMPOSED: &str = "e\u{301}te\u{301} a\u{300} la mer, co\u{302}te\u{301} jardin";

async fn a_password_is_one_however_it_is_composed(app: TestApp) {
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", DECOMPOSED)];
    app.browser().submit("/sign-up", &form).await.assert_status(303);
    for same in [COMPOSED, DECOMPOSED, "été à\u{a0}la\u{3000}mer, côté jardin"] {
        login(&app, "ada@example.org", same).await;
    }
    for other in ["Été à la mer, côté jardin", "ete a la mer, cote jardin", " été à la mer, côté jardin"] {
        let login = app.post("/api/v1/login").json(json!({"email": "ada@example.org", "password": other}));
        login.await.problem(401, "invalid_credentials");
    }
    // Seven characters, of fourteen code points.
    let short = [("name", "Bob"), ("email", "bob@example.org"), ("password", &"e\u{301}".repeat(7))];
    let page = app.browser().submit("/sign-up", &short).await.page(422);
    assert!(field_error(&page, "password").contains("at least 8 characters"), "{page}");
}

async fn an_old_password_goes_on_as_it_was_typed(app: TestApp) {
    let ada = app.person("ada").await;
    let salt = SaltString::generate(&mut OsRng);
    // The parameters do not matter: none is less than what the house asks for.
    let old = Argon2::default().hash_password(DECOMPOSED.as_bytes(), &salt).unwrap();
    app.sql(&format!("UPDATE accounts SET password_hash = '{old}'")).await;
    let wrong = app.post("/api/v1/login").json(json!({"email": ada.email, "password": COMPOSED}));
    wrong.await.problem(401, "invalid_credentials");
    login(&app, &ada.email, DECOMPOSED).await;
    app.db.wait_idle().await;
    // It was hashed anew, as all are now, and nobody is signed out by it.
    login(&app, &ada.email, COMPOSED).await;
    login(&app, &ada.email, DECOMPOSED).await;
    assert!(ada.browser.is_signed_in().await);
}

async fn names_can_be_seen(app: TestApp) {
    let ada = app.person("ada").await;
    for blank in ["\u{200b}", "\u{3164}\u{3164}", "\u{2800} \u{feff}"] {
        let form = [("name", blank), ("email", "bob@example.org"), ("password", PASSWORD)];
        assert!(!field_error(&app.browser().submit("/sign-up", &form).await.page(422), "name").is_empty());
        let page = ada.browser.submit("/account/name", &[("name", blank)]).await.page(422);
        assert!(!field_error(&page, "name").is_empty());
        let form = [("name", blank), ("days", "30"), (READ_FIELD, "on")];
        assert!(!field_error(&ada.browser.submit("/tokens", &form).await.page(422), "name").is_empty());
    }
    let turning = "Ada\u{202e}nimda";
    let page = ada.browser.submit("/account/name", &[("name", turning)]).await.page(422);
    assert!(field_error(&page, "name").contains("direction"), "{page}");
    let form = [("name", turning), ("days", "30"), (READ_FIELD, "on")];
    assert!(field_error(&ada.browser.submit("/tokens", &form).await.page(422), "name").contains("direction"));
    ada.browser.submit("/account/name", &[("name", "שרה\u{200f} 👩\u{200d}💻")]).await.assert_redirect("/account");
}

async fn times_have_three_digits_after_the_second(app: TestApp) {
    let ada = app.person("ada").await;
    let path = ada.item_path("a").await;
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    for (microseconds, written) in
        [(1_700_000_000_000_000_u64, "2023-11-14T22:13:20.000Z"), (1_700_000_000_100_000, "2023-11-14T22:13:20.100Z")]
    {
        let time =
            if sqlite { microseconds.to_string() } else { format!("to_timestamp({microseconds}::numeric / 1000000)") };
        app.sql(&format!("UPDATE {TABLE} SET created_at = {time}, updated_at = {time}")).await;
        app.sql(&format!("UPDATE tokens SET created_at = {time}")).await;
        for door in ada.doors() {
            let note = door.get(&path).await.assert_status(200).json();
            assert_eq!((&note["created_at"], &note["updated_at"]), (&json!(written), &json!(written)));
            assert_eq!(door.get("/tokens").await.assert_status(200).json()["items"][0]["created_at"], json!(written));
        }
        let page = ada.browser.visit(PAGE).await.page(200);
        assert!(page.contains(&format!(r#"datetime="{written}""#)), "{page}");
    }
}

/// SQLite compares it as a text (T9).
async fn the_expiry_of_a_session_has_one_length(app: TestApp) {
    app.person("ada").await;
    app.person("bob").await;
    let expiries = app.raw().await.texts("SELECT CAST(expiry_date AS TEXT) FROM tower_sessions").await;
    assert!(expiries.len() >= 2 && expiries.iter().all(|text| !text.contains('.')), "{expiries:?}");
}
