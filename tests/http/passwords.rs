//! How good a new password is: told while it is typed, and where it is refused.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::task::JoinSet;

use crate::support::{
    Database, PASSWORD, Request, TestApp, field_error, members, on_both_databases,
    resource::READ_FIELD,
    routes::{Items, personal_pages, public_pages},
    without_database,
};

on_both_databases! {
    what_is_refused_is_refused_with_the_same_words_everywhere,
    asking_writes_nothing_and_needs_nobody,
}

without_database! {
    whoever_types_is_told_how_good_it_is,
    a_name_and_an_address_are_easy_to_guess,
    what_is_too_long_is_not_looked_at,
    a_flood_of_questions_keeps_nobody_from_signing_in,
    every_form_with_a_password_tells_password_managers_whose_it_is,
}

fn strength(app: &TestApp, password: &str, email: &str, name: &str) -> Request {
    let arguments = json!({"password": password, "email": email, "name": name});
    app.browser().ask(Method::POST, "/fn/accounts/strength").json(arguments)
}

async fn whoever_types_is_told_how_good_it_is(app: TestApp) {
    let reply = strength(&app, "aaaaaaaaaaaa", "", "").await;
    let weak = reply.assert_status(200).json();
    assert_eq!(members(&weak), ["feedback", "rejection", "score"]);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(weak["score"].as_u64().unwrap() <= 1 && weak["feedback"].as_str().unwrap().contains("Repeats"), "{weak}");
    assert!(weak["rejection"].as_str().unwrap().starts_with("This is too easy to guess. Repeats"), "{weak}");
    let strong = strength(&app, PASSWORD, "ada@example.org", "Ada").await.assert_status(200).json();
    assert_eq!(strong, json!({"score": 4, "rejection": null, "feedback": ""}));
    let short = strength(&app, "short", "", "").await.assert_status(200).json();
    assert!(short["rejection"].as_str().unwrap().contains("at least 8 characters"), "{short}");
}

async fn what_is_refused_is_refused_with_the_same_words_everywhere(app: TestApp) {
    let ada = app.person("ada").await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let link = app.link("/reset/").await;
    for weak in ["monkeymonkey", "trustno1", "abcdefghijkl"] {
        let told = strength(&app, weak, &ada.email, "ada").await.assert_status(200).json()["rejection"].take();
        let new = [("name", "Bob"), ("email", "bob@example.org"), ("password", weak)];
        let pages = [
            app.browser().submit("/sign-up", &new).await.page(422),
            app.browser().submit(&link, &[("password", weak)]).await.page(422),
            ada.browser.submit("/account/password", &[("current", PASSWORD), ("password", weak)]).await.page(422),
        ];
        for page in pages {
            assert_eq!(Value::from(field_error(&page, "password").replace("&quot;", "\"")), told, "{weak}");
            assert!(!page.contains(&format!(r#"value="{weak}""#)), "a password does not come back");
        }
    }
    assert_eq!(app.count("accounts").await, 1);
}

async fn a_name_and_an_address_are_easy_to_guess(app: TestApp) {
    for mine in ["lovelace1815", "Ada Lovelace", "ada.lovelace@example.org", "vestibule2026"] {
        let told = strength(&app, mine, "ada.lovelace@example.org", "Ada Lovelace").await.assert_status(200).json();
        assert!(told["rejection"].is_string(), "{mine}: {told}");
    }
}

async fn what_is_too_long_is_not_looked_at(app: TestApp) {
    let told = strength(&app, &"correct horse ".repeat(2_000), "", "").await.assert_status(200).json();
    assert_eq!(told["rejection"], "Use at most 128 characters.");
    strength(&app, "correct horse", &"ada@".repeat(5_000), &"a b ".repeat(5_000)).await.assert_status(200);
    strength(&app, &"x".repeat(300_000), "", "").await.problem(413, "body_too_large");
}

async fn asking_writes_nothing_and_needs_nobody(app: TestApp) {
    let mut witness = app.witness().await;
    let reply = strength(&app, PASSWORD, "", "").await;
    assert!(!reply.assert_status(200).has("set-cookie"));
    assert!(!witness.saw_a_write().await);
}

async fn a_flood_of_questions_keeps_nobody_from_signing_in(database: Database) {
    let app = TestApp::with(database, |settings| settings.passwords.queue = 1).await;
    let ada = app.person("ada").await;
    let held = app.state.hasher.hold_feedback().unwrap();
    let mut running: JoinSet<_> = (0..60).map(|_| strength(&app, PASSWORD, "", "").into_future()).collect();
    for _ in 0..59 {
        running.join_next().await.unwrap().unwrap().problem(503, "unavailable");
    }
    app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD})).await.assert_status(201);
    assert!(running.try_join_next().is_none(), "one waits for its turn");
    drop(held);
    running.join_next().await.unwrap().unwrap().assert_status(200);
    strength(&app, PASSWORD, "", "").await.assert_status(200);
}

async fn every_form_with_a_password_tells_password_managers_whose_it_is(app: TestApp) {
    let ada = app.person("ada").await;
    let items = Items::of(&ada).await;
    let mut pages = Vec::new();
    for path in public_pages() {
        pages.push((path, app.browser().visit(path).await.page(200)));
    }
    for path in personal_pages() {
        pages.push((path, ada.browser.visit(&items.path(path)).await.page(200)));
    }
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    pages.push(("/reset", app.browser().visit(&app.link("/reset/").await).await.page(200)));
    ada.browser.submit("/account/email", &[("email", "new@example.org")]).await.page(202);
    pages.push(("/email", app.browser().visit(&app.link("/email/").await).await.page(200)));
    app.clock.advance(Duration::minutes(11));
    let token = [("name", "backup"), ("days", "30"), (READ_FIELD, "on")];
    pages.push(("password prompt in a form", ada.browser.submit("/tokens", &token).await.page(403)));

    let mut with_a_password = Vec::new();
    for (path, page) in &pages {
        for form in page.split("<form").skip(1).filter_map(|form| form.split("</form>").next()) {
            let inputs: Vec<&str> = form.split("<input").skip(1).filter_map(|tag| tag.split('>').next()).collect();
            let passwords: Vec<_> = inputs.iter().filter(|input| input.contains("-password\"")).collect();
            if passwords.is_empty() {
                continue;
            }
            with_a_password.push(*path);
            let names = inputs.iter().filter(|input| input.contains(r#"autocomplete="username"#));
            assert!(names.clone().count() == 1, "one name on {path}: {form}");
            assert!(names.clone().all(|name| !name.contains(r#"type="hidden""#)), "managers see it on {path}: {form}");
            // Once it is shown it is a text like any other.
            for kept in [r#"spellcheck="false""#, r#"autocapitalize="none""#, r#"autocorrect="off""#] {
                assert!(passwords.iter().all(|password| password.contains(kept)), "{kept} on {path}: {form}");
            }
        }
    }
    let expected = [
        "/sign-in",
        "/sign-up",
        "/account/confirm",
        "/account/password",
        "/reset",
        "/email",
        "password prompt in a form",
    ];
    assert_eq!(with_a_password, expected);
}
