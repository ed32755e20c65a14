//! What `vestibule doctor` asks a database. Nothing is changed: no migration runs.

use std::{fs, path::PathBuf, str::FromStr};

use sqlx::{
    ConnectOptions, Connection, PgConnection, SqliteConnection, migrate::Migrator, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use time::{Duration, OffsetDateTime};

use super::{
    OpenError,
    file::{self, with_end},
    limit::within,
    migrations,
    open::HINT,
    pooler,
};
use crate::settings::without_credentials as shown;

/// What a database says of itself.
#[derive(Debug)]
pub struct Diagnosis {
    /// The program and its version, such as `SQLite 3.46.0`.
    pub program: String,
    /// How many migrations of this binary have not run.
    pub pending: usize,
    /// A migration that has run and that this binary does not have.
    pub unknown: Option<i64>,
    /// Why a write cannot begin.
    pub refuses_writes: Option<String>,
    /// The size of the database in bytes.
    pub bytes: u64,
    /// What only one of the two kinds of database has.
    pub more: More,
}

/// What only one kind of database has.
#[derive(Debug)]
pub enum More {
    /// SQLite.
    File {
        /// The database file.
        path: PathBuf,
        /// The size of the write-ahead log in bytes.
        log: u64,
    },
    /// PostgreSQL.
    Server {
        /// How far its clock is ahead of this machine's.
        ahead: Duration,
        /// How many connections the server has, and how many it allows.
        connections: (i64, i64),
        /// Whether the user may do everything in every database of the server.
        superuser: bool,
        /// Whether the user may create tables, which migrations need.
        may_create: bool,
    },
}

/// Asks the database at `url`, without changing it.
///
/// # Errors
/// [`OpenError`], one line for the operator.
pub async fn diagnose(url: &str) -> Result<Diagnosis, OpenError> {
    let (plain, _) = pooler::asked_for(url);
    let found = match plain.split_once(':') {
        Some(("sqlite", _)) => sqlite(&plain).await,
        Some(("postgres" | "postgresql", _)) => postgres(&plain).await,
        _ => return Err(OpenError::UnknownKind(shown(url))),
    };
    let found = found.map_err(|source| {
        let hint = if plain.starts_with("sqlite:") { file::hint(&source) } else { HINT };
        OpenError::Connect { url: shown(url), source, hint }
    })?;
    found.ok_or_else(|| OpenError::Missing(shown(url)))
}

/// `None` if there is no file, or no server has run its migrations in it.
async fn sqlite(url: &str) -> sqlx::Result<Option<Diagnosis>> {
    let options = SqliteConnectOptions::from_str(url)?.create_if_missing(false);
    let path = options.get_filename().to_owned();
    if !path.exists() {
        return Ok(None);
    }
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let table = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let (tables,): (i64,) = sqlx::query_as(table).fetch_one(&mut connection).await?;
    if tables == 0 {
        return Ok(None);
    }
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let applied = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    let applied: Vec<(i64,)> = sqlx::query_as(applied).fetch_all(&mut connection).await?;
    // Takes the lock of a writer, and gives it back.
    let begun = sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(&mut connection).await;
    let size = |path: PathBuf| fs::metadata(path).map_or(0, |found| found.len());
    let log = size(with_end(&path, "-wal"));
    let (pending, unknown) = compare(&migrations::SQLITE, &applied);
    connection.close().await?;
    Ok(Some(Diagnosis {
        program: format!("SQLite {version}"),
        pending,
        unknown,
        refuses_writes: begun.err().map(|error| error.to_string()),
        bytes: size(path.clone()),
        more: More::File { path, log },
    }))
}

/// What is asked of PostgreSQL: its version, the time in seconds since 1970, whether it is a standby, the most
/// connections and those that are open, the size of the database, and two rights.
type Answers = (String, f64, bool, i64, i64, i64, bool, bool);

/// `None` if no server has run its migrations there.
async fn postgres(url: &str) -> sqlx::Result<Option<Diagnosis>> {
    const QUESTIONS: &str = "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8,
            pg_is_in_recovery() OR current_setting('transaction_read_only')::bool,
            current_setting('max_connections')::int8, (SELECT count(*) FROM pg_stat_activity),
            pg_database_size(current_database()),
            coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false),
            coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";
    let options = pooler::options(PgConnectOptions::from_str(url)?).disable_statement_logging();
    let mut connection = within(PgConnection::connect_with(&options)).await?;
    // Behind a pooler in transaction mode, a named statement would stay on a connection of another client.
    let table = sqlx::query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").persistent(false);
    let (found,): (bool,) = within(table.fetch_one(&mut connection)).await?;
    if !found {
        return Ok(None);
    }
    let before = OffsetDateTime::now_utc();
    let answers = sqlx::query_as(QUESTIONS).persistent(false);
    let (version, seconds, read_only, most, open, bytes, superuser, may_create): Answers =
        within(answers.fetch_one(&mut connection)).await?;
    let took = OffsetDateTime::now_utc() - before;
    let applied = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    let applied = sqlx::query_as(applied).persistent(false);
    let applied: Vec<(i64,)> = within(applied.fetch_all(&mut connection)).await?;
    within(connection.close()).await?;
    let (pending, unknown) = compare(&migrations::POSTGRES, &applied);
    let theirs = OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(seconds);
    Ok(Some(Diagnosis {
        program: format!("PostgreSQL {version}"),
        pending,
        unknown,
        refuses_writes: read_only.then(|| "the server is a standby, or is set to be read-only".into()),
        bytes: u64::try_from(bytes).unwrap_or_default(),
        more: More::Server { ahead: theirs - (before + took / 2), connections: (open, most), superuser, may_create },
    }))
}

/// How many migrations of `ours` have not run, and the first that has run and is none of them.
fn compare(ours: &Migrator, applied: &[(i64,)]) -> (usize, Option<i64>) {
    let known = |version: i64| ours.iter().any(|migration| migration.version == version);
    let ran = |version: i64| applied.contains(&(version,));
    let pending = ours.iter().filter(|migration| !ran(migration.version)).count();
    (pending, applied.iter().map(|(version,)| *version).find(|version| !known(*version)))
}
