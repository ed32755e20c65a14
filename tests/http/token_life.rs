//! The life of a token: how it begins, goes on, ends, and is forgotten.

use serde_json::{Value, json};
use time::Duration;
use vestibule::{features::tokens::service::Expiry, timestamp::Timestamp};

use crate::{
    support::{
        Client, Database, Door, PASSWORD, TestApp, all_scopes, field_error, on_both_databases,
        resource::{COLLECTION, READ, READ_FIELD},
    },
    token_ends::tell,
};

on_both_databases! {
    a_token_lasts_through_the_day_that_was_chosen,
    a_day_ends_where_its_owner_is,
    a_day_that_is_over_or_too_far_is_refused_beside_its_field,
    a_token_that_is_renewed_goes_on_while_it_is_used,
    and_ends_when_it_is_not,
    and_never_outlives_the_longest_lifetime,
    renewing_writes_once_a_minute,
    a_use_noted_too_late_revives_nothing,
    the_address_of_the_last_use_is_shown,
    an_account_has_so_many_tokens_and_no_more,
    a_renewed_token_needs_a_number_of_days,
    all_tokens_are_revoked_at_once,
    all_but_one_are_revoked_at_once,
    the_page_revokes_all_and_all_but_the_new_one,
    tokens_from_before_go_on,
}

fn time(value: &Value) -> Timestamp {
    serde_json::from_value(value.clone()).unwrap()
}

/// What `client` is told about its token.
async fn about(client: &Client) -> Value {
    client.get("/token").await.assert_status(200).json()
}

fn shown(page: &str) -> String {
    let (_, rest) = page.split_once(r#"<code id="secret">"#).unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

async fn a_token_lasts_through_the_day_that_was_chosen(app: TestApp) {
    let ada = app.person("ada").await;
    let day = (app.db.now() + Duration::days(10)).get().date();
    let text = day.to_string();
    let form = [("name", "a"), ("days", "day"), ("expires_at", text.as_str()), (READ_FIELD, "on")];
    let token = app.client(&shown(&ada.browser.submit("/tokens", &form).await.page(201)));
    let expires_at = time(&about(&token).await["expires_at"]);
    // Nobody has said where: it is over when it is over everywhere.
    assert_eq!(expires_at.get(), day.next_day().unwrap().midnight().assume_utc() + Duration::hours(12));
    app.clock.advance(expires_at - app.db.now() - Duration::seconds(5));
    token.get(COLLECTION).await.assert_status(200);
    app.clock.advance(Duration::seconds(6));
    token.get(COLLECTION).await.problem(401, "token_expired");
}

async fn a_day_ends_where_its_owner_is(app: TestApp) {
    let ada = app.person("ada").await;
    let page = ada.browser.visit("/tokens").await.page(200);
    assert!(page.contains(r#"<input id="day_over" name="day_over" type="hidden""#), "{page}");
    assert!(page.contains(r#"<script type="module" src="/day.js" nonce=""#), "{page}");
    let west = (app.db.now() + -Duration::hours(12)).get().date();
    assert!(page.contains(&format!(r#"type="date" min="{west}""#)), "today is offered wherever it is: {page}");

    let day = (app.db.now() + Duration::days(10)).get().date();
    let midnight = day.next_day().unwrap().midnight().assume_utc();
    for (hours, taken) in [(-14, -14), (-1, -1), (8, 8), (12, 12), (-15, 12), (13, 12)] {
        let over = Timestamp::new(midnight + Duration::hours(hours)).to_string();
        let text = day.to_string();
        let form = [("name", "a"), ("days", "day"), ("expires_at", &text), ("day_over", &over), (READ_FIELD, "on")];
        let token = app.client(&shown(&ada.browser.submit("/tokens", &form).await.page(201)));
        let expires_at = time(&about(&token).await["expires_at"]);
        assert_eq!(expires_at.get(), midnight + Duration::hours(taken), "{hours}");
    }
    // Today in the westernmost zone, which elsewhere is over.
    let today = west.to_string();
    let form = [("name", "a"), ("days", "day"), ("expires_at", &today), (READ_FIELD, "on")];
    ada.browser.submit("/tokens", &form).await.page(201);
}

async fn a_day_that_is_over_or_too_far_is_refused_beside_its_field(app: TestApp) {
    let ada = app.person("ada").await;
    let over = (app.db.now() + -Duration::hours(36)).get().date();
    let far = (app.db.now() + Duration::days(366)).get().date();
    for day in [over.to_string(), far.to_string(), String::new(), "tomorrow".into()] {
        let form = [("name", "a"), ("days", "day"), ("expires_at", day.as_str()), (READ_FIELD, "on")];
        let page = ada.browser.submit("/tokens", &form).await.page(422);
        assert_eq!(field_error(&page, "expires_at"), "Choose a date in the future, within the next 366 days.", "{day}");
        assert_eq!(field_error(&page, "days"), "");
        assert!(page.contains(r#"<option value="day" selected>"#), "what was chosen stays chosen");
        assert!(page.contains(&format!(r#"value="{day}""#)), "and what was typed");
    }
    assert_eq!(app.count("tokens").await, 1);
}

async fn renewed(app: &TestApp, days: u32) -> Client {
    let ada = app.person("ada").await;
    app.token_with(&ada, &[READ], |new| {
        new.expiry = Expiry::Days(days);
        new.renew = true;
    })
    .await
}

async fn a_token_that_is_renewed_goes_on_while_it_is_used(app: TestApp) {
    let token = renewed(&app, 7).await;
    for _ in 0..5 {
        token.get(COLLECTION).await.assert_status(200);
        app.db.wait_idle().await;
        let about = about(&token).await;
        let left = time(&about["expires_at"]) - app.db.now();
        assert!(left > Duration::days(7) - Duration::minutes(2) && left <= Duration::days(7), "{about}");
        assert_eq!(about["renew_days"], 7);
        app.clock.advance(Duration::days(6));
    }
    token.get(COLLECTION).await.assert_status(200);
}

async fn and_ends_when_it_is_not(app: TestApp) {
    let token = renewed(&app, 7).await;
    token.get(COLLECTION).await.assert_status(200);
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(7));
    token.get(COLLECTION).await.problem(401, "token_expired");
    app.db.wait_idle().await;
    token.get(COLLECTION).await.problem(401, "token_expired");
}

async fn and_never_outlives_the_longest_lifetime(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.max_days = 30).await;
    let token = renewed(&app, 7).await;
    let ends_at = time(&about(&token).await["ends_at"]);
    for _ in 0..5 {
        app.db.wait_idle().await;
        app.clock.advance(Duration::days(6) - Duration::seconds(10));
        token.get(COLLECTION).await.assert_status(200);
    }
    app.db.wait_idle().await;
    let about = about(&token).await;
    assert_eq!((time(&about["expires_at"]), time(&about["ends_at"])), (ends_at, ends_at));
    app.clock.advance(ends_at - app.db.now() + Duration::seconds(1));
    token.get(COLLECTION).await.problem(401, "token_expired");
}

async fn renewing_writes_once_a_minute(app: TestApp) {
    let token = renewed(&app, 7).await;
    let mut witness = app.witness().await;
    token.get(COLLECTION).await.assert_status(200);
    assert!(witness.saw_a_write().await);
    for _ in 0..10 {
        token.get(COLLECTION).await.assert_status(200);
    }
    assert!(!witness.saw_a_write().await);
    app.clock.advance(Duration::minutes(1));
    let reads = (0..10).map(|_| token.get(COLLECTION).into_future());
    for reply in reads.collect::<tokio::task::JoinSet<_>>().join_all().await {
        reply.assert_status(200);
    }
    assert!(witness.saw_a_write().await);
    token.get(COLLECTION).await.assert_status(200);
    assert!(!witness.saw_a_write().await);
}

async fn a_use_noted_too_late_revives_nothing(app: TestApp) {
    let token = renewed(&app, 7).await;
    let ada = app.browser();
    ada.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]).await.assert_status(303);
    let id = about(&token).await["id"].as_str().unwrap().to_owned();
    app.db.wait_idle().await;
    app.clock.advance(Duration::minutes(2));
    // The use and the end at once, whichever is first.
    let (_, revoked) =
        tokio::join!(token.get(COLLECTION).into_future(), ada.delete(&format!("/tokens/{id}")).into_future());
    revoked.assert_status(204);
    app.db.wait_idle().await;
    token.get(COLLECTION).await.problem(401, "token_revoked");
}

async fn the_address_of_the_last_use_is_shown(app: TestApp) {
    let ada = app.person("ada").await;
    let token = app.token(&ada, &[READ]).await;
    assert_eq!(ada.browser.get("/tokens").await.json()["items"][0]["last_used_from"], Value::Null);
    for address in ["198.51.100.7", "2001:db8::7"] {
        app.clock.advance(Duration::minutes(1));
        token.get(COLLECTION).at(address).await.assert_status(200);
        app.db.wait_idle().await;
        assert_eq!(ada.browser.get("/tokens").await.json()["items"][0]["last_used_from"], address);
        assert!(ada.browser.visit("/tokens").await.page(200).contains(&format!(" from {address}")));
    }
}

async fn an_account_has_so_many_tokens_and_no_more(database: Database) {
    let app = TestApp::with(database, |settings| settings.tokens.per_account = 2).await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let first = app.token_with(&ada, &all_scopes(), |new| new.expiry = Expiry::Days(1)).await;
    app.token(&ada, &[READ]).await;
    let form = [("name", "third"), ("days", "7"), (READ_FIELD, "on")];
    let page = ada.browser.submit("/tokens", &form).await.page(409);
    assert!(page.contains("reached its limit of tokens") && page.contains(r#"value="third""#), "{page}");
    bob.browser.submit("/tokens", &form).await.page(201);
    // One that has ended, of itself or not, makes room.
    let id = about(&first).await["id"].as_str().unwrap().to_owned();
    ada.browser.delete(&format!("/tokens/{id}")).await.assert_status(204);
    ada.browser.submit("/tokens", &form).await.page(201);
    ada.browser.submit("/tokens", &form).await.page(409);
    app.clock.advance(Duration::days(31));
    ada.browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    ada.browser.submit("/tokens", &form).await.page(201);
}

async fn a_renewed_token_needs_a_number_of_days(app: TestApp) {
    let ada = app.person("ada").await;
    let day = (app.db.now() + Duration::days(10)).get().date().to_string();
    let form = [("name", "a"), ("days", "day"), ("expires_at", day.as_str()), ("renew", "on"), (READ_FIELD, "on")];
    let page = ada.browser.submit("/tokens", &form).await.page(422);
    assert!(field_error(&page, "renew").starts_with("Choose a number of days"), "{page}");
    assert!(page.contains(r#"name="renew" checked"#));
    let form = [("name", "a"), ("days", "30"), ("renew", "on"), (READ_FIELD, "on")];
    let page = ada.browser.submit("/tokens", &form).await.page(201);
    assert!(page.contains(">Renewed</span>") && page.contains("(30 days after its last use) or "), "{page}");
}

async fn all_tokens_are_revoked_at_once(app: TestApp) {
    let bob = app.person("bob").await;
    for name in ["ada", "eve"] {
        let person = app.person(name).await;
        let other = app.token(&person, &[READ]).await;
        let door = &person.doors()[usize::from(name == "eve")];
        door.post("/tokens/revoke-all", json!({})).await.assert_status(204);
        person.client.get("/me").await.problem(401, "token_revoked");
        other.get(COLLECTION).await.problem(401, "token_revoked");
        assert!(person.browser.is_signed_in().await);
    }
    bob.client.get("/me").await.assert_status(200);
}

async fn all_but_one_are_revoked_at_once(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for door in ada.doors() {
        let (kept, other) = (app.token(&ada, &all_scopes()).await, app.token(&ada, &[READ]).await);
        let id = about(&kept).await["id"].as_str().unwrap().to_owned();
        let theirs = about(&bob.client).await["id"].clone();
        let asks = if door.mount() == "/api/v1" { &kept as &dyn Door } else { door };
        for nobodys in [json!(uuid::Uuid::now_v7()), theirs] {
            asks.post("/tokens/revoke-all", json!({"except": nobodys})).await.names_field("except");
        }
        other.get(COLLECTION).await.assert_status(200);
        asks.post("/tokens/revoke-all", json!({"except": id})).await.assert_status(204);
        kept.get("/me").await.assert_status(200);
        other.get(COLLECTION).await.problem(401, "token_revoked");
    }
    bob.client.get("/me").await.assert_status(200);
}

async fn the_page_revokes_all_and_all_but_the_new_one(app: TestApp) {
    let ada = app.person("ada").await;
    let form = [("name", "new"), ("days", "7"), (READ_FIELD, "on")];
    let page = ada.browser.submit("/tokens", &form).await.page(201);
    let (_, rest) = page.split_once(r#"action="/tokens/revoke-all?keep="#).unwrap();
    let id = rest.split_once('"').unwrap().0;
    let new = app.client(&shown(&page));
    ada.browser.submit(&format!("/tokens/revoke-all?keep={id}"), &[]).await.assert_redirect("/tokens");
    new.get(COLLECTION).await.assert_status(200);
    ada.client.get("/me").await.problem(401, "token_revoked");
    // A second click, and one for what is not there, do no harm.
    ada.browser
        .submit(&format!("/tokens/revoke-all?keep={}", uuid::Uuid::now_v7()), &[])
        .await
        .assert_redirect("/tokens");
    new.get(COLLECTION).await.assert_status(200);
    ada.browser.submit("/tokens/revoke-all", &[]).await.assert_redirect("/tokens");
    new.get(COLLECTION).await.problem(401, "token_revoked");
    ada.browser.submit("/tokens/revoke-all", &[]).await.assert_redirect("/tokens");
    assert!(ada.browser.visit("/tokens").await.page(200).contains("No tokens yet."));
}

async fn tokens_from_before_go_on(app: TestApp) {
    let ada = app.person("ada").await;
    let token = app.token(&ada, &[READ]).await;
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    for index in ["tokens_parent", "tokens_origins", "tokens_expiry", "tokens_revoked", "tokens_to_warn"] {
        app.sql(&format!("DROP INDEX {index}")).await;
    }
    let later = [
        "renew_seconds",
        "reauthenticated_at",
        "reauthentication_stamp",
        "last_used_from",
        "warn_days",
        "password_stamp",
        "jkt",
    ];
    for column in ["parent_id", "origins", "ends_at", "renew_days"].into_iter().chain(later) {
        // SQLite drops no column that refers to a table.
        if !(sqlite && column == "parent_id") {
            app.sql(&format!("ALTER TABLE tokens DROP COLUMN {column}")).await;
        }
    }
    if sqlite {
        app.sql("PRAGMA foreign_keys = OFF; CREATE TABLE kept AS SELECT * FROM tokens; DROP TABLE tokens;").await;
        app.sql(
            "CREATE TABLE tokens (
                    id BLOB PRIMARY KEY NOT NULL, account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
                    name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL, issued_by TEXT NOT NULL,
                    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, last_used_at INTEGER, revoked_at INTEGER
                 ) STRICT;
                 INSERT INTO tokens SELECT id, account_id, name, hash, scopes, issued_by, created_at, expires_at,
                    last_used_at, revoked_at FROM kept;
                 DROP TABLE kept;",
        )
        .await;
    }
    for table in ["idempotency", "dpop_proofs", "server_keys"] {
        app.sql(&format!("DROP TABLE {table}")).await;
    }
    app.sql("ALTER TABLE accounts DROP COLUMN password_stamp").await;
    app.sql("DELETE FROM _sqlx_migrations WHERE version IN (5, 6, 16, 23)").await;

    let now = app.another_instance().await;
    let about = about(&now.client(&token.token)).await;
    assert_eq!((&about["ends_at"], &about["origins"]), (&about["expires_at"], &json!([])));
    now.clock.advance(Duration::days(24));
    assert_eq!(tell(&now).await, 1, "of the one that a person made");
}
