//! Whose address it is: optional, and required.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use vestibule::settings::Confirm;

use crate::support::{
    Browser, Database, Door, PASSWORD, Response, TestApp, field_error, on_both_databases, resource::HOME,
};

on_both_databases! {
    everybody_is_told_whether_the_address_is_confirmed,
    an_address_is_confirmed_by_a_link,
    a_link_followed_elsewhere_asks_for_the_password,
    whoever_is_signed_in_as_another_is_asked_too,
    opening_the_link_changes_nothing,
    a_link_is_over_by_the_clock_and_is_sent_again,
    a_new_password_by_mail_confirms_the_address,
    where_it_is_required_nobody_is_in_before,
    where_it_is_required_signing_up_says_the_same_of_every_address,
    where_it_is_required_an_account_stays_its_owners,
    where_it_is_required_a_form_is_checked_all_the_same,
    where_it_is_required_of_two_who_come_at_once_one_has_the_account,
    links_are_for_one_purpose,
}

const FORM: [(&str, &str); 3] = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
const UNCONFIRMED: &str = "Your email address is not confirmed yet.";

async fn strict(database: Database) -> TestApp {
    TestApp::with(database, |settings| settings.accounts.confirm = Confirm::Required).await
}

/// The newest link.
async fn link(app: &TestApp) -> String {
    app.link("/confirm/").await
}

async fn sign_in(browser: &Browser) -> Response {
    browser.submit("/sign-in", &FORM[1..]).await
}

async fn an_address_is_confirmed_by_a_link(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(ada.browser.visit("/account").await.page(200).contains(UNCONFIRMED), "and signed in all the same");
    let [letter] = app.letters().await.try_into().unwrap();
    assert_eq!((letter.header("To"), letter.header("Subject")), ("ada@example.org", "Confirm your email address"));
    let path = letter.path("/confirm/").unwrap();
    let page = ada.browser.visit(&path).await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.page(200).contains("Confirm email address") && !page.text().contains(r#"type="password""#));
    ada.browser.submit(&path, &[]).await.assert_redirect("/account");
    assert!(!ada.browser.visit("/account").await.page(200).contains(UNCONFIRMED));
    ada.browser.submit(&path, &[]).await.page(410);
    ada.browser.visit(&path).await.page(410);
}

async fn a_link_followed_elsewhere_asks_for_the_password(app: TestApp) {
    let ada = app.person("ada").await;
    let (path, phone) = (link(&app).await, app.browser());
    assert!(phone.visit(&path).await.page(200).contains(r#"type="password""#));
    for wrong in [&[][..], &[("password", "")], &[("password", "wrong password")]] {
        let page = phone.submit(&path, wrong).await.page(401);
        assert_eq!(field_error(&page, "password"), "The password is wrong.");
    }
    assert!(ada.browser.visit("/account").await.page(200).contains(UNCONFIRMED));
    phone.submit(&path, &FORM[2..]).await.assert_redirect("/account");
    assert!(!phone.visit("/account").await.page(200).contains(UNCONFIRMED), "it is signed in, too");
}

async fn whoever_is_signed_in_as_another_is_asked_too(app: TestApp) {
    app.person("ada").await;
    let path = link(&app).await;
    let bob = app.person("bob").await;
    assert!(bob.browser.visit(&path).await.page(200).contains(r#"type="password""#));
    bob.browser.submit(&path, &[]).await.page(401);
    bob.browser.submit(&path, &FORM[2..]).await.assert_redirect("/account");
    assert!(bob.browser.visit("/account").await.page(200).contains("Signed in as ada@example.org"));
}

async fn opening_the_link_changes_nothing(app: TestApp) {
    app.person("ada").await;
    let path = link(&app).await;
    let mut witness = app.witness().await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert!(!app.ask(method, &path).await.assert_status(200).has("set-cookie"));
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_link_is_over_by_the_clock_and_is_sent_again(app: TestApp) {
    let ada = app.person("ada").await;
    let first = link(&app).await;
    app.clock.advance(Duration::hours(24) - Duration::minutes(1));
    app.get(&first).await.page(200);
    app.clock.advance(Duration::minutes(1));
    app.get(&first).await.page(410);

    let browser = app.browser();
    sign_in(&browser).await.assert_redirect(HOME);
    let page = browser.visit("/account").await.page(200);
    assert!(page.contains(r#"<form method="post" action="/account/email/resend">"#));
    assert!(browser.submit("/account/email/resend", &[]).await.page(202).contains(&ada.email));
    let second = link(&app).await;
    browser.submit("/account/email/resend", &[]).await.page(202);
    browser.submit(&second, &[]).await.page(410);
    browser.submit(&link(&app).await, &[]).await.assert_redirect("/account");
    app.browser().submit("/account/email/resend", &[]).await.assert_redirect("/sign-in");
}

async fn a_new_password_by_mail_confirms_the_address(app: TestApp) {
    app.person("ada").await;
    app.browser().submit("/forgot", &FORM[1..2]).await.assert_status(202);
    let path = app.link("/reset/").await;
    app.browser().submit(&path, &FORM[2..]).await.page(200);
    let browser = app.browser();
    sign_in(&browser).await.assert_redirect(HOME);
    assert!(!browser.visit("/account").await.page(200).contains(UNCONFIRMED));
}

async fn where_it_is_required_nobody_is_in_before(database: Database) {
    let app = strict(database).await;
    let browser = app.browser();
    let reply = browser.submit("/sign-up", &FORM).await;
    assert!(reply.page(202).contains("Check your email") && !reply.has("set-cookie"));
    let path = link(&app).await;

    let page = sign_in(&browser).await.page(403);
    assert!(page.contains("Your address is not confirmed yet"), "{page}");
    let wrong = browser.submit("/sign-in", &[FORM[1], ("password", "wrong password")]).await.page(401);
    assert!(!wrong.contains("not confirmed"), "only whoever knows the password is told");
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    app.post("/api/v1/login").json(login.clone()).await.problem(403, "address_not_confirmed");
    browser.post("/login", login.clone()).await.problem(403, "address_not_confirmed");
    assert_eq!((app.count("browser_sessions").await, app.count("tokens").await), (0, 0));

    browser.submit(&path, &FORM[2..]).await.assert_redirect("/account");
    assert!(browser.is_signed_in().await);
    sign_in(&app.browser()).await.assert_redirect(HOME);
    app.post("/api/v1/login").json(login).await.assert_status(201);
}

async fn where_it_is_required_signing_up_says_the_same_of_every_address(database: Database) {
    let app = strict(database).await;
    let mut pages = Vec::new();
    for _ in 0..3 {
        let reply = app.browser().submit("/sign-up", &FORM).await;
        let nonce = reply.header("content-security-policy").split('\'').find(|part| part.starts_with("nonce-"));
        pages.push(reply.page(202).replace(nonce.unwrap().trim_start_matches("nonce-"), ""));
        assert!(!reply.has("set-cookie"));
        if pages.len() == 2 {
            let path = link(&app).await;
            app.browser().submit(&path, &FORM[2..]).await.assert_redirect("/account");
        }
        app.db.wait_idle().await;
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let letters = app.letters().await;
    let subjects: Vec<_> = letters.iter().map(|letter| letter.header("Subject")).collect();
    assert_eq!(subjects, ["Confirm your email address", "You already have an account", "You already have an account"]);
    assert!(letters[1].text().contains("/confirm/") && !letters[2].text().contains("/confirm/"));
    assert!(letters[2].text().contains("/sign-in") && letters[2].text().contains("/forgot"));
    assert_eq!(app.count("accounts").await, 1);
}

async fn where_it_is_required_an_account_stays_its_owners(database: Database) {
    let app = strict(database).await;
    app.browser().submit("/sign-up", &FORM).await.assert_status(202);
    let stranger = [("name", "Eve"), FORM[1], ("password", "the words of a stranger")];
    app.db.wait_idle().await;
    app.browser().submit("/sign-up", &stranger).await.assert_status(202);
    let path = link(&app).await;
    app.browser().submit(&path, &stranger[2..]).await.page(401);
    let browser = app.browser();
    browser.submit(&path, &FORM[2..]).await.assert_redirect("/account");
    assert_eq!(browser.get("/me").await.json()["name"], "Ada");
}

async fn where_it_is_required_a_form_is_checked_all_the_same(database: Database) {
    let app = strict(database).await;
    let form = [("name", " "), ("email", "ada at example"), ("password", "short")];
    let page = app.browser().submit("/sign-up", &form).await.page(422);
    for field in ["name", "email", "password"] {
        assert!(!field_error(&page, field).is_empty(), "{field}");
    }
    app.db.wait_idle().await;
    assert_eq!((app.count("accounts").await, app.letters().await.len()), (0, 0));
}

async fn where_it_is_required_of_two_who_come_at_once_one_has_the_account(database: Database) {
    let app = strict(database).await;
    for round in 0..5 {
        let email = format!("ada{round}@example.org");
        let form = [FORM[0], ("email", email.as_str()), FORM[2]];
        let asks = [app.browser(), app.browser()].map(|browser| browser.ask(Method::POST, "/sign-up").form(&form));
        let [first, second] = asks.map(|ask| tokio::spawn(ask.into_future()));
        first.await.unwrap().assert_status(202);
        second.await.unwrap().assert_status(202);
        let letters = app.letters().await;
        assert_eq!(letters.iter().filter(|letter| letter.header("To") == email).count(), 2);
    }
    assert_eq!(app.count("accounts").await, 5);
}

async fn links_are_for_one_purpose(app: TestApp) {
    let ada = app.person("ada").await;
    let token = link(&app).await.replace("/confirm/", "");
    for path in ["/reset/", "/email/"] {
        app.get(&format!("{path}{token}")).await.page(410);
        ada.browser.submit(&format!("{path}{token}"), &FORM[2..]).await.page(410);
    }
    ada.browser.visit(&format!("/confirm/{token}")).await.page(200);
}

async fn everybody_is_told_whether_the_address_is_confirmed(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        assert_eq!(door.get("/me").await.assert_status(200).json()["email_confirmed"], false);
    }
    let link = app.link("/confirm/").await;
    ada.browser.submit(&link, &[]).await.assert_redirect("/account");
    for door in ada.doors() {
        assert_eq!(door.get("/me").await.assert_status(200).json()["email_confirmed"], true);
    }
    let login = app.post("/api/v1/login").json(serde_json::json!({"email": ada.email, "password": PASSWORD})).await;
    assert_eq!(login.assert_status(201).json()["account"]["email_confirmed"], true);
    assert_eq!(ada.browser.visit("/account/export").await.json()["account"]["email_confirmed"], true);
}
