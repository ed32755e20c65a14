//! Refresh tokens that somebody found and reported.

use serde_json::json;

use super::{OWN, Site, Tokens, events, refresh, refused};
use crate::support::{Door, TestApp, on_both_databases};

on_both_databases! {
    a_reported_refresh_token_ends_the_access_of_its_application,
}

async fn report(app: &TestApp, token: &str) {
    app.post("/api/v1/tokens/report").json(json!({"token": token})).await.assert_status(202);
    app.db.wait_idle().await;
}

async fn a_reported_refresh_token_ends_the_access_of_its_application(Site(app): Site) {
    let ada = app.person("ada").await;
    let (first, other) = (Tokens::own(&app, &ada).await, Tokens::own(&app, &ada).await);
    let second = Tokens::of(&app, &refresh(&app, OWN, &first.refresh).await);
    let subject = "A leaked token was revoked";
    // Of nobody's family; of the form alone.
    let changed = if first.refresh[10..].starts_with('d') { "e" } else { "d" };
    let nobody = format!("{}{changed}{}", &first.refresh[..10], &first.refresh[11..]);
    for nothing in [nobody.as_str(), &first.refresh[..60], "vsr_"] {
        report(&app, nothing).await;
    }
    assert!(second.work().await && app.emails_with_subject(subject).await.is_empty());

    // One that was used before: not a replay by a client, which would say no more than that.
    report(&app, &format!(" {}\n", first.refresh)).await;
    for ended in [&first, &second] {
        ended.access.get("/me").await.problem(401, "token_revoked");
    }
    refused(&refresh(&app, OWN, &second.refresh).await, 400, "invalid_grant");
    assert!(other.work().await, "that of another authorization");
    ada.client.get("/me").await.assert_status(200);
    report(&app, &second.refresh).await;
    let told = app.emails_with_subject(subject).await;
    assert_eq!(told.len(), 1, "once");
    let events = events(&app, &ada).await;
    assert_eq!(events.iter().filter(|event| *event == "token_reported").count(), 1, "{events:?}");
    Tokens::of(&app, &refresh(&app, OWN, &other.refresh).await);
}
