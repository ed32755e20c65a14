//! What PostgreSQL's role may do, and whether its server is trusted.

use sqlx::{PgPool, migrate::MigrateError};

use super::migrations;

/// `insufficient_privilege`, and `invalid_schema_name`: none of the schemas of the `search_path` may be used.
const DENIED: [&str; 2] = ["42501", "3F000"];

/// Whether the role lacks a right.
pub(super) fn is_denied(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    error.code().is_some_and(|code| DENIED.contains(&&*code))
}

/// Whether the connection failed because of the server's certificate. rustls has an error of its own for it, of which
/// sqlx passes on the text.
pub(super) fn is_untrusted(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_)) && error.to_string().contains("peer certificate")
}

/// Whether the role may not migrate, and need not: it may only read and write rows, and another role has run every
/// migration of this version.
pub(super) async fn needs_none(pool: &PgPool, error: &MigrateError) -> bool {
    let (MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _)) = error else { return false };
    if !is_denied(source) {
        return false;
    }
    let query = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version");
    let applied: sqlx::Result<Vec<(i64, Vec<u8>)>> = query.persistent(false).fetch_all(pool).await;
    applied.is_ok_and(|applied| {
        let ours = migrations::POSTGRES.iter().map(|migration| (migration.version, migration.checksum.to_vec()));
        applied.into_iter().eq(ours)
    })
}
