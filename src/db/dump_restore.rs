//! Restores a backup of PostgreSQL, in one transaction: at every moment, the database is the former one, or the
//! restored one with the mark of a copy, on which no server starts before what must not come back has ended.
//!
//! `pg_restore` commits what it restores, so it only writes the script, which runs here.

use std::path::PathBuf;

use sqlx::{Connection, Executor, PgConnection, Row, migrate::MigrateError};
use tokio::sync::mpsc::{self, Receiver};

use super::{
    backup::{self, MARK},
    dump::{self, Found, REPLACED, blocking, quoted, stamp},
    pooler,
    script::Part,
};
use crate::timestamp::Timestamp;

/// How many parts of the script may wait for the database.
const WAITING: usize = 8;

/// Begins without time limits; those that the server does not know are left out.
const BEGIN: &str = "BEGIN; SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN
    ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

/// A database that is about to be replaced. A server or a command that starts meanwhile waits, since it begins with the
/// lock of migrations.
#[derive(Debug)]
pub struct Held {
    connection: PgConnection,
    url: String,
    found: Found,
}

impl Held {
    /// Holds the database at `url`. If others are connected ([`Held::found`]), it may be that one of them holds it.
    ///
    /// # Errors
    /// One line for the operator.
    pub async fn take(url: &str) -> Result<Self, String> {
        let work = async {
            let mut connection = dump::connect(url).await?;
            let found = begin(&mut connection).await?;
            Ok::<_, sqlx::Error>(Self { connection, url: url.to_owned(), found })
        };
        work.await.map_err(|error| dump::cannot_open(url, &error))
    }

    /// Looks again who else is connected.
    ///
    /// # Errors
    /// One line for the operator.
    pub async fn again(&mut self) -> Result<(), String> {
        let ended = self.connection.execute("ROLLBACK").await;
        ended.map_err(|error| dump::cannot_open(&self.url, &error))?;
        self.found = begin(&mut self.connection).await.map_err(|error| dump::cannot_open(&self.url, &error))?;
        Ok(())
    }

    /// What stands in the way of a restore.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Restores the backup `file`, brings it up to date, and marks it as a copy. Tables that are there are kept in
    /// another schema, whose name is returned.
    ///
    /// # Errors
    /// One line for the operator. Then the database is as it was.
    pub async fn restore(mut self, file: PathBuf, bin: String, now: Timestamp) -> Result<Option<String>, String> {
        let kept = self.found.tables.then(|| format!("{REPLACED}{}", stamp(now).to_lowercase()));
        let result = match fill(&mut self.connection, kept.as_deref(), file, bin).await {
            Err(error) => Err(format!("nothing was restored: {error}")),
            Ok(()) => {
                self.connection.execute("COMMIT").await.map(drop).map_err(|error| unknown(&error, kept.as_deref()))
            }
        };
        // This ends a transaction that was not committed.
        let _ = self.connection.close().await;
        result.map(|()| kept)
    }
}

/// The connection broke when the transaction was to be committed.
fn unknown(error: &sqlx::Error, kept: Option<&str>) -> String {
    let kept = kept.map(|schema| format!(", and what was there before is the schema {schema}")).unwrap_or_default();
    format!(
        "it is not known whether the backup was restored: {error}. If it was, no server starts until you run \
         `vestibule restored`{kept}"
    )
}

async fn begin(connection: &mut PgConnection) -> sqlx::Result<Found> {
    connection.execute(BEGIN).await?;
    let is_free = pooler::try_lock(connection).await?;
    let mut found = dump::seen(connection).await?;
    if !is_free {
        // Whoever has the lock may just have gone.
        found.others = found.others.max(1);
    }
    Ok(found)
}

/// Does all in the open transaction of `connection`. The tables that are there go to the schema `kept`.
async fn fill(connection: &mut PgConnection, kept: Option<&str>, file: PathBuf, bin: String) -> Result<(), String> {
    let why = |error: sqlx::Error| error.to_string();
    let place = "SELECT current_schema()::text, current_setting('search_path')";
    let row = connection.fetch_one(place).await.map_err(why)?;
    let schema: Option<String> = row.try_get(0).map_err(why)?;
    let path: String = row.try_get(1).map_err(why)?;
    if let (Some(schema), Some(kept)) = (schema, kept) {
        let moved = connection.execute(&*aside(&schema, kept)).await;
        moved.map_err(|error| format!("cannot move the tables aside: {error}"))?;
    }
    let (program, backup) = (bin.clone(), file.clone());
    let made_at = blocking(move || dump::made_at(&program, &backup)).await?;
    replay(connection, file, bin).await?;
    // The script has emptied it.
    let set = sqlx::query("SELECT set_config('search_path', $1, false)").bind(path).persistent(false);
    set.execute(&mut *connection).await.map_err(why)?;
    let query = sqlx::query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").persistent(false);
    let (there,): (bool,) = query.fetch_one(&mut *connection).await.map_err(why)?;
    if !there {
        return Err("the tables of the backup are in a schema that is not in the search_path of this user".into());
    }
    pooler::run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => format!("the backup {}", backup::newer(version)),
        error => error.to_string(),
    })?;
    let mark = sqlx::query(
        "INSERT INTO server_info (key, value, updated_at) VALUES ($1, $2, now())
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    );
    mark.bind(MARK).bind(made_at).persistent(false).execute(connection).await.map_err(why)?;
    Ok(())
}

/// A backup makes its schema, unless that is PostgreSQL's own.
fn aside(schema: &str, kept: &str) -> String {
    let anew = if schema == "public" { "; CREATE SCHEMA public" } else { "" };
    format!("ALTER SCHEMA {} RENAME TO {kept}{anew}", quoted(schema))
}

/// Runs the script of the backup `file`.
async fn replay(connection: &mut PgConnection, file: PathBuf, bin: String) -> Result<(), String> {
    let (sender, mut parts) = mpsc::channel(WAITING);
    let reading =
        tokio::task::spawn_blocking(move || dump::script(&bin, &file, |part| sender.blocking_send(part).is_ok()));
    let written = write(connection, &mut parts).await;
    // Then `pg_restore` ends, also if it has more to say.
    drop(parts);
    let read = reading.await.unwrap_or_else(|error| Err(error.to_string()));
    written.map_err(|error| error.to_string()).and(read)
}

async fn write(connection: &mut PgConnection, parts: &mut Receiver<Part>) -> sqlx::Result<()> {
    while let Some(part) = parts.recv().await {
        match part {
            Part::Sql(statements) => {
                connection.execute(&*statements).await?;
            }
            Part::Copy(statement) => {
                let mut copy = connection.copy_in_raw(&statement).await?;
                while let Some(Part::Rows(rows)) = parts.recv().await {
                    copy.send(rows).await?;
                }
                copy.finish().await?;
            }
            Part::Rows(_) | Part::End => {}
        }
    }
    Ok(())
}
