//! The macros that run one statement on either database.

use sqlx::{PgPool, Postgres, Transaction};

/// Reads: `fetch!(db, optional, "SELECT …", id, account)`, with `one`, `optional` or `all` rows, into the type that the
/// context expects. If the request is cancelled, so is the query.
#[doc(hidden)]
#[macro_export]
macro_rules! __fetch {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        match &$db.pools {
            $crate::db::Pools::Sqlite { reader, .. } => {
                let result = $crate::db::statement::read_sqlite(reader, sqlx::query($sql)$(.bind($value))*).await;
                result.and_then($crate::db::statement::Outcome::$rows)
            }
            $crate::db::Pools::Postgres(pool) => {
                let query = sqlx::query($sql)$(.bind($value))*;
                let result = $crate::db::statement::run_postgres(pool, query, $db.pooler, $db.patience).await;
                result.and_then($crate::db::statement::Outcome::$rows)
            }
        }
    };
}

/// [`fetch!`] of `optional` or `all` rows, for the statements that nearly every request runs: in SQLite on the thread
/// of the request ([`super::direct`]), in PostgreSQL on a connection at hand ([`super::kept`]). The values may be
/// evaluated twice. The type of a row needs [`direct_row!`](super::direct_row) too.
macro_rules! read {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {{
        let direct = $db.direct.as_ref().and_then(|direct| direct.rows($sql, &[$(&$value),*]));
        match direct {
            Some(rows) => Ok($crate::db::query::found!(rows, $rows)),
            None => {
                let kept = match &$db.pools {
                    $crate::db::Pools::Postgres(pool) if !$db.pooler => {
                        $db.kept.run(pool, sqlx::query($sql)$(.bind($value))*, $db.patience).await
                    }
                    _ => Ok(None),
                };
                match kept {
                    Ok(Some(outcome)) => outcome.$rows(),
                    Ok(None) => $crate::db::fetch!($db, $rows, $sql $(, $value)*),
                    Err(error) => Err(error),
                }
            }
        }
    }};
}

/// Writes: `execute!(db, one, "INSERT … RETURNING …", …)`, with rows as in `fetch!`, or `affected` for their number.
///
/// The statement runs in a task of its own, so that a client that hangs up cannot leave it half done on a connection
/// that goes back to the pool (T1). One statement is one transaction. The values are moved into the task.
///
/// Every statement is stepped to its end, whatever it returns: SQLite commits in the last step, which is where a full
/// disk is reported (S85). A failed write is logged. Writes wait while too many rows are queued in `write_behind`.
#[doc(hidden)]
#[macro_export]
macro_rules! __execute {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        match $db.write_behind.room().await {
            Ok(()) => $crate::db::query::execute_now!($db, $rows, $sql $(, $value)*),
            Err(error) => Err(error),
        }
    };
}

/// [`execute!`] that does not wait for the queue of `write_behind`, for what writes that queue.
#[doc(hidden)]
#[macro_export]
macro_rules! __execute_now {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {{
        let statement: &'static str = $sql;
        match &$db.pools {
            $crate::db::Pools::Sqlite { writer, .. } => {
                let query = sqlx::query(statement)$(.bind($value))*;
                let task = $crate::db::statement::write_sqlite(&$db.writes, writer.clone(), query);
                let result = $crate::db::statement::join_write(&$db.probe, &$db.written, statement, task).await;
                result.and_then($crate::db::statement::Outcome::$rows)
            }
            $crate::db::Pools::Postgres(pool) => {
                let query = sqlx::query(statement)$(.bind($value))*;
                let (pooler, patience) = ($db.pooler, $db.patience);
                let task =
                    $crate::db::statement::write_postgres(&$db.writes, pool.clone(), query, pooler, patience);
                let result = $crate::db::statement::join_write(&$db.probe, &$db.written, statement, task).await;
                result.and_then($crate::db::statement::Outcome::$rows)
            }
        }
    }};
}

/// Those of all `rows` that are asked for.
macro_rules! found {
    ($found:expr, optional) => {
        $found.into_iter().next()
    };
    ($found:expr, all) => {
        $found
    };
}

#[doc(inline)]
pub use {__execute as execute, __execute_now as execute_now, __fetch as fetch};
pub(crate) use {found, read};

/// Begins a transaction in a task, so that a request that is cancelled leaves no open transaction in the pool (T1).
///
/// # Errors
/// If no connection can be had.
#[doc(hidden)]
pub async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
