//! The macros that run one statement on either database.

use sqlx::{PgPool, Postgres, Transaction};
use tokio::{sync::Notify, task::JoinHandle};

use super::{errors::is_refusal, probe::Probe};

/// Reads: `fetch!(db, optional, "SELECT …", id, account)`, with `one`, `optional` or `all` rows, into the type that the
/// context expects. If the request is cancelled, so is the query.
#[doc(hidden)]
#[macro_export]
macro_rules! __fetch {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        match &$db.pools {
            $crate::db::Pools::Sqlite { reader, .. } => {
                match $crate::db::waits::acquire(reader, &$crate::db::waits::READER).await {
                    Ok(mut connection) => {
                        let connection = &mut *connection;
                        $crate::db::query::rows!(sqlx::query_as($sql)$(.bind($value))*, $rows, connection).await
                    }
                    Err(error) => Err(error),
                }
            }
            $crate::db::Pools::Postgres(pool) => {
                let query = sqlx::query_as($sql)$(.bind($value))*;
                $crate::db::query::postgres!(query, $rows, pool, $db.pooler, $db.patience).await
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
            None => match &$db.pools {
                $crate::db::Pools::Postgres(pool) if !$db.pooler => {
                    let query = sqlx::query_as($sql)$(.bind($value))*;
                    async {
                        let mut lent = $db.kept.take(pool).await?;
                        let (connection, _) = lent.checkout.parts();
                        let result = tokio::time::timeout($db.patience, query.fetch_all(connection)).await;
                        let answered = result.is_ok();
                        match lent.checkout.settle(result) {
                            Ok(rows) => {
                                $db.kept.put(lent);
                                Ok($crate::db::query::found!(rows, $rows))
                            }
                            Err(_) if lent.waited && answered => {
                                drop(lent);
                                $crate::db::fetch!($db, $rows, $sql $(, $value)*)
                            }
                            Err(error) => Err(error),
                        }
                    }
                    .await
                }
                _ => $crate::db::fetch!($db, $rows, $sql $(, $value)*),
            },
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
        let task = match $db.pools.clone() {
            $crate::db::Pools::Sqlite { writer, .. } => {
                let query = $crate::db::query::prepare!($rows, statement)$(.bind($value))*;
                $db.writes.spawn(async move {
                    let mut connection = $crate::db::waits::acquire(&writer, &$crate::db::waits::WRITER).await?;
                    $crate::db::query::rows!(query, $rows, &mut *connection).await
                })
            }
            $crate::db::Pools::Postgres(pool) => {
                let query = $crate::db::query::prepare!($rows, statement)$(.bind($value))*;
                let (pooler, patience) = ($db.pooler, $db.patience);
                $db.writes.spawn(async move { $crate::db::query::postgres!(query, $rows, &pool, pooler, patience).await })
            }
        };
        $crate::db::query::join_write(&$db.probe, &$db.written, statement, task).await
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __prepare {
    (affected, $sql:expr) => {
        sqlx::query($sql)
    };
    ($rows:ident, $sql:expr) => {
        sqlx::query_as($sql)
    };
}

/// `fetch_one` and `fetch_optional` would stop the statement at its first row.
#[doc(hidden)]
#[macro_export]
macro_rules! __rows {
    ($query:expr, one, $executor:expr) => {
        async { $crate::db::query::first($query.fetch_all($executor).await?).ok_or(sqlx::Error::RowNotFound) }
    };
    ($query:expr, optional, $executor:expr) => {
        async { $query.fetch_all($executor).await.map($crate::db::query::first) }
    };
    ($query:expr, all, $executor:expr) => {
        $query.fetch_all($executor)
    };
    ($query:expr, affected, $executor:expr) => {
        async { $query.execute($executor).await.map(|done| done.rows_affected()) }
    };
}

/// Behind a pooler in transaction mode, the next statement may use another connection. So a statement is prepared and
/// run in one transaction, and without a name, which another client may have used on that connection.
///
/// A server that does not answer within `$patience` is given up (S43). The write may have happened all the same; it is
/// not acknowledged.
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ($query:expr, $rows:ident, $pool:expr, $pooler:expr, $patience:expr) => {
        async {
            let mut checkout = $crate::db::Checkout::from($pool).await?;
            let (connection, close) = checkout.parts();
            if !$pooler {
                let rows = $crate::db::query::rows!($query, $rows, connection);
                let result = tokio::time::timeout($patience, rows).await;
                return checkout.settle(result);
            }
            let query = $query.persistent(false);
            let transaction = async {
                // sqlx does not end a transaction that is cancelled while it begins (T1).
                *close = true;
                let mut transaction = sqlx::Connection::begin(connection).await?;
                *close = false;
                let rows = $crate::db::query::rows!(query, $rows, &mut *transaction).await?;
                transaction.commit().await?;
                Ok(rows)
            };
            let result = tokio::time::timeout($patience, transaction).await;
            checkout.settle(result)
        }
    };
}

/// Those of all `rows` that are asked for.
macro_rules! found {
    ($found:expr, optional) => {
        $crate::db::query::first($found)
    };
    ($found:expr, all) => {
        $found
    };
}

#[doc(inline)]
pub use {__execute as execute, __execute_now as execute_now, __fetch as fetch};
#[doc(hidden)]
pub use {__postgres as postgres, __prepare as prepare, __rows as rows};
pub(crate) use {found, read};

/// The first row.
#[doc(hidden)]
pub fn first<T>(rows: Vec<T>) -> Option<T> {
    rows.into_iter().next()
}

/// Begins a transaction in a task, so that a request that is cancelled leaves no open transaction in the pool (T1).
///
/// # Errors
/// If no connection can be had.
#[doc(hidden)]
pub async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// Waits for the task of a write. An error that is not a refusal by a constraint means that the write is lost, so it is
/// logged.
///
/// # Errors
/// Those of the statement.
#[doc(hidden)]
pub async fn join_write<T>(
    probe: &Probe,
    written: &Notify,
    statement: &'static str,
    task: JoinHandle<sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let result = task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
    written.notify_one();
    if let Err(error) = &result
        && !is_refusal(error)
    {
        tracing::error!(event = "write_failed", statement = name(statement), %error);
        probe.suspect();
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
