//! One statement for either database.

use sqlx::{PgPool, Postgres, Transaction};
use tokio::task::JoinHandle;

use super::{Db, is_refusal};

/// Reads: `fetch!(db, optional, "SELECT …", id, account)`; `one`, `optional` or `all` rows, into whatever type the
/// context asks for. A dropped request drops the query.
macro_rules! fetch {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        match &$db.pools {
            $crate::db::Pools::Sqlite { reader, .. } =>
                $crate::db::query::rows!(sqlx::query_as($sql)$(.bind($value))*, $rows, reader).await,
            $crate::db::Pools::Postgres(pool) => {
                let query = sqlx::query_as($sql)$(.bind($value))*;
                $crate::db::query::postgres!(query, $rows, pool, $db.pooler).await
            }
        }
    };
}

/// Writes: `execute!(db, one, "INSERT … RETURNING …", …)`; `affected` gives the number of rows touched.
///
/// The statement runs in a task of its own, so that a client that hangs up cannot leave it half done on a connection
/// that goes back to the pool (T1). One statement is one transaction. The values are moved into the task.
///
/// Every statement is stepped to its end, whatever it returns: SQLite commits in the last step, and a disk that is full
/// says so there (S85). What is lost is named in the log. A change waits where events of the activity pile up.
macro_rules! execute {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        match $db.events.room().await {
            Ok(()) => $crate::db::query::execute_now!($db, $rows, $sql $(, $value)*),
            Err(error) => Err(error),
        }
    };
}

/// [`execute!`] that waits for nothing: what writes the events themselves.
macro_rules! execute_now {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {{
        let statement: &'static str = $sql;
        let task = match $db.pools.clone() {
            $crate::db::Pools::Sqlite { writer, .. } => {
                let query = $crate::db::query::prepare!($rows, statement)$(.bind($value))*;
                $db.writes.spawn(async move { $crate::db::query::rows!(query, $rows, &writer).await })
            }
            $crate::db::Pools::Postgres(pool) => {
                let query = $crate::db::query::prepare!($rows, statement)$(.bind($value))*;
                let pooler = $db.pooler;
                $db.writes.spawn(async move { $crate::db::query::postgres!(query, $rows, &pool, pooler).await })
            }
        };
        $crate::db::query::join_write(&$db, statement, task).await
    }};
}

macro_rules! prepare {
    (affected, $sql:expr) => {
        sqlx::query($sql)
    };
    ($rows:ident, $sql:expr) => {
        sqlx::query_as($sql)
    };
}

/// `fetch_one` and `fetch_optional` would leave the statement at its first row.
macro_rules! rows {
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

/// Behind a pooler in transaction mode, the next statement may reach another server: what is prepared is prepared and run
/// in one transaction, under no name that another client may have given there.
macro_rules! postgres {
    ($query:expr, $rows:ident, $pool:expr, $pooler:expr) => {
        async {
            if !$pooler {
                return $crate::db::query::rows!($query, $rows, $pool).await;
            }
            let mut transaction = $crate::db::query::begin($pool).await?;
            let query = $query.persistent(false);
            let rows = $crate::db::query::rows!(query, $rows, &mut *transaction).await?;
            transaction.commit().await?;
            Ok(rows)
        }
    };
}

/// Reads a struct from a row of either database: the columns it names, by their names.
macro_rules! columns {
    ($row:ident { $($column:ident),+ $(,)? }) => {
        $crate::db::query::columns!(@ sqlx::sqlite::SqliteRow, $row, $($column),+);
        $crate::db::query::columns!(@ sqlx::postgres::PgRow, $row, $($column),+);
    };
    (@ $source:ty, $row:ident, $($column:ident),+) => {
        impl sqlx::FromRow<'_, $source> for $row {
            fn from_row(row: &$source) -> sqlx::Result<Self> {
                use sqlx::Row;
                Ok(Self { $($column: row.try_get(stringify!($column))?),+ })
            }
        }
    };
}

pub(crate) use {columns, execute, execute_now, fetch, postgres, prepare, rows};

pub(crate) fn first<T>(rows: Vec<T>) -> Option<T> {
    rows.into_iter().next()
}

/// Begins a transaction in a task: a request that is dropped meanwhile leaves none open in the pool (T1).
pub(crate) async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// The result of a write in its task. A task that died took no row with it. What the database refuses by its own rules is
/// the caller's to explain; anything else is a write that is lost.
pub(crate) async fn join_write<T>(
    db: &Db,
    statement: &'static str,
    task: JoinHandle<sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let result = task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
    if let Err(error) = &result
        && !is_refusal(error)
    {
        tracing::error!(event = "write_failed", statement = name(statement), %error);
        db.probe.suspect();
    }
    result
}

/// What a statement does, and to which table: enough for the log.
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
            ("INSERT INTO notes (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = $1", "INSERT notes"),
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
