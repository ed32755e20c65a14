//! What this version would do to a database, before it does it: the migrations that are not applied yet.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Serialize;
use sqlx::migrate::{MigrateError, Migration};

use super::{
    OpenError,
    backup::Place,
    dump, file,
    migrations::{POSTGRES, SQLITE},
};
use crate::settings::without_credentials as shown;

/// What this version would do to a database.
#[derive(Clone, Debug)]
pub enum Found {
    /// There is no database of a server.
    None,
    /// It would apply these migrations.
    Pending(Vec<Pending>),
}

/// A migration that is not applied yet.
#[derive(Clone, Debug, Serialize)]
pub struct Pending {
    /// Its number.
    pub version: i64,
    /// What it is for, in words.
    pub name: String,
    /// The tables that it creates or changes.
    pub tables: Vec<String>,
    /// The tables whose rows it writes, which takes longer the more there are.
    pub rewrites: Vec<String>,
}

/// A migration that was applied: its version, its checksum, and whether it was applied whole.
type Applied = (i64, Vec<u8>, bool);

/// What this version would do to the database at `url`, in which nothing is changed.
///
/// # Errors
/// [`OpenError`], one line for the operator: it cannot be opened, or is of a newer version.
pub async fn look(url: &str) -> Result<Found, OpenError> {
    let connect = |error: sqlx::Error| OpenError::Connect {
        url: shown(url),
        source: error,
        hint: "Check the URL, and that the database can be reached",
    };
    let failed = |error: String| OpenError::File { url: shown(url), error, hint: "Check the URL" };
    let place = Place::of(url).map_err(failed)?;
    let (migrator, applied) = match place {
        Place::File(file) if !file.exists() => return Ok(Found::None),
        Place::File(file) => {
            let read = dump::blocking(move || Ok(of_file(&file))).await.map_err(failed)?;
            (&SQLITE, read.map_err(|error| unreadable(url, &error))?)
        }
        Place::Postgres(url) => (&POSTGRES, of_server(&url).await.map_err(connect)?),
    };
    let Some(applied) = applied else { return Ok(Found::None) };
    let known: HashMap<_, _> = migrator.iter().map(|migration| (migration.version, migration)).collect();
    for (version, checksum, whole) in &applied {
        let migrate = |source| OpenError::Migrate { url: shown(url), source };
        match known.get(version) {
            None => return Err(OpenError::Newer { url: shown(url), version: *version }),
            Some(_) if !whole => return Err(migrate(MigrateError::Dirty(*version))),
            Some(known) if *known.checksum != **checksum => {
                return Err(migrate(MigrateError::VersionMismatch(*version)));
            }
            Some(_) => {}
        }
    }
    let is_pending = |migration: &&Migration| applied.iter().all(|(version, ..)| *version != migration.version);
    Ok(Found::Pending(migrator.iter().filter(is_pending).map(pending).collect()))
}

/// All migrations, which a new database at `url` needs.
pub fn all(url: &str) -> Vec<Pending> {
    let migrator = if url.starts_with("sqlite:") { &SQLITE } else { &POSTGRES };
    migrator.iter().map(pending).collect()
}

fn unreadable(url: &str, error: &rusqlite::Error) -> OpenError {
    let broken = matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
    let hint = if broken { file::BROKEN } else { "Check the URL, and that this user can read and write the file" };
    OpenError::File { url: shown(url), error: error.to_string(), hint }
}

fn of_file(file: &std::path::Path) -> rusqlite::Result<Option<Vec<Applied>>> {
    // SQLite may have to apply what is left in the write-ahead log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations'";
    if !connection.prepare(table)?.exists([])? {
        return Ok(None);
    }
    let mut statement = connection.prepare("SELECT version, checksum, success FROM _sqlx_migrations")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect::<rusqlite::Result<_>>().map(Some)
}

async fn of_server(url: &str) -> sqlx::Result<Option<Vec<Applied>>> {
    let mut connection = dump::connect(url).await?;
    let table = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").persistent(false);
    if !table.fetch_one(&mut connection).await? {
        return Ok(None);
    }
    let rows = sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations").persistent(false);
    rows.fetch_all(&mut connection).await.map(Some)
}

fn pending(migration: &Migration) -> Pending {
    let (tables, rewrites) = touched(&migration.sql);
    Pending { version: migration.version, name: migration.description.replace('_', " "), tables, rewrites }
}

/// The tables that `sql` creates or changes, and those whose rows it writes. The bodies of functions and triggers,
/// which run later, are left out.
fn touched(sql: &str) -> (Vec<String>, Vec<String>) {
    let code: String =
        sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    // What is between two `$$` is the body of a function.
    let code: String = code.split("$$").step_by(2).collect();
    let (mut tables, mut rewrites) = (BTreeSet::new(), BTreeSet::new());
    let mut in_trigger = false;
    for statement in code.split(';') {
        let words: Vec<_> = statement.split_whitespace().collect();
        let upper: Vec<_> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
        let name = |at: usize| words.get(at).map(|word| word.trim_matches('(').to_owned());
        let begins = |what: &[&str]| upper.len() > what.len() && what.iter().zip(&upper).all(|(a, b)| a == b);
        if in_trigger {
            in_trigger = !begins_with_end(&upper);
        } else if begins(&["CREATE", "TRIGGER"]) {
            // SQLite's goes on until END; PostgreSQL's is one statement.
            in_trigger = upper.iter().any(|word| word == "BEGIN");
        } else if begins(&["CREATE", "TABLE", "IF", "NOT", "EXISTS"]) {
            tables.extend(name(5));
        } else if begins(&["CREATE", "TABLE"]) {
            tables.extend(name(2));
        } else if begins(&["ALTER", "TABLE"]) {
            tables.extend(name(2));
            let rewritten = upper.windows(2).any(|pair| pair == ["DROP", "COLUMN"] || pair == ["SET", "DATA"]);
            rewrites.extend(name(2).filter(|_| rewritten || upper.iter().any(|word| word == "TYPE")));
        } else if begins(&["INSERT", "INTO"]) || begins(&["DELETE", "FROM"]) {
            rewrites.extend(name(2));
        } else if let Some(at) = upper.windows(3).position(|three| three[0] == "UPDATE" && three[2] == "SET")
            && !begins(&["CREATE"])
        {
            rewrites.extend(name(at + 1));
        }
    }
    (tables.into_iter().collect(), rewrites.into_iter().collect())
}

fn begins_with_end(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "END")
}

#[cfg(test)]
mod tests {
    use super::{POSTGRES, SQLITE, pending};

    fn of(migrator: &sqlx::migrate::Migrator, version: i64) -> (Vec<String>, Vec<String>) {
        let found = pending(migrator.iter().find(|migration| migration.version == version).unwrap());
        (found.tables, found.rewrites)
    }

    fn owned((tables, rewrites): (&[&str], &[&str])) -> (Vec<String>, Vec<String>) {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        (all(tables), all(rewrites))
    }

    #[test]
    fn what_a_migration_touches() {
        for migrator in [&SQLITE, &POSTGRES] {
            // The bodies of its triggers write to both tables, later.
            assert_eq!(of(migrator, 17), owned((&["accounts", "changes"], &[])));
            assert_eq!(of(migrator, 19), owned((&["passkey_challenges", "passkeys"], &[])));
            assert_eq!(of(migrator, 16), owned((&["tokens"], &["tokens"])));
            assert_eq!(of(migrator, 14), owned((&["tower_sessions"], &["tower_sessions"])));
        }
        for migration in SQLITE.iter().chain(POSTGRES.iter()) {
            let found = pending(migration);
            let text = [found.tables, found.rewrites].concat().concat();
            let index_alone = migration.sql.contains("CREATE INDEX") || migration.sql.contains("FUNCTION");
            assert!(index_alone || !text.is_empty(), "{}", migration.version);
            assert!(text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{text}");
        }
    }
}
