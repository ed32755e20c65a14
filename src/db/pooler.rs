//! PostgreSQL behind a pooler in transaction mode, such as `PgBouncer`. Each transaction may run on another connection
//! to the server, so prepared statements and locks must not outlast it.

use std::pin::Pin;

use sqlx::{Executor, PgConnection, PgPool, migrate::MigrateError, postgres::PgConnectOptions};

use super::{migrations, query::begin};

/// The parameter of the URL that says so. Prisma has it under the same name.
const PARAMETER: &str = "pgbouncer=";

/// The URL without the parameter, and whether that is `true`.
pub(super) fn asked_for(url: &str) -> (String, bool) {
    let Some((place, parameters)) = url.split_once('?') else { return (url.to_owned(), false) };
    let (ours, others): (Vec<_>, Vec<_>) =
        parameters.split('&').partition(|parameter| parameter.starts_with(PARAMETER));
    let asked = ours.last().is_some_and(|parameter| parameter.ends_with("=true"));
    if others.is_empty() { (place.to_owned(), asked) } else { (format!("{place}?{}", others.join("&")), asked) }
}

/// The options that such a pooler accepts when a connection is opened.
pub(super) fn options(options: PgConnectOptions) -> PgConnectOptions {
    options.statement_cache_capacity(0).extra_float_digits(None)
}

/// Runs the migrations in one transaction, with the same advisory lock that sqlx otherwise holds for the whole
/// connection. So several instances may start at once, even if some of them do not use the pooler (S46, T21).
pub(super) fn migrate(pool: PgPool) -> Pin<Box<dyn Future<Output = Result<(), MigrateError>> + Send>> {
    Box::pin(async move {
        let mut transaction = begin(&pool).await?;
        run(&mut transaction).await?;
        Ok(transaction.commit().await?)
    })
}

/// The number of the lock that sqlx takes.
async fn lock_number(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let (name,): (String,) =
        sqlx::query_as("SELECT current_database()").persistent(false).fetch_one(connection).await?;
    Ok(0x3d32_ad9e * i64::from(crc32fast::hash(name.as_bytes())))
}

/// Takes that lock for the open transaction of `connection`, unless another connection has it.
pub(super) async fn try_lock(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let lock = lock_number(connection).await?;
    let query = sqlx::query_as("SELECT pg_try_advisory_xact_lock($1)").bind(lock).persistent(false);
    let (taken,): (bool,) = query.fetch_one(connection).await?;
    Ok(taken)
}

/// Runs the migrations in the open transaction of `connection`.
///
/// # Errors
/// Those of sqlx: [`MigrateError::VersionMissing`] if the database is of a newer version.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let migrator = &migrations::POSTGRES;
    let lock = lock_number(connection).await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock).persistent(false).execute(&mut *connection).await?;
    connection
        .execute(
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
                version BIGINT PRIMARY KEY,
                description TEXT NOT NULL,
                installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
                success BOOLEAN NOT NULL,
                checksum BYTEA NOT NULL,
                execution_time BIGINT NOT NULL)",
        )
        .await?;
    let applied: Vec<(i64, Vec<u8>, bool)> =
        sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")
            .persistent(false)
            .fetch_all(&mut *connection)
            .await?;
    for (version, checksum, success) in &applied {
        let known = migrator.iter().find(|migration| migration.version == *version);
        match known {
            None => return Err(MigrateError::VersionMissing(*version)),
            Some(_) if !success => return Err(MigrateError::Dirty(*version)),
            Some(known) if *known.checksum != **checksum => return Err(MigrateError::VersionMismatch(*version)),
            Some(_) => {}
        }
    }
    for migration in migrator.iter().filter(|migration| applied.iter().all(|(done, ..)| *done != migration.version)) {
        let done = connection.execute(&*migration.sql).await;
        done.map_err(|error| MigrateError::ExecuteMigration(error, migration.version))?;
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ($1, $2, TRUE, $3, 0)",
        )
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .persistent(false)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Whether this is an error of a client that does not know that it uses such a pooler: `duplicate_prepared_statement`,
/// `invalid_sql_statement_name`, or a startup parameter that the pooler refuses.
pub(super) fn is_in_the_way(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    matches!(error.code().as_deref(), Some("42P05" | "26000"))
        || error.message().contains("unsupported startup parameter")
}

#[cfg(test)]
mod tests {
    use super::asked_for;

    #[test]
    fn the_parameter_is_ours_alone() {
        for (url, rest, asked) in [
            ("postgres://db/x", "postgres://db/x", false),
            ("postgres://db/x?pgbouncer=true", "postgres://db/x", true),
            ("postgres://db/x?sslmode=require&pgbouncer=true&host=y", "postgres://db/x?sslmode=require&host=y", true),
            ("postgres://db/x?pgbouncer=false", "postgres://db/x", false),
            ("postgres://db/x?sslmode=require", "postgres://db/x?sslmode=require", false),
        ] {
            assert_eq!(asked_for(url), (rest.to_owned(), asked));
        }
    }
}
