//! What an authenticated read costs the database: one query finds the credential and its account, each by an index.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use sqlx::{Row, SqliteConnection};
use tokio::task::JoinSet;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::{
    dpop::{Bound, Key},
    support::{Database, Door, Prepare, RawDb, TestApp, resource::COLLECTION},
};

/// The statements that sqlx logs on this thread. With SQLite it works on threads of its own, so this asks PostgreSQL.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    fn listen() -> (Self, DefaultGuard) {
        let statements = Self::default();
        let guard = tracing_subscriber::registry().with(statements.clone()).set_default();
        (statements, guard)
    }

    /// Those since the last time.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut statement = Statement::default();
        event.record(&mut statement);
        self.0.lock().unwrap().push(statement.0);
    }
}

/// What sqlx calls the summary is the whole of a short statement, and the beginning of a long one.
#[derive(Default)]
struct Statement(String);

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        if matches!(field.name(), "summary" | "db.statement") && value.len() > self.0.len() {
            value.trim().clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The statement of an authenticated read that asks for nothing else: by a session, and by a token.
async fn of_a_read() -> [String; 2] {
    let app = TestApp::on(Database::Postgres).await;
    let ada = app.person("ada").await;
    let mut found = Vec::new();
    for door in ada.doors() {
        // The first use within a minute is noted.
        door.get("/me").await.assert_status(200);
        app.db.wait_idle().await;

        let (statements, _guard) = Statements::listen();
        door.get("/me").await.assert_status(200);
        app.db.wait_idle().await;
        let heard = statements.heard();
        let [statement] = heard.as_slice() else { panic!("{heard:#?}") };
        found.push(statement.clone());

        door.get(COLLECTION).await.assert_status(200);
        app.db.wait_idle().await;
        assert_eq!(statements.heard().len(), 2, "the list takes one more");
    }
    found.try_into().unwrap()
}

#[tokio::test]
async fn one_query_finds_the_credential_and_its_account() {
    let [session, token] = of_a_read().await;
    assert!(token.starts_with("SELECT tokens.id") && token.contains("JOIN accounts"), "{token}");
    assert!(session.contains("FROM tower_sessions") && session.contains("JOIN accounts"), "{session}");
}

/// What finds it finds its key as well, and one write says that the proof was used.
#[tokio::test]
async fn a_token_that_is_bound_to_a_key_takes_one_write_more() {
    let app = TestApp::on(Database::Postgres).await;
    let bound = Bound::login(&app, &app.person("ada").await, Key::es256()).await;
    bound.get("/me").await.assert_status(200);
    app.db.wait_idle().await;

    let (statements, _guard) = Statements::listen();
    bound.get("/me").await.assert_status(200);
    app.db.wait_idle().await;
    let heard = statements.heard();
    let [find, first_use] = heard.as_slice() else { panic!("{heard:#?}") };
    assert!(find.starts_with("SELECT tokens.id") && find.contains("tokens.jkt"), "{find}");
    assert!(first_use.starts_with("INSERT INTO dpop_proofs"), "{first_use}");
}

#[tokio::test]
async fn sqlite_finds_each_by_an_index() {
    let app = TestApp::on(Database::Sqlite).await;
    let RawDb::Sqlite(mut raw) = app.raw().await else { panic!("this is no SQLite") };
    for (statement, tables) in of_a_read().await.iter().zip([3, 2]) {
        let plan = plan(&mut raw, statement).await;
        assert_eq!(plan.len(), tables, "{plan:#?}");
        assert!(plan.iter().all(|step| step.starts_with("SEARCH") && step.contains("INDEX")), "{plan:#?}");
    }
}

#[tokio::test]
async fn postgresql_finds_each_by_an_index() {
    let app = TestApp::on(Database::Postgres).await;
    let mut raw = app.raw().await;
    // A table of a few rows is read whole, index or not.
    raw.run("SET enable_seqscan = off").await;
    let [session, token] = of_a_read().await;
    let session = session.replace("$1", "''").replace("$2", "now()").replace("$3", "now()");
    for (statement, tables) in [(session, 3), (token.replace("$1", r"'\x00'::bytea"), 2)] {
        let plan = raw.texts(&format!("EXPLAIN {statement}")).await.join("\n");
        assert_eq!(plan.matches("Index Scan").count(), tables, "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

async fn plan(raw: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let rows = sqlx::query(&format!("EXPLAIN QUERY PLAN {statement}")).fetch_all(raw).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// The pool asks PostgreSQL before and after each statement whether the connection works, and goes round all of them.
#[tokio::test]
async fn reads_one_after_the_other_stay_on_one_connection() {
    const LAST: &str = "SELECT pid::text FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'SELECT tokens.id%' ORDER BY query_start DESC LIMIT 1";
    let app = TestApp::on(Database::Postgres).await;
    let ada = app.person("ada").await;
    let at_once: JoinSet<_> = (0..16).map(|_| ada.client.get("/me").into_future()).collect();
    for reply in at_once.join_all().await {
        reply.assert_status(200);
    }

    let mut raw = app.raw().await;
    let mut used = BTreeSet::new();
    for _ in 0..8 {
        ada.client.get("/me").await.assert_status(200);
        used.extend(raw.texts(LAST).await);
    }
    assert_eq!(used.len(), 1, "{used:?}");
}

/// A restarted PostgreSQL ends the connections that wait for the next read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_ended_while_it_waited_fails_no_read() {
    let app = TestApp::on(Database::Postgres).await;
    let ada = app.person("ada").await;
    let mut raw = app.raw().await;
    let end = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..3 {
        for door in ada.doors() {
            door.get("/me").await.assert_status(200);
            door.get(COLLECTION).await.assert_status(200);
        }
        app.db.wait_idle().await;
        assert!(!raw.texts(end).await.is_empty());
    }
}
