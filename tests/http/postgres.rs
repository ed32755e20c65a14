//! PostgreSQL in a schema other than `public`, and behind a pooler.

use axum::http::Method;
use serde_json::json;
use tokio::task::JoinSet;
use vestibule::db::{Clock, Db};

use crate::support::{
    Database, Door, PASSWORD, Pgbouncer, Postgres, RawDb, TestApp, hang_up_after,
    resource::{COLLECTION, READ_NAME, TABLE, change, item, resource},
};

/// The application over the database at `url`.
async fn house_at(url: &str) -> TestApp {
    TestApp::with(Database::Sqlite, |settings| settings.database.url = url.into()).await
}

/// Every kind of write and read works, at both doors.
async fn is_at_home(app: &TestApp, name: &str) {
    let ada = app.person(name).await;
    for door in ada.doors() {
        let note = door.post(COLLECTION, item("a", "text")).header("idempotency-key", "a").await;
        let path = format!("{COLLECTION}/{}", note.assert_status(201).json()["id"].as_str().unwrap());
        door.patch(&path, change("b")).await.assert_status(200);
        door.get(resource!("?limit=5")).await.assert_status(200);
        let soon = app.db.now() + time::Duration::hours(1);
        door.post("/tokens", json!({"name": "a", "scopes": [READ_NAME], "expires_at": soon})).await.assert_status(201);
        door.delete(&path).await.assert_status(204);
    }
    assert!(ada.browser.is_signed_in().await);
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    assert!(!ada.browser.is_signed_in().await);
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    ada.browser.submit("/sign-in", &form).await.assert_status(303);
    assert!(ada.browser.visit("/account").await.page(200).contains("Signed out"));
    ada.client.call(Method::POST, "/logout").await.assert_status(204);
    ada.client.get("/me").await.problem(401, "token_revoked");
    app.get("/readyz").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_with_a_schema_of_its_own_is_at_home() {
    let postgres = Postgres::new().await;
    let mut raw = RawDb::connect(&postgres.url).await;
    let role = raw.texts("SELECT 'tenant_' || current_database()").await.remove(0);
    raw.run(&format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN; CREATE SCHEMA AUTHORIZATION {role};
         REVOKE ALL ON SCHEMA public FROM PUBLIC"
    ))
    .await;
    let app = house_at(&postgres.url.replace("vestibule@", &format!("{role}@"))).await;
    is_at_home(&app, "ada").await;
    is_at_home(&app.another_instance().await, "bob").await;
    let elsewhere = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    assert!(raw.texts(elsewhere).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_lacks_a_right_is_told_which() {
    let postgres = Postgres::migrated().await;
    let mut raw = RawDb::connect(&postgres.url).await;
    let role = raw.texts("SELECT 'guest_' || current_database()").await.remove(0);
    raw.run(&format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN")).await;
    let url = postgres.url.replace("vestibule@", &format!("{role}@"));
    let refusal = async || Db::open(&url, Clock::default()).await.expect_err("it should not open").to_string();
    // Since PostgreSQL 15, nobody may create tables in `public`.
    let line = refusal().await;
    assert!(line.contains("permission denied for") && line.contains("USAGE and CREATE"), "{line}");
    assert!(line.contains("GRANT USAGE, CREATE") && line.lines().count() == 1, "{line}");

    // Another role has migrated, and this one only reads and writes rows.
    raw.run(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")).await;
    let db = Db::open(&url, Clock::default()).await.unwrap();
    assert!(db.readiness().await.is_ready());
    db.close().await;
    raw.run("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
    assert!(refusal().await.contains("lacks a right"), "a migration is missing");
    let database = raw.texts("SELECT current_database()::text").await.remove(0);
    raw.run(&format!("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")).await;
    assert!(refusal().await.contains("CONNECT on the database"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_in_transaction_mode_it_works() {
    let postgres = Postgres::new().await;
    let pooler = Pgbouncer::before(&postgres).await;
    let app = house_at(&pooler.url).await;
    is_at_home(&app, "ada").await;

    // More connections than the pooler has servers, so that each statement may meet any of them.
    let mut instances = JoinSet::new();
    for _ in 0..3 {
        let app = app.clone();
        instances.spawn(async move { app.another_instance().await });
    }
    let instances = instances.join_all().await;
    let bob = app.person("bob").await;
    let mut running = JoinSet::new();
    for number in 0..300 {
        let client = instances[number % 3].client(&bob.client.token);
        running.spawn(async move {
            match number % 4 {
                0 => client.post(COLLECTION, item(number.to_string(), "")).await.assert_status(201).status,
                1 => client.get(resource!("?limit=1")).await.assert_status(200).status,
                2 => client.get("/tokens").await.assert_status(200).status,
                _ => client.get("/me").await.assert_status(200).status,
            }
        });
    }
    assert_eq!(running.join_all().await.len(), 300);
    assert_eq!(RawDb::connect(&postgres.url).await.count(TABLE).await, 75);

    // Clients that hang up during a request leave no transaction open on a connection of the pooler.
    for number in 0..100 {
        hang_up_after(1 + number % 10, bob.client.get(COLLECTION)).await;
    }
    app.db.wait_idle().await;
    let mut running: JoinSet<_> = (0..50).map(|_| bob.client.get(COLLECTION).into_future()).collect();
    while let Some(reply) = running.join_next().await {
        reply.unwrap().assert_status(200);
    }
    app.db.close().await;
    is_at_home(&app.another_instance().await, "carol").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_was_not_named_is_said_in_one_line() {
    let postgres = Postgres::new().await;
    let pooler = Pgbouncer::before(&postgres).await;
    let url = pooler.url.replace("&pgbouncer=true", "");
    let line = Db::open(&url, Clock::default()).await.expect_err("it should not open").to_string();
    assert!(line.contains("?pgbouncer=true") && line.lines().count() == 1, "{line}");
}
