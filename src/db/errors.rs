//! The database's errors, and what they mean.

use sqlx::error::DatabaseError;

/// `read_only_sql_transaction`: PostgreSQL is a standby, or read-only by its configuration.
const READ_ONLY_TRANSACTION: &str = "25006";

/// Why the database could not be opened, in one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of another kind of database.
    #[error("DATABASE_URL must start with sqlite: or postgres:, not {0:?}")]
    UnknownKind(String),
    /// The file or the server cannot be reached, or is not a database.
    #[error("cannot open the database {url}: {source}. {hint}")]
    Connect {
        /// The URL without its password.
        url: String,
        /// The cause.
        source: sqlx::Error,
        /// What the operator should check.
        hint: &'static str,
    },
    /// SQLite's file cannot be read.
    #[error("cannot open the database {url}: {error}. {hint}")]
    File {
        /// The URL.
        url: String,
        /// The cause.
        error: String,
        /// What the operator should check.
        hint: &'static str,
    },
    /// No server has created a database there, and a command does not create one.
    #[error("there is no database of a server at {0}")]
    Missing(String),
    /// The URL leads to a pooler in transaction mode without saying so.
    #[error(
        "cannot use the database {url}: {source}. If it is behind a pooler such as PgBouncer in transaction mode, add \
         ?pgbouncer=true to the URL"
    )]
    Pooler {
        /// The URL without its password.
        url: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// PostgreSQL's role may not do what the server has to do.
    #[error(
        "the role in the URL lacks a right in the database {url}: {source}. It needs CONNECT on the database, USAGE and \
         CREATE on the schema, and has to own the tables: GRANT USAGE, CREATE ON SCHEMA public TO the role"
    )]
    Rights {
        /// The URL without its password.
        url: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// A newer version of this program has migrated the database.
    #[error(
        "the database {url} was written by a newer vestibule (migration {version} is unknown to this one). Run that \
         version or a later one, or restore a backup made before it"
    )]
    Newer {
        /// The URL without its password.
        url: String,
        /// The first migration that this version does not have.
        version: i64,
    },
    /// A migration failed. The database is as it was before that migration.
    #[error("cannot migrate the database {url}: {source}")]
    Migrate {
        /// The URL without its password.
        url: String,
        /// The cause.
        source: sqlx::migrate::MigrateError,
    },
}

/// A task of [`super::Db::run_to_completion`] panicked.
#[derive(Debug, thiserror::Error)]
#[error("a task panicked: {0}")]
pub struct TaskPanicked(pub(super) String);

/// Whether a unique constraint was violated.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.is_unique_violation())
}

/// Whether the database refused a write by a constraint (unique, foreign key), or a statement that returns one row
/// found none. The caller explains these.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::RowNotFound => true,
        sqlx::Error::Database(error) => error.is_unique_violation() || error.is_foreign_key_violation(),
        _ => false,
    }
}

/// Whether PostgreSQL refused a write since it accepts none.
pub(super) fn is_read_only(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some(READ_ONLY_TRANSACTION))
}

/// Whether another attempt may succeed: the database is locked, full, read-only, being moved, shutting down, out of connections or
/// out of time (S43, S85).
pub fn is_transient(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| may_pass(&code))
}

/// SQLite: <https://www.sqlite.org/rescode.html>. The primary code is the low byte of a number of at most four digits.
/// PostgreSQL: SQLSTATE, five characters of which the first two are the class
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn may_pass(code: &str) -> bool {
    /// Connection exceptions, transaction rollback, insufficient resources (the disk among them), object in use,
    /// operator intervention, system errors.
    const CLASSES: [&str; 6] = ["08", "40", "53", "55", "57", "58"];
    const IDLE_TRANSACTION_ENDED: &str = "25P03";

    if code.len() < 5 {
        const BUSY: u32 = 5;
        const LOCKED: u32 = 6;
        const NO_MEMORY: u32 = 7;
        const READ_ONLY: u32 = 8;
        const INTERRUPTED: u32 = 9;
        const IO_ERROR: u32 = 10;
        const FULL: u32 = 13;
        const CANNOT_OPEN: u32 = 14;
        const PROTOCOL: u32 = 15;
        const FILE_TOO_LARGE: u32 = 22;
        /// A trigger of ours refuses: the database is being moved ([`super::moving`]).
        const CONSTRAINT_TRIGGER: u32 = 1811;
        let Ok(code) = code.parse::<u32>() else { return false };
        if code == CONSTRAINT_TRIGGER {
            return true;
        }
        return matches!(
            code & 0xff,
            BUSY | LOCKED
                | NO_MEMORY
                | READ_ONLY
                | INTERRUPTED
                | IO_ERROR
                | FULL
                | CANNOT_OPEN
                | PROTOCOL
                | FILE_TOO_LARGE
        );
    }
    CLASSES.iter().any(|class| code.starts_with(class))
        || matches!(code, READ_ONLY_TRANSACTION | IDLE_TRANSACTION_ENDED)
}

#[cfg(test)]
mod tests {
    use super::may_pass;

    #[test]
    fn what_may_pass() {
        // SQLITE_BUSY, BUSY_SNAPSHOT, LOCKED, NOMEM, READONLY, READONLY_DBMOVED, INTERRUPT, IOERR_WRITE, IOERR_FSYNC,
        // FULL, CANTOPEN, PROTOCOL, NOLFS, CONSTRAINT_TRIGGER.
        for code in ["5", "517", "6", "7", "8", "1032", "9", "778", "1034", "13", "14", "15", "22", "1811"] {
            assert!(may_pass(code), "SQLite {code}");
        }
        // SQLITE_ERROR, CORRUPT, CONSTRAINT_UNIQUE, CONSTRAINT_FOREIGNKEY, MISMATCH, NOTADB, and no number.
        for code in ["1", "11", "2067", "787", "20", "26", "", "x"] {
            assert!(!may_pass(code), "SQLite {code}");
        }
        // connection_failure, serialization_failure, deadlock_detected, disk_full, too_many_connections,
        // configuration_limit, lock_not_available, query_canceled, admin_shutdown, cannot_connect_now, io_error,
        // read_only_sql_transaction.
        for code in [
            "08006", "08P01", "40001", "40P01", "53100", "53300", "53400", "55P03", "57014", "57P01", "57P03", "58030",
            "25006", "25P03",
        ] {
            assert!(may_pass(code), "PostgreSQL {code}");
        }
        // unique_violation, foreign_key_violation, undefined_table, syntax_error, in_failed_sql_transaction,
        // data_corrupted.
        for code in ["23505", "23503", "42P01", "42601", "25P02", "XX001", "00000"] {
            assert!(!may_pass(code), "PostgreSQL {code}");
        }
    }
}
