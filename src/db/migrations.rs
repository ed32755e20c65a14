//! The migrations, embedded in the binary: a file for each in `migrations/sqlite` and in `migrations/postgres`.

use sqlx::migrate::Migrator;

/// SQLite's. Each runs in a transaction of its own, and [`super::file::lock_folder`] is held while they run.
pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// PostgreSQL's. sqlx holds an advisory lock while they run, so several instances may start at once (S46, T21).
pub(super) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
