//! What the macros of [`super::query`] call: one statement on one database, compiled once for all of them.
//!
//! The futures are boxed. Otherwise each request handler would contain those of sqlx, and the compiler would look through
//! all of them each of the many times that it asks whether a handler is `Send`.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, TryStreamExt, future::BoxFuture};
use sqlx::{
    Connection, Database, Either, Executor, FromRow, PgPool, Postgres, Row, Sqlite, SqlitePool,
    postgres::{PgArguments, PgConnection, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};
use tokio_util::task::TaskTracker;

use super::{
    checkout::Checkout,
    errors::{is_read_only, is_refusal},
    probe::Probe,
    waits::{READER, WRITER, acquire},
};

type SqliteQuery<'q> = Query<'q, Sqlite, SqliteArguments<'q>>;
/// A statement of PostgreSQL with its values.
pub(super) type PostgresQuery<'q> = Query<'q, Postgres, PgArguments>;

/// A statement that runs while it is awaited.
pub type Running<'a, R> = BoxFuture<'a, sqlx::Result<Outcome<R>>>;
type Write<R> = JoinHandle<sqlx::Result<Outcome<R>>>;

/// What a statement returned.
#[derive(Debug)]
pub struct Outcome<R> {
    rows: Vec<R>,
    affected: u64,
}

impl<R: Row> Outcome<R> {
    /// All rows.
    ///
    /// # Errors
    /// If a row is not a `T`.
    pub fn all<T: for<'r> FromRow<'r, R>>(self) -> sqlx::Result<Vec<T>> {
        self.rows.iter().map(T::from_row).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// If the row is not a `T`.
    pub fn optional<T: for<'r> FromRow<'r, R>>(self) -> sqlx::Result<Option<T>> {
        self.rows.first().map(T::from_row).transpose()
    }

    /// The first row.
    ///
    /// # Errors
    /// [`sqlx::Error::RowNotFound`] if there is none; if the row is not a `T`.
    pub fn one<T: for<'r> FromRow<'r, R>>(self) -> sqlx::Result<T> {
        self.optional()?.ok_or(sqlx::Error::RowNotFound)
    }

    /// How many rows were changed.
    ///
    /// # Errors
    /// None. The result is that of the other kinds.
    pub fn affected(self) -> sqlx::Result<u64> {
        Ok(self.affected)
    }
}

/// Runs `query` to its end. `fetch_one` and `fetch_optional` would stop it at its first row.
async fn run<'q, DB: Database>(
    query: Query<'q, DB, DB::Arguments<'q>>,
    connection: &mut DB::Connection,
    affected: fn(&DB::QueryResult) -> u64,
) -> sqlx::Result<Outcome<DB::Row>>
where
    DB::Arguments<'q>: sqlx::IntoArguments<'q, DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let mut outcome = Outcome { rows: Vec::new(), affected: 0 };
    let mut results = connection.fetch_many(query);
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => outcome.affected += affected(&done),
            Either::Right(row) => outcome.rows.push(row),
        }
    }
    drop(results);
    Ok(outcome)
}

async fn run_sqlite(
    query: SqliteQuery<'_>,
    connection: &mut sqlx::SqliteConnection,
) -> sqlx::Result<Outcome<SqliteRow>> {
    run(query, connection, sqlx::sqlite::SqliteQueryResult::rows_affected).await
}

async fn run_on(query: PostgresQuery<'_>, connection: &mut PgConnection) -> sqlx::Result<Outcome<PgRow>> {
    run(query, connection, sqlx::postgres::PgQueryResult::rows_affected).await
}

/// Reads from SQLite.
///
/// # Errors
/// Those of the statement, or if no connection is free in time.
pub fn read_sqlite<'a>(reader: &'a SqlitePool, query: SqliteQuery<'a>) -> Running<'a, SqliteRow> {
    let reading = async move {
        let mut connection = acquire(reader, &READER).await?;
        run_sqlite(query, &mut connection).await
    };
    reading.boxed()
}

/// Runs a statement on PostgreSQL. A server that does not answer within `patience` is given up (S43). A write may have
/// happened all the same; it is not acknowledged.
///
/// Behind a pooler in transaction mode, the next statement may use another connection. So a statement is prepared and
/// run in one transaction, and without a name, which another client may have used on that connection.
///
/// # Errors
/// Those of the statement, or if no connection is free in time.
pub fn run_postgres<'a>(
    pool: &'a PgPool,
    query: PostgresQuery<'a>,
    pooler: bool,
    patience: Duration,
) -> Running<'a, PgRow> {
    run_on_pool(pool, query, pooler, patience).boxed()
}

async fn run_on_pool(
    pool: &PgPool,
    query: PostgresQuery<'_>,
    pooler: bool,
    patience: Duration,
) -> sqlx::Result<Outcome<PgRow>> {
    let mut checkout = Checkout::from(pool).await?;
    if !pooler {
        return run_checked_out(&mut checkout, query, patience).await;
    }
    let (connection, close) = checkout.parts();
    let query = query.persistent(false);
    let transaction = async {
        // sqlx does not end a transaction that is cancelled while it begins (T1).
        *close = true;
        let mut transaction = connection.begin().await?;
        *close = false;
        let outcome = run_on(query, &mut transaction).await?;
        transaction.commit().await?;
        Ok(outcome)
    };
    let result = timeout(patience, transaction).await;
    checkout.settle(result)
}

/// Runs a statement on PostgreSQL with a connection that is the caller's. It has to be closed if there was no answer
/// within `patience`.
///
/// # Errors
/// Those of the statement, or if there was no answer.
pub(super) async fn run_checked_out(
    checkout: &mut Checkout,
    query: PostgresQuery<'_>,
    patience: Duration,
) -> sqlx::Result<Outcome<PgRow>> {
    let (connection, _) = checkout.parts();
    let result = timeout(patience, run_on(query, connection)).await;
    checkout.settle(result)
}

/// A task that writes to SQLite.
pub fn write_sqlite(tasks: &TaskTracker, writer: SqlitePool, query: SqliteQuery<'static>) -> Write<SqliteRow> {
    tasks.spawn(async move {
        let mut connection = acquire(&writer, &WRITER).await?;
        run_sqlite(query, &mut connection).await
    })
}

/// A task that writes to PostgreSQL.
pub fn write_postgres(
    tasks: &TaskTracker,
    pool: PgPool,
    query: PostgresQuery<'static>,
    pooler: bool,
    patience: Duration,
) -> Write<PgRow> {
    tasks.spawn(async move { run_on_pool(&pool, query, pooler, patience).await })
}

/// Waits for the task of a write. An error that is not a refusal by a constraint means that the write is lost, so it is
/// logged.
///
/// # Errors
/// Those of the statement, or if no connection is free in time.
pub async fn join_write<R>(
    probe: &Probe,
    written: &Notify,
    statement: &'static str,
    task: Write<R>,
) -> sqlx::Result<Outcome<R>> {
    let result = task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
    written.notify_one();
    if let Err(error) = &result
        && !is_refusal(error)
    {
        tracing::error!(event = "write_failed", statement = name(statement), %error);
        probe.suspect();
        if is_read_only(error) {
            probe.standby.refuses(Instant::now());
        }
    }
    result
}

/// The verb and the table of a statement, for the log.
fn name(statement: &str) -> String {
    let words: Vec<_> = statement.split_whitespace().collect();
    let named = words.windows(3).find_map(|words| match words {
        ["INSERT", "INTO", table] | ["DELETE", "FROM", table] | ["UPDATE", table, "SET"] => {
            Some(format!("{} {table}", words[0]))
        }
        _ => None,
    });
    named.unwrap_or_else(|| words.first().copied().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_statement_is_named_by_what_it_does_to_which_table() {
        for (statement, named) in [
            ("INSERT INTO things (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = $1", "INSERT things"),
            ("WITH owner AS (SELECT id FROM accounts FOR NO KEY UPDATE)\n INSERT INTO tokens (id)", "INSERT tokens"),
            ("UPDATE tokens SET revoked_at = $1", "UPDATE tokens"),
            ("DELETE FROM browser_sessions WHERE id = $1", "DELETE browser_sessions"),
            ("VACUUM", "VACUUM"),
            ("", ""),
        ] {
            assert_eq!(name(statement), named);
        }
    }
}
