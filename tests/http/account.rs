//! What people do with their account: another name, password or address, a copy of everything, the end of it.

use axum::http::Method;
use serde_json::json;
use time::Duration;

use crate::{
    browser_sessions::second_browser,
    credentials::NEW,
    support::{
        Door, PASSWORD, TestApp, all_scopes, features, field_error, hang_up_after, members, on_both_databases,
        resource::TABLE,
    },
};

on_both_databases! {
    the_account_page_leads_to_all_of_it,
    a_name_is_changed,
    a_password_is_changed,
    a_password_is_changed_by_whoever_knows_it_only,
    of_two_who_change_the_password_at_once_one_does,
    nobody_keeps_the_mail_about_it_back_by_hanging_up,
    a_remembered_browser_stays_remembered,
    an_address_is_changed_by_a_link,
    an_address_of_anothers_is_not_told,
    an_address_taken_meanwhile_stays_where_it_is,
    a_new_password_undoes_a_change_of_address,
    an_address_is_changed_without_a_sign_in_by_the_password,
    an_account_is_deleted_with_all_it_has,
    an_account_is_not_deleted_by_a_slip,
    the_export_holds_everything_of_ones_own,
    what_is_typed_here_is_text_as_well,
}

pub(super) async fn sign_in(app: &TestApp, email: &str, password: &str) -> u16 {
    app.browser().submit("/sign-in", &[("email", email), ("password", password)]).await.status.as_u16()
}

/// Whether there is a mail to `address` about `subject`.
async fn was_told(app: &TestApp, address: &str, subject: &str) -> bool {
    app.emails_with_subject(subject).await.iter().any(|letter| letter.header("To") == address)
}

async fn the_account_page_leads_to_all_of_it(app: TestApp) {
    let ada = app.person("ada").await;
    let page = ada.browser.visit("/account").await.page(200);
    for path in ["name", "email", "password", "delete"] {
        assert!(page.contains(&format!(r#"href="/account/{path}""#)), "{path}");
        let form = ada.browser.visit(&format!("/account/{path}")).await.page(200);
        assert!(form.contains(&format!(r#"<form method="post" action="/account/{path}">"#)), "{form}");
        app.get(&format!("/account/{path}")).await.assert_redirect(&format!("/sign-in?next=%2Faccount%2F{path}"));
    }
    assert!(page.contains(r#"href="/account/export""#));
    app.get("/account/export").await.assert_redirect("/sign-in?next=%2Faccount%2Fexport");
}

async fn a_name_is_changed(app: TestApp) {
    let ada = app.person("ada").await;
    assert!(ada.browser.visit("/account/name").await.page(200).contains(r#"value="ada""#));
    ada.browser.submit("/account/name", &[("name", " Countess of Lovelace ")]).await.assert_redirect("/account");
    assert_eq!(ada.client.get("/me").await.json()["name"], "Countess of Lovelace");
    let (length, control) = ("Enter a name of 1 to 100 characters.", "Remove the control characters");
    let long = "x".repeat(101);
    for (name, told) in [("", length), (" ", length), (&*long, length), ("a\nb", control), ("a\0b", control)] {
        let page = ada.browser.submit("/account/name", &[("name", name)]).await.page(422);
        assert!(field_error(&page, "name").starts_with(told), "{name:?}: {}", field_error(&page, "name"));
    }
    assert_eq!(ada.client.get("/me").await.json()["name"], "Countess of Lovelace");
}

async fn a_password_is_changed(app: TestApp) {
    let ada = app.person("ada").await;
    let token = app.token(&ada, &all_scopes()).await;
    let (other, before) = (second_browser(&app, &ada, true).await, ada.browser.cookie().unwrap());
    let form = [("current", PASSWORD), ("password", NEW)];
    ada.browser.submit("/account/password", &form).await.assert_redirect("/account");
    assert!(ada.browser.is_signed_in().await, "the one that changed it stays");
    assert_ne!(ada.browser.cookie().unwrap(), before, "by a new id");
    assert!(!other.is_signed_in().await);
    let thief = app.browser();
    thief.plant(&before);
    assert!(!thief.is_signed_in().await);
    assert_eq!((sign_in(&app, &ada.email, PASSWORD).await, sign_in(&app, &ada.email, NEW).await), (401, 303));
    assert!(was_told(&app, &ada.email, "Your password was changed").await);
    token.get("/me").await.assert_status(200);

    let form = [("current", NEW), ("password", PASSWORD), ("tokens", "on")];
    ada.browser.submit("/account/password", &form).await.assert_redirect("/account");
    token.get("/me").await.problem(401, "token_revoked");
}

async fn a_password_is_changed_by_whoever_knows_it_only(app: TestApp) {
    let ada = app.person("ada").await;
    let other = second_browser(&app, &ada, true).await;
    let form = [("current", "wrong password"), ("password", NEW), ("tokens", "on")];
    let reply = ada.browser.submit("/account/password", &form).await;
    let page = reply.page(422);
    assert_eq!(field_error(&page, "current"), "The current password is wrong.");
    assert!(page.contains(r#"name="tokens" checked"#) && !page.contains(NEW) && !page.contains("wrong password"));
    for weak in ["short", "password1", "ada@example.org"] {
        let page =
            ada.browser.submit("/account/password", &[("current", PASSWORD), ("password", weak)]).await.page(422);
        assert!(!field_error(&page, "password").is_empty(), "{weak}");
    }
    app.browser()
        .submit("/account/password", &[("current", PASSWORD), ("password", NEW)])
        .await
        .assert_redirect("/sign-in");
    assert!(other.is_signed_in().await);
    ada.client.get("/me").await.assert_status(200);
    assert_eq!((sign_in(&app, &ada.email, PASSWORD).await, sign_in(&app, &ada.email, NEW).await), (303, 401));
}

async fn of_two_who_change_the_password_at_once_one_does(app: TestApp) {
    let ada = app.person("ada").await;
    let other = second_browser(&app, &ada, true).await;
    let form = |new: &'static str| [("current", PASSWORD), ("password", new)];
    let path = "/account/password";
    let first = ada.browser.ask(Method::POST, path).form(&form("the words of the first"));
    let second = other.ask(Method::POST, path).form(&form("the words of the second"));
    let (first, second) = tokio::join!(tokio::spawn(first.into_future()), tokio::spawn(second.into_future()));
    let won = [first.unwrap(), second.unwrap()].map(|reply| reply.header("location") == "/account");
    let works = [
        sign_in(&app, &ada.email, "the words of the first").await == 303,
        sign_in(&app, &ada.email, "the words of the second").await == 303,
    ];
    assert_eq!(works.iter().filter(|works| **works).count(), 1);
    // Whoever was told that it worked has the password that works.
    assert!(won == works, "{won:?} {works:?}");
}

async fn nobody_keeps_the_mail_about_it_back_by_hanging_up(app: TestApp) {
    let (mut number, mut answered) = (0, false);
    while !answered {
        number += 1;
        let ada = app.person(&format!("ada{number}")).await;
        let ask = ada.browser.ask(Method::POST, "/account/password").form(&[("current", PASSWORD), ("password", NEW)]);
        answered = hang_up_after(number, ask).await.is_some();
        let told = was_told(&app, &ada.email, "Your password was changed").await;
        assert_eq!(sign_in(&app, &ada.email, NEW).await == 303, told, "after {number} polls");
        assert!(told || !answered, "it was changed, and said so");
    }
}

async fn a_remembered_browser_stays_remembered(app: TestApp) {
    let ada = app.person("ada").await;
    for (browser, ages) in [(ada.browser.clone(), 0), (second_browser(&app, &ada, true).await, 1)] {
        let reply = browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await;
        let [cookie] = reply.assert_redirect("/account").set_cookies().try_into().unwrap();
        assert_eq!(cookie.attributes.iter().filter(|attribute| attribute.starts_with("Max-Age=")).count(), ages);
    }
}

async fn an_address_is_changed_by_a_link(app: TestApp) {
    let ada = app.person("ada").await;
    let new = "ada@new.example";
    let page = ada.browser.submit("/account/email", &[("email", " Ada@New.example ")]).await.page(202);
    assert!(page.contains("Check your email"), "{page}");
    assert_eq!(ada.client.get("/me").await.json()["email"], "ada@example.org", "not yet");
    assert!(was_told(&app, new, "Confirm your new email address").await);
    assert!(was_told(&app, &ada.email, "Your email address is being changed").await);
    let path = app.link("/email/").await;

    let mut witness = app.witness().await;
    let page = ada.browser.visit(&path).await.page(200);
    assert!(page.contains(new) && page.contains("Use this address") && !page.contains(r#"type="password""#), "{page}");
    assert!(!witness.saw_a_write().await);
    let reply = ada.browser.submit(&path, &[]).await;
    assert_eq!(reply.assert_redirect("/account").header("referrer-policy"), "no-referrer");
    assert_eq!(ada.client.get("/me").await.json()["email"], new);
    assert!(was_told(&app, &ada.email, "Your email address was changed").await);
    assert_eq!((sign_in(&app, new, PASSWORD).await, sign_in(&app, &ada.email, PASSWORD).await), (303, 401));
    assert!(ada.browser.is_signed_in().await);
    ada.browser.submit(&path, &[]).await.page(410);
    assert!(!ada.browser.visit("/account").await.page(200).contains("not confirmed"));

    for email in ["", "ada", new] {
        let page = ada.browser.submit("/account/email", &[("email", email)]).await.page(422);
        assert!(!field_error(&page, "email").is_empty(), "{email}");
    }
}

async fn an_address_of_anothers_is_not_told(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    ada.browser.submit("/account/email", &[("email", &bob.email)]).await.page(202);
    assert!(was_told(&app, &bob.email, "This email address is already in use").await);
    assert!(was_told(&app, &ada.email, "Your email address is being changed").await);
    assert!(app.letters().await.iter().all(|letter| !letter.text().contains("/email/")));
}

async fn an_address_taken_meanwhile_stays_where_it_is(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.submit("/account/email", &[("email", "bob@example.org")]).await.assert_status(202);
    let path = app.link("/email/").await;
    let bob = app.person("bob").await;
    let page = ada.browser.submit(&path, &[]).await.page(409);
    assert!(page.contains("Another account now uses this email address"), "{page}");
    assert_eq!(ada.client.get("/me").await.json()["email"], "ada@example.org");
    assert_eq!(bob.client.get("/me").await.json()["email"], "bob@example.org");
}

async fn a_new_password_undoes_a_change_of_address(app: TestApp) {
    let ada = app.person("ada").await;
    let thief = second_browser(&app, &ada, true).await;
    thief.submit("/account/email", &[("email", "thief@new.example")]).await.assert_status(202);
    let path = app.link("/email/").await;
    ada.browser
        .submit("/account/password", &[("current", PASSWORD), ("password", NEW)])
        .await
        .assert_redirect("/account");
    app.browser().submit(&path, &[("password", NEW)]).await.page(410);
    assert_eq!(ada.browser.get("/me").await.json()["email"], "ada@example.org");
}

async fn an_address_is_changed_without_a_sign_in_by_the_password(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    ada.browser.submit("/account/email", &[("email", "ada@new.example")]).await.assert_status(202);
    let path = app.link("/email/").await;
    for browser in [app.browser(), bob.browser.clone()] {
        assert!(browser.visit(&path).await.page(200).contains(r#"type="password""#));
        let page = browser.submit(&path, &[("password", "wrong password")]).await.page(401);
        assert_eq!(field_error(&page, "password"), "The password is wrong.");
    }
    let phone = app.browser();
    phone.submit(&path, &[("password", PASSWORD)]).await.assert_redirect("/account");
    assert!(phone.visit("/account").await.page(200).contains("Signed in as ada@new.example"));
}

async fn an_account_is_deleted_with_all_it_has(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (other, note) = (second_browser(&app, &ada, true).await, ada.item_path("hers").await);
    bob.item_path("his").await;
    let page = ada.browser.visit("/account/delete").await.page(200);
    assert!(page.contains(r#"href="/account/export""#));
    let reply = ada.browser.submit("/account/delete", &[("email", " ADA@example.org")]).await;
    reply.assert_redirect("/");
    assert_eq!(reply.header("clear-site-data"), r#""cache", "storage""#);
    assert_eq!(ada.browser.cookie(), None);
    assert!(!ada.browser.is_signed_in().await && !other.is_signed_in().await);
    ada.client.get("/me").await.problem(401, "token_invalid");
    bob.client.get(&note).await.problem(404, "not_found");
    assert_eq!(sign_in(&app, &ada.email, PASSWORD).await, 401);
    assert!(was_told(&app, &ada.email, "Your account was deleted").await);
    for table in ["accounts", "browser_sessions", "tokens", TABLE, "tower_sessions"] {
        assert_eq!(app.count(table).await, 1, "{table}: his");
    }
    // The address is free again.
    app.person("ada").await;
}

async fn an_account_is_not_deleted_by_a_slip(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for email in ["", "ada", &bob.email] {
        let page = ada.browser.submit("/account/delete", &[("email", email)]).await.page(422);
        assert!(!field_error(&page, "email").is_empty(), "{email}");
    }
    app.browser().submit("/account/delete", &[("email", &ada.email)]).await.assert_redirect("/sign-in");
    bob.browser.submit("/account/delete", &[("email", &ada.email)]).await.page(422);
    assert_eq!(app.count("accounts").await, 2);
}

async fn the_export_holds_everything_of_ones_own(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for number in 0..101 {
        ada.item(&format!("note {number}"), "text").await;
    }
    bob.item("his", "secret").await;
    let reply = ada.browser.visit("/account/export").await;
    let export = reply.assert_status(200).json();
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("content-disposition"), r#"attachment; filename="vestibule-export.json""#);
    assert_eq!(reply.header("cache-control"), "no-store");
    // A feature's part has the feature's name.
    let of_features = features().iter().filter(|feature| feature.export.is_some()).map(|feature| feature.name);
    let parts = of_features.filter(|name| *name != "accounts").chain(["account", "exported_at", "trusted_browsers"]);
    let parts: Vec<_> = parts.collect();
    let found = members(&export);
    assert!(parts.iter().all(|part| found.contains(part)) && found.len() == parts.len(), "{found:?}, not {parts:?}");
    for core in ["activity", "browser_sessions", TABLE, "tokens"] {
        assert!(parts.contains(&core), "{parts:?}");
    }
    assert_eq!(export["account"], json!(ada.account));
    assert_eq!(export[TABLE].as_array().unwrap().len(), 101);
    assert_eq!(export["tokens"][0]["name"], "Login");
    assert_eq!(export["browser_sessions"].as_array().unwrap().len(), 1);
    let hashes = app.raw().await.texts("SELECT password_hash FROM accounts").await;
    let (cookie, token) = (ada.browser.cookie().unwrap(), ada.client.token.clone());
    for secret in ["secret", "argon2", &hashes[0], PASSWORD, &cookie, &token] {
        assert!(!reply.text().contains(secret), "{secret}");
    }
}

async fn what_is_typed_here_is_text_as_well(app: TestApp) {
    const MARKUP: &str = "<script>alert(1)</script>";
    let ada = app.person("ada").await;
    ada.browser.submit("/account/name", &[("name", MARKUP)]).await.assert_redirect("/account");
    app.clock.advance(Duration::minutes(11));
    let tokens = [("name", MARKUP), (MARKUP, MARKUP)];
    for reply in [
        ada.browser.visit("/account").await,
        ada.browser.visit("/account/name").await,
        ada.browser.submit("/tokens", &tokens).await,
        ada.browser.submit("/account/confirm", &[("next", MARKUP), ("password-again", MARKUP)]).await,
        ada.browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await,
        ada.browser.submit("/account/email", &[("email", MARKUP)]).await,
        ada.browser.submit("/account/email", &[("email", "\"><script>alert(1)</script>@x.example")]).await,
        ada.browser.submit("/account/delete", &[("email", MARKUP)]).await,
        app.browser().submit("/forgot", &[("email", MARKUP)]).await,
    ] {
        assert!(!reply.text().contains("<script>alert"), "{}", reply.asked);
    }
}
