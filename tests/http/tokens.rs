//! `tokens` behind both doors, and the page that makes them.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::support::{
    Database, Door, PASSWORD, TOKEN_MEMBERS, TestApp, all_scopes, field_error, members, on_both_databases,
    resource::{COLLECTION, READ, READ_FIELD, READ_NAME, WRITE_FIELD, WRITE_NAME},
};

on_both_databases! {
    the_list_is_metadata_and_never_the_secret,
    a_token_that_is_revoked_stops_at_once,
    another_accounts_token_is_404_and_goes_on_working,
    another_accounts_tokens_are_never_listed,
    what_has_ended_stays_in_the_list_behind_what_works,
    the_page_makes_a_token_and_shows_it_once,
    the_page_gives_the_scopes_that_were_ticked_and_no_others,
    the_page_says_what_is_wrong_beside_the_field,
    no_token_outlives_the_longest_lifetime,
    the_page_lists_tokens_of_app_sign_ins_by_themselves,
    the_page_revokes,
    the_page_does_not_revoke_what_is_anothers,
    a_prefix_of_ones_own,
}

async fn the_list_is_metadata_and_never_the_secret(app: TestApp) {
    let ada = app.person("ada").await;
    app.token(&ada, &[READ]).await;
    for door in ada.doors() {
        let reply = door.get("/tokens").await;
        let list = reply.assert_status(200).json();
        assert_eq!(members(&list), ["items"]);
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        for token in items {
            assert_eq!(members(token), TOKEN_MEMBERS);
        }
        // The newest first.
        assert_eq!((&items[0]["name"], &items[0]["scopes"]), (&json!("test"), &json!([READ_NAME])));
        assert_eq!(items[1]["name"], "Login");
        assert!(!reply.text().contains("vst_"));
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

async fn a_token_that_is_revoked_stops_at_once(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let doomed = app.token(&ada, &all_scopes()).await;
        let id = doomed.get("/token").await.json()["id"].as_str().unwrap().to_owned();
        let reply = door.delete(&format!("/tokens/{id}")).await;
        assert!(reply.assert_status(204).body.is_empty());
        doomed.get("/me").await.problem(401, "token_revoked");
        door.delete(&format!("/tokens/{id}")).await.problem(404, "not_found");
    }
}

async fn another_accounts_token_is_404_and_goes_on_working(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let hers = ada.client.get("/token").await.json()["id"].as_str().unwrap().to_owned();
    for door in bob.doors() {
        let mut bodies = Vec::new();
        for id in [hers.clone(), Uuid::now_v7().to_string(), "nonsense".into()] {
            let mut problem = door.delete(&format!("/tokens/{id}")).await.problem(404, "not_found");
            problem["request_id"].take();
            bodies.push(problem);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
    ada.client.get("/me").await.assert_status(200);
}

async fn another_accounts_tokens_are_never_listed(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let hers = ada.client.get("/token").await.json()["id"].as_str().unwrap().to_owned();
    for door in bob.doors() {
        let reply = door.get("/tokens").await;
        assert_eq!(reply.assert_status(200).json()["items"].as_array().unwrap().len(), 1);
        assert!(!reply.text().contains(&hers));
    }
}

async fn what_has_ended_stays_in_the_list_behind_what_works(app: TestApp) {
    let ada = app.person("ada").await;
    app.token(&ada, &[READ]).await;
    app.clock.advance(Duration::hours(13));
    ada.browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let doomed = app.token(&ada, &[READ]).await;
    let id = doomed.get("/token").await.json()["id"].as_str().unwrap().to_owned();
    ada.browser.delete(&format!("/tokens/{id}")).await.assert_status(204);

    let list = ada.browser.get("/tokens").await.json();
    let items = list["items"].as_array().unwrap();
    let names: Vec<_> =
        items.iter().map(|token| (token["name"].as_str().unwrap(), token["revoked_at"].is_string())).collect();
    assert_eq!(names, [("test", false), ("test", true), ("Login", false)]);
    let page = ada.browser.visit("/tokens").await.page(200);
    assert_eq!(page.matches(">Expired</span>").count(), 1, "the one of the login");
    assert_eq!(page.matches(">Revoked</span>").count(), 1);
    assert!(page.contains("removed from this list after 30 days"), "{page}");
    // There is nothing left to revoke about an expired one.
    let login = items[2]["id"].as_str().unwrap();
    ada.browser.delete(&format!("/tokens/{login}")).await.problem(404, "not_found");
}

/// The token on the page.
fn shown(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(r#"<code id="secret">"#)?;
    Some(rest.split_once('<')?.0.to_owned())
}

async fn the_page_makes_a_token_and_shows_it_once(app: TestApp) {
    let ada = app.person("ada").await;
    let form = [("name", "backup script"), ("days", "30"), (READ_FIELD, "on")];
    let made = ada.browser.submit("/tokens", &form).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let token = shown(&made.page(201)).unwrap();
    app.client(&token).get(COLLECTION).await.assert_status(200);

    let page = ada.browser.visit("/tokens").await.page(200);
    assert!(page.contains("backup script"));
    assert!(shown(&page).is_none() && !page.contains(&token));
}

async fn the_page_gives_the_scopes_that_were_ticked_and_no_others(app: TestApp) {
    let ada = app.person("ada").await;
    let form = [
        ("name", "phone"),
        ("days", "7"),
        (WRITE_FIELD, "on"),
        ("scope-account-read", "on"),
        ("scope-everything", "on"),
        ("scopes", "tokens:manage"),
    ];
    let token = shown(&ada.browser.submit("/tokens", &form).await.page(201)).unwrap();
    let token = app.client(&token).get("/token").await.assert_status(200).json();
    assert_eq!(token["scopes"], json!(["account:read", WRITE_NAME]));
    assert_eq!(token["name"], "phone");
}

async fn the_page_says_what_is_wrong_beside_the_field(app: TestApp) {
    let ada = app.person("ada").await;
    let page = ada.browser.submit("/tokens", &[("name", " "), ("days", "90")]).await.page(422);
    assert_eq!(field_error(&page, "name"), "Enter a name of 1 to 100 characters.");
    assert_eq!(field_error(&page, "scopes"), "Choose at least one scope.");
    assert_eq!(field_error(&page, "days"), "");
    assert!(page.contains(r#"<option value="90" selected>"#), "what was chosen stays chosen");
    assert!(shown(&page).is_none());
    assert_eq!(app.count("tokens").await, 1);
}

async fn no_token_outlives_the_longest_lifetime(app: TestApp) {
    let ada = app.person("ada").await;
    for days in ["367", "0", "-1", "4294967296", "99999999999999999999", "", "never"] {
        let form = [("name", "a"), ("days", days), (READ_FIELD, "on")];
        let page = ada.browser.submit("/tokens", &form).await.page(422);
        assert_eq!(field_error(&page, "days"), "Choose between 1 and 366 days.", "{days}");
    }
    let form = [("name", "a"), ("days", "366"), (READ_FIELD, "on")];
    let token = shown(&ada.browser.submit("/tokens", &form).await.page(201)).unwrap();
    app.clock.advance(Duration::days(366));
    app.client(&token).get(COLLECTION).await.problem(401, "token_expired");
}

async fn the_page_lists_tokens_of_app_sign_ins_by_themselves(app: TestApp) {
    let ada = app.person("ada").await;
    let groups = async || {
        let page = ada.browser.visit("/tokens").await.page(200);
        let (own, logins) = page.split_once(">App sign-ins</h3>").unwrap();
        (own.split_once(">Personal access tokens</h3>").unwrap().1.to_owned(), logins.to_owned())
    };
    let row = "<strong>Login</strong>";
    let (own, logins) = groups().await;
    assert!(own.contains("No tokens yet.") && !own.contains(row));
    assert!(logins.contains(row) && logins.contains("Their tokens end when you change it."));

    app.token(&ada, &[READ]).await;
    ada.client.call(Method::POST, "/logout").await.assert_status(204);
    let (own, logins) = groups().await;
    assert!(own.contains("<strong>test</strong>") && !own.contains("No tokens yet."));
    // What has ended is listed below both groups.
    let (logins, ended) = logins.split_once("Expired and revoked").unwrap();
    assert!(logins.contains("No app is signed in.") && !logins.contains(row) && ended.contains(row));
}

async fn the_page_revokes(app: TestApp) {
    let ada = app.person("ada").await;
    let id = ada.client.get("/token").await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/tokens/{id}/revoke");
    assert!(ada.browser.visit("/tokens").await.page(200).contains(&format!(r#"action="{path}""#)));
    ada.browser.submit(&path, &[]).await.assert_redirect("/tokens");
    ada.client.get("/me").await.problem(401, "token_revoked");
    assert!(!ada.browser.visit("/tokens").await.page(200).contains(&id));
    // A second click does no harm.
    ada.browser.submit(&path, &[]).await.assert_redirect("/tokens");
}

async fn the_page_does_not_revoke_what_is_anothers(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let hers = ada.client.get("/token").await.json()["id"].as_str().unwrap().to_owned();
    bob.browser.submit(&format!("/tokens/{hers}/revoke"), &[]).await.assert_redirect("/tokens");
    ada.client.get("/me").await.assert_status(200);
}

async fn a_prefix_of_ones_own(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.prefix = "acme".into()).await;
    let ada = app.person("ada").await;
    assert!(ada.client.token.starts_with("acme_"), "{}", ada.client.token.len());
    ada.client.get("/me").await.assert_status(200);
}
