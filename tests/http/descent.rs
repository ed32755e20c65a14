//! What a token has made ends with it: when it is revoked or reported, whatever has become of it by then, and by the
//! clock (S60).

use serde_json::{Value, json};
use time::Duration;
use vestibule::{
    features::tokens::service::{Expiry, delete_expired},
    timestamp::Timestamp,
};

use crate::support::{
    Client, Database, Door, PASSWORD, Person, TestApp, all_scopes, on_both_databases,
    resource::{COLLECTION, READ, READ_NAME},
};

on_both_databases! {
    what_a_renewed_token_makes_ends_with_its_present_end,
    revoking_what_has_ended_ends_what_it_made,
    reporting_what_has_ended_ends_what_it_made,
    a_login_that_makes_room_takes_along_what_it_made,
    deleting_keeps_what_has_made_something_that_works,
    tokens_that_outlived_their_maker_end_with_the_migration,
}

async fn make(app: &TestApp, by: &Client, name: &str, days: u32) -> Client {
    let made = by.post("/tokens", json!({"name": name, "scopes": [READ_NAME, "tokens:manage"], "days": days})).await;
    app.client(made.assert_status(201).json()["token"].as_str().unwrap())
}

/// A token that ends within the hour, so that a login may make it.
async fn make_soon(app: &TestApp, by: &Client) -> Client {
    let expires_at = app.db.now() + Duration::hours(1);
    let body = json!({"name": "made", "scopes": [READ_NAME, "tokens:manage"], "expires_at": expires_at});
    app.client(by.post("/tokens", body).await.assert_status(201).json()["token"].as_str().unwrap())
}

async fn about(client: &Client) -> Value {
    client.get("/token").await.assert_status(200).json()
}

async fn id(client: &Client) -> String {
    about(client).await["id"].as_str().unwrap().to_owned()
}

async fn what_a_renewed_token_makes_ends_with_its_present_end(app: TestApp) {
    let ada = app.person("ada").await;
    let parent = app
        .token_with(&ada, &all_scopes(), |new| {
            new.expiry = Expiry::Days(7);
            new.renew = true;
        })
        .await;
    let told = about(&parent).await;
    assert_ne!(told["expires_at"], told["ends_at"]);
    let new = |days: u32| json!({"name": "made", "scopes": [READ_NAME, "tokens:manage"], "days": days});
    let message = parent.post("/tokens", new(365)).await.names_field("days");
    assert!(message.contains("to create a token that outlives it"), "{message}");
    let at = json!({"name": "made", "scopes": [READ_NAME], "expires_at": told["ends_at"]});
    parent.post("/tokens", at).await.names_field("expires_at");
    let mut renewed = new(5);
    renewed["renew"] = json!(true);
    let made = parent.post("/tokens", renewed).await.assert_status(201).json();
    let child = app.client(made["token"].as_str().unwrap());
    let time = |value: &Value| serde_json::from_value::<Timestamp>(value.clone()).unwrap();
    assert!(time(&made["ends_at"]) - app.db.now() <= Duration::days(7), "{made}");
    // Nobody uses the parent any more, and the child whatever may be.
    for _ in 0..3 {
        child.get(COLLECTION).await.assert_status(200);
        app.db.wait_idle().await;
        app.clock.advance(Duration::days(2));
    }
    app.clock.advance(Duration::days(1) + Duration::minutes(2));
    parent.get("/token").await.problem(401, "token_expired");
    child.get("/token").await.problem(401, "token_expired");
}

/// A token and what it has made, at two removes, of which the first has ended and the others have not.
async fn ended_with_descent(app: &TestApp, person: &Person, how: &str) -> (String, String, [Client; 2]) {
    let parent = app.token_with(person, &all_scopes(), |new| new.expiry = Expiry::Days(300)).await;
    let child = make(app, &parent, "child", 200).await;
    let grandchild = make(app, &child, "grandchild", 100).await;
    let (name, secret) = (id(&parent).await, parent.token.clone());
    app.db.wait_idle().await;
    app.sql(&format!("UPDATE tokens SET {how} WHERE name = 'test'")).await;
    parent.get("/token").await.assert_status(401);
    for made in [&child, &grandchild] {
        made.get("/token").await.assert_status(200);
    }
    (name, secret, [child, grandchild])
}

const EXPIRED: &str = "expires_at = created_at, ends_at = created_at";
const REVOKED: &str = "revoked_at = created_at";

async fn revoking_what_has_ended_ends_what_it_made(app: TestApp) {
    for (name, how) in [("ada", EXPIRED), ("eve", REVOKED)] {
        let person = app.person(name).await;
        let (id, _, made) = ended_with_descent(&app, &person, how).await;
        let path = format!("/tokens/{id}");
        person.browser.delete(&path).await.assert_status(204);
        for ended in made {
            ended.get("/token").await.problem(401, "token_revoked");
        }
        person.browser.delete(&path).await.problem(404, "not_found");
        app.sql("DELETE FROM tokens").await;
    }
}

async fn reporting_what_has_ended_ends_what_it_made(app: TestApp) {
    for (name, how) in [("ada", EXPIRED), ("eve", REVOKED)] {
        let person = app.person(name).await;
        let (_, secret, made) = ended_with_descent(&app, &person, how).await;
        for _ in 0..2 {
            app.post("/api/v1/tokens/report").json(json!({"token": secret})).await.assert_status(202);
            app.db.wait_idle().await;
        }
        for ended in made {
            ended.get("/token").await.problem(401, "token_revoked");
        }
        let letters = app.emails_with_subject("A leaked token was revoked").await;
        assert_eq!(letters.iter().filter(|letter| letter.header("To") == person.email).count(), 1);
        app.sql("DELETE FROM tokens").await;
    }
}

async fn a_login_that_makes_room_takes_along_what_it_made(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.per_account = 1).await;
    let ada = app.person("ada").await;
    let child = make_soon(&app, &ada.client).await;
    let login = app.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD})).await;
    app.client(login.assert_status(201).json()["token"].as_str().unwrap()).get("/me").await.assert_status(200);
    ada.client.get("/me").await.problem(401, "token_revoked");
    child.get("/token").await.problem(401, "token_revoked");
}

async fn deleting_keeps_what_has_made_something_that_works(app: TestApp) {
    for how in [EXPIRED, REVOKED] {
        let ada = app.person(if how == EXPIRED { "ada" } else { "eve" }).await;
        let (id, _, [child, grandchild]) = ended_with_descent(&app, &ada, how).await;
        app.clock.advance(Duration::days(31));
        while delete_expired(&app.db, 30, 100).await.unwrap() > 0 {}
        assert_eq!(app.count("tokens WHERE name = 'test'").await, 1, "{how}");
        child.get("/token").await.assert_status(200);
        ada.browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
        ada.browser.delete(&format!("/tokens/{id}")).await.assert_status(204);
        grandchild.get("/token").await.problem(401, "token_revoked");
        // Then all of it goes, a generation after the other.
        app.clock.advance(Duration::days(31));
        while delete_expired(&app.db, 30, 100).await.unwrap() > 0 {}
        assert_eq!(app.count("tokens").await, 0, "{how}");
    }
}

async fn tokens_that_outlived_their_maker_end_with_the_migration(app: TestApp) {
    let ada = app.person("ada").await;
    let by_login = make_soon(&app, &ada.client).await;
    let parent = app.token_with(&ada, &all_scopes(), |new| new.expiry = Expiry::Days(100)).await;
    let child = make(&app, &parent, "child", 50).await;
    let grandchild = make(&app, &child, "grandchild", 40).await;
    let orphan = make(&app, &parent, "orphan", 50).await;
    let alone = app.token(&ada, &[READ]).await;
    app.db.wait_idle().await;
    // As 0.1.0 left them: the child of a token that is renewed outlives it, and of another the maker was deleted.
    let far = "(SELECT ends_at FROM tokens WHERE name = 'test' ORDER BY ends_at DESC LIMIT 1)";
    let far = format!("UPDATE tokens SET expires_at = {far}, ends_at = {far}");
    app.sql(&format!("{far} WHERE name IN ('child', 'grandchild', 'orphan')")).await;
    app.sql("UPDATE tokens SET parent_id = NULL WHERE name = 'orphan'").await;
    let soon = "(SELECT expires_at FROM tokens WHERE name = 'made')";
    let maker = "(SELECT parent_id FROM tokens WHERE name = 'child')";
    app.sql(&format!("UPDATE tokens SET expires_at = {soon} WHERE id = {maker}")).await;
    app.sql("ALTER TABLE tokens DROP COLUMN password_stamp").await;
    app.sql("ALTER TABLE accounts DROP COLUMN password_stamp").await;
    app.sql("DELETE FROM _sqlx_migrations WHERE version = 6").await;

    let now = app.another_instance().await;
    let there = |client: &Client| now.client(&client.token);
    there(&orphan).get("/token").await.problem(401, "token_expired");
    let end = about(&there(&parent)).await["expires_at"].clone();
    for made in [&child, &grandchild] {
        let told = about(&there(made)).await;
        assert_eq!((&told["expires_at"], &told["ends_at"]), (&end, &end), "no later than what made it");
    }
    // What a person made is what it was, and what a login made ends with the password.
    let told = about(&there(&alone)).await;
    assert_eq!(told["expires_at"], told["ends_at"]);
    about(&there(&by_login)).await;
    let browser = now.browser();
    browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let change = [("current", PASSWORD), ("password", "entirely different words")];
    browser.submit("/account/password", &change).await.assert_redirect("/account");
    now.sql("UPDATE tokens SET revoked_at = NULL").await;
    there(&by_login).get("/token").await.problem(401, "token_revoked");
    there(&ada.client).get("/token").await.problem(401, "token_revoked");
    about(&there(&alone)).await;
}
