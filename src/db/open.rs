//! Opens the database and migrates it.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Executor, PgPool, Row,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio_util::task::TaskTracker;

use super::{
    Clock, Db, Direct, Inner, Kept, OpenError, Pools,
    checkout::pool_options,
    file, limit, migrations, pooler,
    pools::close,
    probe::Probe,
    rights,
    search::{self, Search},
    standby::Standby,
};
use crate::settings::without_credentials as shown;

/// How long a request waits for a connection before the answer is 503, well within the ten seconds of S43.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// The most connections to PostgreSQL where no setting says so.
const CONNECTIONS: u32 = 16;
/// The hint if PostgreSQL does not answer.
pub(super) const HINT: &str =
    "Check that the server runs, and the host, the user, the password and the database in the URL";
/// The hint if PostgreSQL's certificate is not accepted.
const TLS_HINT: &str = "Name a file with the certificate of its authority in the URL (sslrootcert=FILE), and the server \
                        by a name that its certificate has";
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);
/// PostgreSQL's limit for each statement of a server, such as one that waits for a lock (S43).
const SERVER_TIMEOUT: &str = "4s";
/// How long a server waits for the answer to a statement. Longer than PostgreSQL's own limit, after which a connection
/// can be used again.
const PATIENCE: Duration = Duration::from_millis(4500);
/// The same for an operator's command, which may change every row.
const LONG: Duration = Duration::from_secs(3600);
/// PostgreSQL's limit for each statement of a search, all of which are small (S64).
const STATEMENT_TIMEOUT: &str = "2s";

impl Db {
    /// Opens `url` (`sqlite:…` or `postgres://…`), creates the SQLite file if there is none, and runs the migrations.
    ///
    /// # Errors
    /// [`OpenError`], one line for the operator.
    pub async fn open(url: &str, clock: Clock) -> Result<Self, OpenError> {
        Self::open_with(url, clock, CONNECTIONS).await
    }

    /// The same with up to `connections` to PostgreSQL, besides those of searches.
    ///
    /// # Errors
    /// [`OpenError`], one line for the operator.
    pub async fn open_with(url: &str, clock: Clock, connections: u32) -> Result<Self, OpenError> {
        Self::open_for(url, clock, Use::Server(connections)).await
    }

    /// The same for `usage`.
    ///
    /// # Errors
    /// [`OpenError`], one line for the operator.
    pub(super) async fn open_for(url: &str, clock: Clock, usage: Use) -> Result<Self, OpenError> {
        let (url, pooler) = &pooler::asked_for(url);
        let probe: Arc<Probe> = Arc::default();
        let (pools, search, direct) = if url.starts_with("sqlite:") {
            sqlite(url, usage).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let (pools, search) = postgres(url, *pooler, usage, &probe.standby).await?;
            (pools, search, None)
        } else {
            return Err(OpenError::UnknownKind(shown(url)));
        };
        let writes = TaskTracker::new();
        // `wait` returns only if the tracker is closed. A closed tracker accepts tasks all the same.
        writes.close();
        let schema =
            schema(&pools).await.map_err(|source| OpenError::Connect { url: shown(url), source, hint: HINT })?;
        let patience = if usage == Use::Command { LONG } else { PATIENCE };
        let search = Arc::new(Search::new(search, *pooler, patience));
        Ok(Self(Arc::new(Inner {
            pools,
            direct,
            kept: Arc::new(Kept::of(usage.connections(), probe.standby.clone())),
            search,
            clock,
            writes,
            write_behind: Arc::default(),
            probe,
            written: Arc::default(),
            pooler: *pooler,
            patience,
            schema,
        })))
    }
}

/// Who uses the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A server, whose clients wait, with up to so many connections.
    Server(u32),
    /// An operator's command, whose statements may take long.
    Command,
    /// A command that looks whether all is well.
    Look,
}

impl Use {
    /// The most connections to PostgreSQL, besides those of searches.
    fn connections(self) -> u32 {
        match self {
            Self::Server(connections) => connections,
            Self::Command | Self::Look => CONNECTIONS,
        }
    }
}

/// The pools of all statements, those of searches, and the connections without a thread.
async fn sqlite(url: &str, usage: Use) -> Result<(Pools, Pools, Option<Arc<Direct>>), OpenError> {
    let failed = |source| {
        let hint = file::hint(&source);
        OpenError::Connect { url: shown(url), source, hint }
    };

    let options = SqliteConnectOptions::from_str(url)
        .map_err(failed)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: an acknowledged write survives a power failure (S42).
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    // A connection to a file does not break, so there is no need to test it before each statement.
    let pool = || {
        let pool = SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false);
        pool.idle_timeout(None).max_lifetime(None)
    };

    file::outlive_limits();
    let (path, is_file) = (options.get_filename().to_owned(), !in_memory(url));
    let lock = if is_file { file::lock_folder(&path).await } else { None };
    if is_file && !url.contains("mode=ro") {
        file::make(&path);
    }
    let writer = pool().max_connections(1).connect_with(options.clone()).await.map_err(failed)?;
    migrations::SQLITE.run(&writer).await.map_err(|error| refused(url, error))?;
    drop(lock);
    let reader = pool().max_connections(8).connect_with(options.clone().read_only(true)).await.map_err(failed)?;
    let searches = pool().max_connections(search::AT_ONCE).connect_with(options.read_only(true)).await;
    let search = Pools::Sqlite { reader: searches.map_err(failed)?, writer: writer.clone() };
    // Another virtual file system is known to sqlx alone.
    let direct = (is_file && !url.contains("vfs=")).then(|| Arc::new(Direct::open(&path)));
    if is_file && usage != Use::Look {
        file::close_to_others(&path);
    }
    Ok((Pools::Sqlite { reader, writer }, search, direct))
}

fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

async fn postgres(url: &str, pooler: bool, usage: Use, standby: &Arc<Standby>) -> Result<(Pools, Pools), OpenError> {
    let failed = |source| {
        if pooler::is_in_the_way(&source) {
            return OpenError::Pooler { url: shown(url), source };
        }
        if rights::is_denied(&source) {
            return OpenError::Rights { url: shown(url), source };
        }
        let hint = if rights::is_untrusted(&source) { TLS_HINT } else { HINT };
        OpenError::Connect { url: shown(url), source, hint }
    };

    let options = PgConnectOptions::from_str(url).map_err(failed)?;
    let options = if pooler { pooler::options(options) } else { options };
    // A migration may take long, so its connection has no limit.
    let single = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
    let migrating = match single.connect_with(options.clone()).await {
        Ok(pool) => pool,
        Err(error) => return Err(failed(limit::cause(&options, error).await)),
    };
    let migrated =
        if pooler { pooler::migrate(migrating.clone()).await } else { migrations::POSTGRES.run(&migrating).await };
    if let Err(error) = migrated
        && !rights::needs_none(&migrating, &error).await
    {
        return Err(refused(url, error));
    }
    close(&migrating).await;
    let tested = || pool_options(standby.clone()).acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = || tested().max_connections(usage.connections());
    let pool = match usage {
        Use::Server(_) | Use::Look => limited(pool, options.clone(), SERVER_TIMEOUT).await,
        Use::Command => pool().connect_with(options.clone()).await,
    };
    let searches = || tested().max_connections(search::AT_ONCE);
    let search = limited(searches, options, STATEMENT_TIMEOUT).await.map_err(failed)?;
    Ok((Pools::Postgres(pool.map_err(failed)?), Pools::Postgres(search)))
}

/// A pool whose statements PostgreSQL ends after `time`.
async fn limited(pool: impl Fn() -> PgPoolOptions, options: PgConnectOptions, time: &str) -> sqlx::Result<PgPool> {
    let bounded = options.clone().options([("statement_timeout", time)]);
    match pool().connect_with(bounded).await {
        // A pooler may refuse the parameter. Then only our own time limits apply.
        Err(sqlx::Error::Database(error)) => {
            tracing::warn!(%error, "statements run without a statement_timeout");
            pool().connect_with(options).await
        }
        connected => connected,
    }
}

/// PostgreSQL's schema that has the tables: the first one of the role's `search_path` that exists.
async fn schema(pools: &Pools) -> sqlx::Result<Option<String>> {
    let Pools::Postgres(pool) = pools else { return Ok(None) };
    // A query without arguments is not prepared, so it works behind a pooler as well.
    let mut rows = pool.fetch_all("SELECT current_schema()::text").await?;
    rows.pop().map_or(Ok(None), |row| row.try_get(0))
}

fn refused(url: &str, error: MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(version) => OpenError::Newer { url: shown(url), version },
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) if pooler::is_in_the_way(&source) => {
            OpenError::Pooler { url: shown(url), source }
        }
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) if rights::is_denied(&source) => {
            OpenError::Rights { url: shown(url), source }
        }
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) if file::is_broken(&source) => {
            OpenError::Connect { url: shown(url), source, hint: file::BROKEN }
        }
        source => OpenError::Migrate { url: shown(url), source },
    }
}
