//! One statement for either database.

/// Reads: `read!(db, optional, "SELECT …", id, account)`; `one`, `optional` or `all` rows, into whatever type the
/// context asks for. A dropped request drops the query.
macro_rules! read {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        match &$db.pools {
            $crate::db::Pools::Sqlite { reader, .. } =>
                $crate::db::query::fetch!(sqlx::query_as($sql)$(.bind($value))*, $rows, reader).await,
            $crate::db::Pools::Postgres(pool) =>
                $crate::db::query::fetch!(sqlx::query_as($sql)$(.bind($value))*, $rows, pool).await,
        }
    };
}

/// Writes: `change!(db, one, "INSERT … RETURNING …", …)`; `none` gives the number of rows touched.
///
/// The statement runs in a task of its own, so that a client that hangs up cannot leave it half done on a connection
/// that goes back to the pool (T1). One statement is one transaction. The values are moved into the task.
macro_rules! change {
    ($db:expr, $rows:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::db::query::to_the_end(match $db.pools.clone() {
            $crate::db::Pools::Sqlite { writer, .. } => {
                let query = $crate::db::query::prepare!($rows, $sql)$(.bind($value))*;
                $db.writes.spawn(async move { $crate::db::query::fetch!(query, $rows, &writer).await })
            }
            $crate::db::Pools::Postgres(pool) => {
                let query = $crate::db::query::prepare!($rows, $sql)$(.bind($value))*;
                $db.writes.spawn(async move { $crate::db::query::fetch!(query, $rows, &pool).await })
            }
        })
        .await
    };
}

macro_rules! prepare {
    (none, $sql:expr) => {
        sqlx::query($sql)
    };
    ($rows:ident, $sql:expr) => {
        sqlx::query_as($sql)
    };
}

macro_rules! fetch {
    ($query:expr, one, $pool:expr) => {
        $query.fetch_one($pool)
    };
    ($query:expr, optional, $pool:expr) => {
        $query.fetch_optional($pool)
    };
    ($query:expr, all, $pool:expr) => {
        $query.fetch_all($pool)
    };
    ($query:expr, none, $pool:expr) => {
        async { $query.execute($pool).await.map(|done| done.rows_affected()) }
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

pub(crate) use {change, columns, fetch, prepare, read};

/// The result of a write in its task. A task that died took no row with it.
pub(crate) async fn to_the_end<T>(task: tokio::task::JoinHandle<sqlx::Result<T>>) -> sqlx::Result<T> {
    task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
