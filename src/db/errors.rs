//! What the database's errors mean.

use sqlx::error::DatabaseError;

/// Why the database could not be opened; one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database we know.
    #[error("DATABASE_URL must start with sqlite: or postgres:, not {0:?}")]
    UnknownKind(String),
    /// The file or the server is out of reach, or is not a database.
    #[error("cannot open the database {url}: {source}. {hint}")]
    Connect {
        /// Where, without its password.
        url: String,
        /// Why.
        source: sqlx::Error,
        /// What to look at.
        hint: &'static str,
    },
    /// No server has been here yet, and whoever asks does not make a database.
    #[error("there is no database of a server at {0}")]
    Missing(String),
    /// A newer version of this program has been here.
    #[error(
        "the database {url} was written by a newer vestibule (migration {version} is unknown to this one). Run that \
         version or a later one, or restore a backup made before it"
    )]
    Newer {
        /// Where, without its password.
        url: String,
        /// The first migration we do not know.
        version: i64,
    },
    /// A migration failed; the database is as it was before it.
    #[error("cannot bring the database {url} up to date: {source}")]
    Migrate {
        /// Where, without its password.
        url: String,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
}

/// Whether this is the refusal of a second row with the same unique value.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.is_unique_violation())
}

/// Whether another try may succeed: locked, full, shutting down, out of connections (S43).
///
/// SQLite: <https://www.sqlite.org/rescode.html>, the primary code in the low byte. PostgreSQL: the SQLSTATE classes.
pub fn is_transient(error: &dyn DatabaseError) -> bool {
    let Some(code) = error.code() else { return false };
    if let Ok(code) = code.parse::<u32>()
        && code.to_string().len() < 5
    {
        const BUSY: u32 = 5;
        const LOCKED: u32 = 6;
        const IO_ERROR: u32 = 10;
        const FULL: u32 = 13;
        const CANNOT_OPEN: u32 = 14;
        return matches!(code & 0xff, BUSY | LOCKED | IO_ERROR | FULL | CANNOT_OPEN);
    }
    ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
}
