//! Forms that are posted too late, or as somebody else.

use std::collections::BTreeSet;

use crate::support::{
    Database, PASSWORD, PageForm, Person, TestApp, on_both_databases,
    resource::{COLLECTION, HOME, PAGE, TABLE, item_form, resource},
    routes::{OF_A_SECOND_FACTOR, posts},
    visitor::{NEW_PASSWORD, Ready, Visitor, effects, ready, roomy},
    without_database,
};

on_both_databases! {
    what_was_written_as_ada_is_not_bobs,
    what_was_written_as_ada_is_bobs_when_he_says_so,
    what_ada_chose_is_not_done_to_bob,
    a_session_that_has_ended_loses_no_text,
    signing_in_wrongly_loses_no_text,
    text_of_ada_is_not_sent_when_bob_signs_in,
    no_password_is_carried_along,
    the_longest_note_is_carried_along,
}

without_database! {
    what_is_carried_leads_nowhere_else,
    what_is_carried_is_text,
}

/// Bob signs in where Ada was, in another tab.
async fn take_over(ada: &Person, bob: &Person) {
    let form = [("email", bob.email.as_str()), ("password", PASSWORD)];
    ada.browser.submit("/sign-in", &form).await.assert_redirect(HOME);
}

/// The texts that were kept.
async fn bodies(app: &TestApp) -> Vec<String> {
    app.raw().await.texts(&format!("SELECT body FROM {TABLE}")).await
}

async fn what_was_written_as_ada_is_not_bobs(database: Database) {
    let app = roomy(database).await;
    for action in posts().into_iter().chain(OF_A_SECOND_FACTOR) {
        let bob = app.person(&format!("bob{}", app.count("accounts").await)).await;
        let Ready { ada, browser, form } = ready(&app, &format!("ada{}", app.count("accounts").await), action).await;
        if form.value("for_account").is_empty() {
            continue;
        }
        take_over(&ada, &bob).await;
        let before = effects(&app).await;
        let page = form.by(&browser).await.page(409);
        assert!(page.contains("You are now signed in as ") && page.contains(&bob.email), "{action}: {page}");
        assert_eq!(page.contains(&ada.email), action == "/account/delete", "{action}: what was typed, no more");
        assert!(!page.contains(PASSWORD) && !page.contains(NEW_PASSWORD), "{action}");
        assert_eq!(effects(&app).await, before, "{action}");
        assert!(browser.is_signed_in().await, "{action}");
    }
}

async fn what_was_written_as_ada_is_bobs_when_he_says_so(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let body = "and </textarea><script>alert(1)</script>\n\n\"bread\" & more";
    let form = PageForm::to(&ada.browser.visit(PAGE).await.page(200), COLLECTION);
    let form = form.with(&item_form("Milk", body));
    take_over(&ada, &bob).await;
    let page = form.by(&ada.browser).await.page(409);
    assert!(!page.contains("<script>alert(1)") && page.contains("Send it as bob@example.org"), "{page}");
    assert_eq!(app.count(TABLE).await, 0);
    let form = PageForm::to(&page, PAGE);
    assert_eq!((form.value("title"), form.value("body")), ("Milk", body));
    assert_eq!(form.value("for_account"), bob.account.id.to_string());
    form.by(&ada.browser).await.assert_redirect(PAGE);
    assert_eq!(bodies(&app).await, [body]);
}

async fn what_ada_chose_is_not_done_to_bob(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let page = ada.browser.visit("/tokens").await.page(200);
    let form = PageForm::to(&page, "/tokens/revoke-all");
    take_over(&ada, &bob).await;
    let page = form.by(&ada.browser).await.page(409);
    assert!(!page.contains("Send it"), "there is nothing to send, and the question was not bob's");
    app.get("/api/v1/me").bearer(&bob.client.token).await.assert_status(200);
    // Signing in says by itself who it is for.
    let sign_in = PageForm::to(&app.browser().visit("/sign-in").await.page(200), "/sign-in");
    sign_in.with(&[("email", &ada.email), ("password", PASSWORD)]).by(&ada.browser).await.assert_redirect(HOME);
    assert!(ada.browser.visit("/account").await.page(200).contains(&ada.email));
}

/// A note that was written, and whose session ended before it was sent.
async fn too_late(app: &TestApp, ada: &Person, path: &str, typed: &[(&str, &str)]) -> String {
    let form = PageForm::to(&ada.browser.visit(path).await.page(200), path).with(typed);
    app.sql("DELETE FROM browser_sessions").await;
    form.by(&ada.browser).await.page(401)
}

async fn a_session_that_has_ended_loses_no_text(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("Kept").await;
    let body = "and </textarea><script>alert(1)</script>\n\n\"bread\" & more";
    for path in [COLLECTION, note.as_str()] {
        let page = too_late(&app, &ada, path, &item_form("Milk", body)).await;
        assert!(page.contains("Your session has ended.") && !page.contains("<script>alert"), "{page}");
        assert_eq!(ada.browser.cookie(), None);
        let sign_in = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", PASSWORD)]);
        let page = sign_in.by(&ada.browser).await.page(200);
        assert!(page.contains("Send it now") && page.contains("Sign out"), "{page}");
        let form = PageForm::to(&page, path);
        assert_eq!((form.value("title"), form.value("body")), ("Milk", body));
        form.by(&ada.browser).await.assert_redirect(PAGE);
    }
    let sent = bodies(&app).await;
    assert_eq!(sent, [body, body]);
    // Where nothing was written, there is nothing to carry.
    let form = PageForm::to(&ada.browser.visit("/tokens").await.page(200), "/tokens/revoke-all");
    app.sql("DELETE FROM browser_sessions").await;
    form.by(&ada.browser).await.assert_redirect("/sign-in");
}

async fn signing_in_wrongly_loses_no_text(app: TestApp) {
    let ada = app.person("ada").await;
    let page = too_late(&app, &ada, PAGE, &item_form("Milk", "a\nb")).await;
    let wrong = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", "wrong password")]);
    let page = wrong.by(&ada.browser).await.page(401);
    assert!(page.contains("The email address or the password is wrong."));
    let right = PageForm::to(&page, "/sign-in").with(&[("password", PASSWORD)]);
    let page = right.by(&ada.browser).await.page(200);
    assert_eq!(PageForm::to(&page, PAGE).value("body"), "a\nb");
}

async fn text_of_ada_is_not_sent_when_bob_signs_in(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let page = too_late(&app, &ada, PAGE, &item_form("Milk", "")).await;
    let sign_in = PageForm::to(&page, "/sign-in").with(&[("email", &bob.email), ("password", PASSWORD)]);
    let page = sign_in.by(&ada.browser).await.page(200);
    assert!(page.contains("You are now signed in as ") && page.contains("Send it as bob@example.org"), "{page}");
    assert!(!page.contains(&ada.email), "{page}");
    assert_eq!(app.count(TABLE).await, 0);
}

async fn no_password_is_carried_along(app: TestApp) {
    let visitor = Visitor::new(&app, "ada").await;
    let mut names = BTreeSet::new();
    for (browser, path) in visitor.pages(&app.browser()) {
        for form in PageForm::all(&browser.visit(&path).await.page(200)) {
            names.extend(form.passwords);
        }
    }
    assert!(names.len() >= 3, "{names:?}");
    let ada = &visitor.ada;
    let sign_in = [("email", ada.email.as_str()), ("password", PASSWORD)];
    for name in &names {
        ada.browser.submit("/sign-in", &sign_in).await.assert_status(303);
        let page = ada.browser.visit("/account/name").await.page(200);
        let form = PageForm::to(&page, "/account/name").with(&[("name", "Ada King"), (name, "a secret of hers")]);
        app.sql("DELETE FROM browser_sessions").await;
        let reply = form.by(&ada.browser).await;
        assert!(!reply.text().contains("a secret of hers"), "{name}");
        if name == "password-again" {
            assert!(reply.page(401).contains("Ada King"));
        } else {
            // There is nothing in it without the password.
            reply.assert_redirect("/sign-in");
        }
        let carried = format!("unsent-{name}");
        let carried = [("unsent_to", "/account/name"), ("unsent-name", "Ada King"), (&*carried, "a secret of hers")];
        let page = app.browser().submit("/sign-in", &[&sign_in, carried.as_slice()].concat()).await.page(200);
        assert!(page.contains("Ada King") && !page.contains("a secret of hers"), "{page}");
    }
}

async fn the_longest_note_is_carried_along(app: TestApp) {
    let ada = app.person("ada").await;
    let (title, body) = ("𝔪".repeat(200), "𝔪".repeat(20_000));
    let page = too_late(&app, &ada, PAGE, &[("title", &title), ("body", &body)]).await;
    let sign_in = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", PASSWORD)]);
    let page = sign_in.by(&ada.browser).await.page(200);
    PageForm::to(&page, PAGE).by(&ada.browser).await.assert_redirect(PAGE);
    assert_eq!(bodies(&app).await, [body]);
}

async fn what_is_carried_leads_nowhere_else(app: TestApp) {
    let ada = app.person("ada").await;
    for to in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/"] {
        let browser = app.browser();
        let form = [("email", ada.email.as_str()), ("password", PASSWORD), ("unsent_to", to), ("unsent-title", "a")];
        browser.submit("/sign-in", &form).await.assert_redirect(HOME);
    }
}

async fn what_is_carried_is_text(app: TestApp) {
    let ada = app.person("ada").await;
    let markup = r#""'><script>alert(1)</script></textarea><!--"#;
    let name = format!("unsent-{markup}");
    let to = resource!("?\"><script>alert(1)</script>");
    for value in [markup, &format!("{markup}\n{markup}")] {
        let form = [("email", ada.email.as_str()), ("password", PASSWORD), ("unsent_to", to), (&name, value)];
        for password in ["wrong password", PASSWORD] {
            let mut form = form;
            form[1].1 = password;
            let page = app.browser().submit("/sign-in", &form).await;
            assert!(!page.text().contains("<script>alert"), "{}", page.text());
        }
    }
}
