//! What each of our mails says, word for word: a file beside this one for each, named by its subject.
//!
//! Where a mail has changed on purpose, the test that fails says where its new text lies.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;
use time::{Duration, OffsetDateTime};
use vestibule::{
    features::{
        accounts::{admin, corrections, factor_reset},
        tokens::service::tell_of_end,
    },
    settings::{Confirm, Settings},
    timestamp::Timestamp,
};

use crate::{
    sign_in::{Enrolled, step, text_of},
    support::{Authenticator, Database, Door, Email, PASSWORD, TestApp, resource::READ, without_database},
};

without_database! {
    every_mail_says_what_its_file_says,
}

const NEW_PASSWORD: &str = "entirely different words";

/// 15 June 2030, 12:00:30 UTC: the days that mails name are the same each time, and so is where their lines break.
const THEN: i64 = 1_907_755_230;

async fn app(database: Database, change: impl FnOnce(&mut Settings)) -> TestApp {
    let app = TestApp::with(database, change).await;
    app.clock.stop();
    app.clock.advance(Timestamp::new(OffsetDateTime::from_unix_timestamp(THEN).unwrap()) - app.db.now());
    app
}

/// The subject and the text of each mail, with no secret in its links.
async fn texts(app: &TestApp) -> Vec<String> {
    let without_secret = |line: &str| match line.rsplit_once("/link_") {
        Some((link, _)) => format!("{link}/SECRET\n"),
        None if line.len() == 9 && line.as_bytes()[4] == b'-' => "AB12-CD34\n".into(),
        None => format!("{line}\n"),
    };
    let text = |letter: &Email| {
        let lines: String = letter.text().trim_end().lines().map(without_secret).collect();
        format!("Subject: {}\n\n{lines}", letter.header("Subject"))
    };
    app.letters().await.iter().map(text).collect()
}

/// The mails of one who signs up, signs in elsewhere, changes this and that, and leaves.
async fn of_a_life(database: Database) -> Vec<String> {
    let app = app(database, |settings| settings.throttle.mails_per_recipient = 100).await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let credential = Authenticator::new().make(&bob.browser.asked_to_add().await);
    let add = bob.browser.post("/passkeys", json!({"credential": credential})).header("user-agent", firefox);
    let added = add.at("203.0.113.7").await.assert_status(201).json();
    for action in ["rename", "remove"] {
        app.db.wait_idle().await;
        let path = format!("/account/passkeys/{}/{action}", added["id"].as_str().unwrap());
        let change = bob.browser.ask(axum::http::Method::POST, &path).form(&[("name", "phone")]);
        change.header("user-agent", firefox).at("203.0.113.7").await.assert_status(303);
    }
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let reset = app.link("/reset/").await;
    app.browser().submit(&reset, &[("password", NEW_PASSWORD)]).await.assert_status(200);
    let browser = app.browser();
    let form = [("email", ada.email.as_str()), ("password", NEW_PASSWORD)];
    let sign_in = browser.ask(axum::http::Method::POST, "/sign-in").form(&form).header("user-agent", firefox);
    sign_in.at("203.0.113.7").await.assert_status(303);
    app.db.wait_idle().await;
    for email in [bob.email.as_str(), "new@example.org"] {
        browser.submit("/account/email", &[("email", email)]).await.assert_status(202);
        app.db.wait_idle().await;
    }
    let confirm = app.link("/email/").await;
    browser.submit(&confirm, &[("password", NEW_PASSWORD)]).await.assert_status(303);

    app.token(&ada, &[READ]).await;
    let found = app.token(&ada, &[READ]).await;
    app.post("/api/v1/tokens/report").json(json!({"token": found.token})).await.assert_status(202);
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(24));
    assert_eq!(tell_of_end(&app.db, &app.settings, &app.state.mailer, 100).await.unwrap(), 1);
    bob.browser.submit("/sign-in", &[("email", &bob.email), ("password", PASSWORD)]).await.assert_status(303);
    bob.browser.submit("/account/delete", &[("email", &bob.email)]).await.assert_status(303);
    texts(&app).await
}

/// The mails of one who signs up twice where addresses have to be confirmed.
async fn of_signing_up_twice(database: Database) -> Vec<String> {
    let app = app(database, |settings| settings.accounts.confirm = Confirm::Required).await;
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    for _ in 0..2 {
        app.browser().submit("/sign-up", &form).await.assert_status(202);
        app.db.wait_idle().await;
    }
    let confirm = app.link("/confirm/").await;
    app.browser().submit(&confirm, &form[2..]).await.assert_status(303);
    app.browser().submit("/sign-up", &form).await.assert_status(202);
    texts(&app).await
}

/// The mails about second factors.
async fn of_second_factors(database: Database) -> Vec<String> {
    let app = app(database, |_| {}).await;
    let ada = Enrolled::new(&app, "ada").await;
    let page = ada.person.browser.submit("/account/security/recovery-codes", &[]).await.page(201);
    for code in text_of(&page, "recovery-codes").lines().take(8) {
        step(&app, "recovery_code", &ada.pending(&app).await, code).await.assert_status(201);
    }
    ada.person.browser.submit("/account/security/totp/remove", &[]).await.assert_status(303);
    let ada = Enrolled::of(&app, ada.person).await;
    let with = (&app.db, &app.settings, &app.state.mailer);
    let whose = (ada.person.account.id, ada.person.email.as_str());
    factor_reset::service::ask(with, &app.state.sign_ins, whose).await.unwrap();
    app.db.wait_idle().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let bob = app.person("bob").await;
    let browser = app.browser();
    let ask = browser.post("/login/email_code/send", json!({"email": bob.email})).header("user-agent", firefox);
    ask.at("203.0.113.7").await.assert_status(202);
    let code = crate::email_codes::newest_code(&app).await;
    browser.post("/login/email_code", json!({"code": code})).await.assert_status(200);
    app.clock.advance(Duration::hours(24));
    assert_eq!(factor_reset::service::remove_due(&app.state, 10).await.unwrap(), 1);
    texts(&app).await
}

/// The mails of those who have no password.
async fn of_the_passwordless(database: Database) -> Vec<String> {
    let app = app(database, |_| {}).await;
    let (ada, eve) = (app.browser(), app.browser());
    ada.sign_up_with(&mut Authenticator::new(), "ada@example.org").await.assert_status(303);
    ada.submit("/account/password", &[("password", NEW_PASSWORD)]).await.assert_status(303);
    eve.sign_up_with(&mut Authenticator::new(), "eve@example.org").await.assert_status(303);
    let account = admin::find(&app.db, "eve@example.org").await.unwrap();
    let with = (&app.db, &app.settings, &app.state.mailer);
    factor_reset::service::ask(with, &app.state.sign_ins, (account.id, &account.email)).await.unwrap();
    app.clock.advance(Duration::hours(24));
    assert_eq!(factor_reset::service::remove_due(&app.state, 10).await.unwrap(), 1);
    texts(&app).await
}

/// The mails of one whose address an operator changes.
async fn of_a_correction(database: Database) -> Vec<String> {
    let app = app(database, |_| {}).await;
    let ada = app.person("ada").await;
    let with = (&app.db, &app.settings, &app.state.mailer);
    let mut email = ada.email;
    for (new, confirmed) in [("new@example.org", false), ("newest@example.org", true)] {
        let account = admin::find(&app.db, &email).await.unwrap();
        corrections::change_address(with, &account, new, confirmed).await.unwrap();
        email = new.into();
    }
    texts(&app).await
}

/// By the name of the file, such as `confirm-your-address-1.txt`: a subject may have several texts.
fn by_name(mails: Vec<String>) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for mail in mails {
        let subject = mail.lines().next().unwrap().trim_start_matches("Subject: ").to_lowercase();
        let words: Vec<_> =
            subject.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let name = (1..).map(|number| format!("{}-{number}.txt", words.join("-")));
        let name = name.into_iter().find(|name| files.get(name).is_none_or(|other| *other == mail));
        files.insert(name.unwrap(), mail);
    }
    files
}

async fn every_mail_says_what_its_file_says(database: Database) {
    let of_second_factors = Box::pin(of_second_factors(database)).await;
    let of_the_passwordless = Box::pin(of_the_passwordless(database)).await;
    let of_a_life = Box::pin(of_a_life(database)).await;
    let of_a_correction = Box::pin(of_a_correction(database)).await;
    let said =
        [of_a_life, of_signing_up_twice(database).await, of_second_factors, of_the_passwordless, of_a_correction];
    let said = said.concat();
    let said = by_name(said);
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails");
    fs::create_dir_all(&new).unwrap();
    for (name, text) in &said {
        fs::write(new.join(name), text).unwrap();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/mails");
    let mut expected = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "txt") {
            let name = path.file_name().unwrap().to_str().unwrap();
            expected.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&said), names(&expected), "the mails that were sent lie in {}", new.display());
    for (name, text) in &said {
        assert_eq!(*text, expected[name], "{name}: the new text lies in {}", new.display());
    }
}
