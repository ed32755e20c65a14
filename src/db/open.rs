//! Opening the database and bringing it up to date.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Executor, PgPool, Row,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio_util::task::TaskTracker;

use super::{
    Clock, Db, OpenError, Pools, file, migrations, pooler,
    search::{self, Search},
};

/// A request waits this long for a connection, then answers 503, well inside the ten seconds of S43.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// What to look at where PostgreSQL does not answer.
const HINT: &str = "Check that the server runs, and the host, the user, the password and the database in the URL";
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);
/// No statement of a search, each a small one, may take longer in PostgreSQL, whoever waits for it (S64).
const STATEMENT_TIMEOUT: &str = "2s";

impl Db {
    /// Opens `url` (`sqlite:…` or `postgres://…`), makes the SQLite file if there is none, and runs the migrations.
    ///
    /// # Errors
    /// One line for the operator, see [`OpenError`].
    pub async fn open(url: &str, clock: Clock) -> Result<Self, OpenError> {
        let (url, pooler) = &pooler::asked_for(url);
        let (pools, search) = if url.starts_with("sqlite:") {
            sqlite(url).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            postgres(url, *pooler).await?
        } else {
            return Err(OpenError::UnknownKind(shown(url)));
        };
        let writes = TaskTracker::new();
        // Waiting for a tracker ends only once it is closed, and a closed one takes tasks all the same.
        writes.close();
        let schema =
            schema(&pools).await.map_err(|source| OpenError::Connect { url: shown(url), source, hint: HINT })?;
        let (search, events, probe) = (Arc::new(Search::new(search, *pooler)), Arc::default(), Arc::default());
        Ok(Self { pools, search, clock, writes, events, probe, pooler: *pooler, schema })
    }
}

/// What everything runs on, and what searches do.
async fn sqlite(url: &str) -> Result<(Pools, Pools), OpenError> {
    const HINT: &str = "The folder must exist and be writable, and the file must be a SQLite database";
    let failed = |source| OpenError::Connect { url: shown(url), source, hint: HINT };

    let options = SqliteConnectOptions::from_str(url)
        .map_err(failed)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: a write that was answered survives a power cut (S42).
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .optimize_on_close(true, None);
    let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(None).max_lifetime(None);

    file::outlive_limits();
    let (path, is_file) = (options.get_filename().to_owned(), !in_memory(url));
    if is_file && !url.contains("mode=ro") {
        file::make(&path);
    }
    let writer = pool().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
    migrations::sqlite().run(&writer).await.map_err(|error| refused(url, error))?;
    let reader = pool().max_connections(8).connect_with(options.clone().read_only(true)).await.map_err(failed)?;
    let searches = pool().max_connections(search::AT_ONCE).connect_with(options.read_only(true)).await;
    let search = Pools::Sqlite { reader: searches.map_err(failed)?, writer: writer.clone() };
    if is_file {
        file::close_to_others(&path);
    }
    Ok((Pools::Sqlite { reader, writer }, search))
}

fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

async fn postgres(url: &str, pooler: bool) -> Result<(Pools, Pools), OpenError> {
    let failed = |source| {
        if pooler::is_in_the_way(&source) {
            return OpenError::Pooler { url: shown(url), source };
        }
        OpenError::Connect { url: shown(url), source, hint: HINT }
    };

    let options = PgConnectOptions::from_str(url).map_err(failed)?;
    let options = if pooler { pooler::options(options) } else { options };
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await
        .map_err(failed)?;
    let migrated = if pooler { pooler::migrate(pool.clone()).await } else { migrations::postgres().run(&pool).await };
    migrated.map_err(|error| refused(url, error))?;
    let search = searches(options).await.map_err(failed)?;
    Ok((Pools::Postgres(pool), Pools::Postgres(search)))
}

async fn searches(options: PgConnectOptions) -> sqlx::Result<PgPool> {
    let pool = || PgPoolOptions::new().max_connections(search::AT_ONCE).acquire_timeout(ACQUIRE_TIMEOUT);
    let bounded = options.clone().options([("statement_timeout", STATEMENT_TIMEOUT)]);
    match pool().connect_with(bounded).await {
        // A pooler in between may not take it. Then the search's own time is the bound.
        Err(sqlx::Error::Database(error)) => {
            tracing::warn!(%error, "searches run without a statement_timeout");
            pool().connect_with(options).await
        }
        connected => connected,
    }
}

/// The schema the tables lie in: PostgreSQL's first of the role's `search_path`.
async fn schema(pools: &Pools) -> sqlx::Result<Option<String>> {
    let Pools::Postgres(pool) = pools else { return Ok(None) };
    // Without arguments it is not prepared, so it does behind a pooler as well.
    let mut rows = pool.fetch_all("SELECT current_schema()::text").await?;
    rows.pop().map_or(Ok(None), |row| row.try_get(0))
}

fn refused(url: &str, error: MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(version) => OpenError::Newer { url: shown(url), version },
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) if pooler::is_in_the_way(&source) => {
            OpenError::Pooler { url: shown(url), source }
        }
        source => OpenError::Migrate { url: shown(url), source },
    }
}

/// The URL without user, password and parameters.
pub(crate) fn shown(url: &str) -> String {
    let plain = url.split('?').next().unwrap_or_default();
    match (plain.split_once("://"), plain.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn shows_no_password() {
        assert_eq!(shown("postgres://me:s@cret@db/vestibule?sslmode=require"), "postgres://db/vestibule");
        assert_eq!(shown("sqlite:vestibule.db"), "sqlite:vestibule.db");
    }
}
