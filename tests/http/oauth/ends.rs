//! What ends the access of an application.

use serde_json::json;
use time::Duration;
use vestibule::features::accounts::admin;

use super::{OWN, Site, THEIR_URI, Tokens, change_password, code, events, exchange, refresh, refused, registered};
use crate::support::{Door, PASSWORD, TestApp, on_both_databases};

on_both_databases! {
    signing_out_ends_it,
    a_session_that_is_ended_from_elsewhere_ends_it,
    another_password_ends_it,
    a_disabled_account_ends_it,
    the_owner_ends_it_on_the_account_page,
    revoking_all_tokens_ends_it,
    logging_out_with_its_token_ends_it,
    a_report_of_a_leak_ends_it,
    what_has_ended_is_deleted,
}

async fn assert_over(app: &TestApp, tokens: &Tokens) {
    assert_eq!(tokens.access.get("/me").await.status, 401);
    refused(&refresh(app, OWN, &tokens.refresh).await, 400, "invalid_grant");
}

async fn signing_out_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let other = app.browser();
    other.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let one = code(&other, OWN, super::OWN_URI).await;
    let others = Tokens::of(&app, &exchange(&app, OWN, super::OWN_URI, &one).await);
    let tokens = Tokens::own(&app, &ada).await;
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    assert_over(&app, &tokens).await;
    assert!(others.work().await, "another browser's goes on");
    // A session that nobody uses ends too.
    app.clock.advance(Duration::days(2));
    refused(&refresh(&app, OWN, &others.refresh).await, 400, "invalid_grant");
}

async fn a_session_that_is_ended_from_elsewhere_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let other = app.browser();
    other.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let tokens = Tokens::own(&app, &ada).await;
    other.submit("/account/sessions/revoke-others", &[]).await.assert_status(303);
    assert_over(&app, &tokens).await;
}

async fn another_password_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    // This browser stays signed in, and what applications got in it ends all the same.
    change_password(&ada.browser).await;
    assert!(ada.browser.is_signed_in().await);
    assert_over(&app, &tokens).await;
    assert!(!ada.browser.visit("/account/apps").await.page(200).contains("Own app"));
    assert!(Tokens::own(&app, &ada).await.work().await);
}

async fn a_disabled_account_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    admin::disable(&app.db, ada.account.id).await.unwrap();
    assert_over(&app, &tokens).await;
    admin::enable(&app.db, ada.account.id).await.unwrap();
    assert_over(&app, &tokens).await;
}

async fn the_owner_ends_it_on_the_account_page(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (client, _) = registered(&bob, THEIR_URI, false).await;
    let one = code(&ada.browser, &client, THEIR_URI).await;
    let theirs = Tokens::of(&app, &exchange(&app, &client, THEIR_URI, &one).await);
    let (first, second) = (Tokens::own(&app, &ada).await, Tokens::own(&app, &ada).await);
    let of_bob = Tokens::own(&app, &bob).await;
    assert!(first.work().await);
    app.db.wait_idle().await;
    let page = ada.browser.visit("/account/apps").await.page(200);
    for part in ["Own app", "Their app", "https://app.example", "Authorized <time", "last used <time"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let export = ada.browser.visit("/account/export").await.assert_status(200).json();
    let ids: Vec<_> =
        export["oauth"]["authorized_apps"].as_array().unwrap().iter().map(|app| &app["client_id"]).collect();
    assert!(ids.contains(&&json!(OWN)) && ids.contains(&&json!(client)), "{export}");
    assert_eq!(export["oauth"]["registered_apps"], json!([]));
    let form = crate::support::PageForm::all(&page).into_iter();
    let mut form = form.filter(|form| form.action == "/account/apps/revoke");
    let form = form.find(|form| form.value("client_id") == OWN).unwrap();
    form.by(&ada.browser).await.assert_redirect("/account/apps");
    assert_over(&app, &first).await;
    assert_over(&app, &second).await;
    assert!(theirs.work().await && of_bob.work().await);
    assert!(events(&app, &ada).await.contains(&"app_revoked".to_owned()));
    let page = ada.browser.visit("/account/apps").await.page(200);
    assert!(!page.contains("Own app") && page.contains("Their app"));
    // Without the form's own account, or from elsewhere, it does nothing.
    let forged = ada.browser.forged(axum::http::Method::POST, "/account/apps/revoke");
    forged.header("sec-fetch-site", "cross-site").form(&[("client_id", &client)]).await.assert_status(403);
    bob.browser.submit("/account/apps/revoke", &[("client_id", &client)]).await.assert_status(303);
    assert!(theirs.work().await);
}

async fn revoking_all_tokens_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    ada.browser.submit("/tokens/revoke-all", &[]).await.assert_status(303);
    assert_over(&app, &tokens).await;
    let tokens = Tokens::own(&app, &ada).await;
    vestibule::features::tokens::admin::revoke_everybody(&app.db).await.unwrap();
    assert_over(&app, &tokens).await;
    let tokens = Tokens::own(&app, &ada).await;
    admin::lockdown(&app.db).await.unwrap();
    assert_over(&app, &tokens).await;
}

async fn logging_out_with_its_token_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    let newer = Tokens::of(&app, &refresh(&app, OWN, &tokens.refresh).await);
    tokens.access.call(axum::http::Method::POST, "/logout").await.assert_status(204);
    newer.access.get("/me").await.problem(401, "token_revoked");
    assert_over(&app, &newer).await;
}

async fn a_report_of_a_leak_ends_it(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    app.post("/api/v1/tokens/report").json(json!({"token": tokens.access.token})).await.assert_status(202);
    app.db.wait_idle().await;
    assert_over(&app, &tokens).await;
}

async fn what_has_ended_is_deleted(Site(app): Site) {
    let ada = app.person("ada").await;
    let tokens = Tokens::own(&app, &ada).await;
    for number in 0..12 {
        Tokens::own(&app, &ada).await;
        assert_eq!(app.count("oauth_grants").await, (number + 2).min(10), "of one application in one browser");
    }
    assert_over(&app, &tokens).await;
    app.post("/api/v1/oauth/device_authorization").form(&[("client_id", "tv"), ("scope", super::SCOPE)]).await;
    app.clock.advance(Duration::days(400));
    let features = crate::support::features();
    let jobs = features.iter().filter(|feature| feature.name == "oauth").flat_map(|feature| feature.jobs);
    for job in jobs {
        assert!((job.run)(app.state.clone(), 500).await.unwrap() > 0, "{}", job.what);
    }
    for table in ["oauth_grants", "oauth_codes", "oauth_refresh_tokens", "oauth_device_codes"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
}
