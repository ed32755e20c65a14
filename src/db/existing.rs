//! Opens the database of a server for the other commands. But for `migrate`, they never create one: run in another
//! folder, or without the server's environment, they would otherwise work on an empty database without notice.

use std::{fs, path::Path, str::FromStr};

use sqlx::{Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    Clock, Db, OpenError, file,
    limit::{is_silent, within},
    open::{HINT, Use},
};
use crate::settings::without_credentials as shown;

impl Db {
    /// Opens the database at `url` if a server has created it, and migrates it.
    ///
    /// # Errors
    /// [`OpenError::Missing`] if there is none, and nothing is created; the errors of [`Db::open`].
    pub async fn open_existing(url: &str, clock: Clock) -> Result<Self, OpenError> {
        Self::open_if_there(url, clock, Use::Command).await
    }

    /// The same to look at it: a file that others can read stays as it is, and statements have the time limits of a
    /// server.
    ///
    /// # Errors
    /// Those of [`Db::open_existing`].
    pub async fn open_to_look(url: &str, clock: Clock) -> Result<Self, OpenError> {
        Self::open_if_there(url, clock, Use::Look).await
    }

    async fn open_if_there(url: &str, clock: Clock, usage: Use) -> Result<Self, OpenError> {
        let found = match url.split_once(':') {
            Some(("sqlite", _)) => sqlite(url).await,
            Some(("postgres" | "postgresql", _)) => postgres(url).await,
            _ => Ok(true),
        };
        match found {
            Ok(false) => return Err(OpenError::Missing(shown(url))),
            Err(source) if is_silent(&source) => {
                return Err(OpenError::Connect { url: shown(url), source, hint: HINT });
            }
            // If the check itself failed otherwise, `open` has the better message.
            Ok(true) | Err(_) => {}
        }
        Self::open_for(url, clock, usage).await
    }
}

async fn sqlite(url: &str) -> sqlx::Result<bool> {
    let options = SqliteConnectOptions::from_str(url)?.create_if_missing(false);
    let file = options.get_filename();
    if !is_there(file) {
        return Ok(false);
    }
    // A server that is creating the database at this moment holds the lock from before there is a file.
    drop(file::lock_folder(file).await);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let tables = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let (tables,): (i64,) = sqlx::query_as(tables).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(tables > 0)
}

fn is_there(file: &Path) -> bool {
    fs::metadata(file).is_ok()
}

async fn postgres(url: &str) -> sqlx::Result<bool> {
    let mut connection = within(PgConnection::connect(url)).await?;
    // Behind a pooler in transaction mode, a named statement would stay on a connection of another client.
    let query = sqlx::query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").persistent(false);
    let (found,): (bool,) = within(query.fetch_one(&mut connection)).await?;
    within(connection.close()).await?;
    Ok(found)
}
