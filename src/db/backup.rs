//! Backups: one file with everything that the database holds, but for what mails say that wait to be sent.
//!
//! A backup is written to a temporary name, opened and checked, and then renamed: a file with its name is whole. It is
//! readable by the server's user only. SQLite writes it itself (`VACUUM INTO`), from one moment of the database, while
//! the server goes on; it has no trace of what was deleted. PostgreSQL's are made by `pg_dump` ([`super::dump`]).

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use sqlx::sqlite::SqliteConnectOptions;
use uuid::Uuid;

pub use super::dump::stamp;
use super::{
    dump::{self, blocking},
    file, migrations,
};
use crate::{settings::without_credentials as shown, timestamp::Timestamp};

/// The key in `server_info` by which a copy of a database knows that it is one.
pub const MARK: &str = "backup_of";
/// How long a backup waits for a writer.
const BUSY: Duration = Duration::from_secs(30);
/// What SQLite keeps beside a file. It is applied to whatever file has the name.
const LOGS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// How the names of the backups begin that the server makes by itself.
pub const PREFIX: &str = "vestibule-";
/// The form of a [`stamp`], with `0` for any digit.
const STAMP: &[u8] = b"00000000T000000000Z";

/// Whether `name` is one that the server gives to a backup that it makes by itself, of either database. Any other file
/// in the folder is somebody else's.
pub fn is_of_the_timer(name: &str) -> bool {
    let parts = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(stamp, ending)| {
        let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
        stamp.len() == STAMP.len() && stamp.bytes().zip(STAMP).all(fits) && ["db", "dump"].contains(&ending)
    })
}

/// What a backup is made of, or restored to.
#[derive(Clone, Debug)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// PostgreSQL's URL.
    Postgres(String),
}

impl Place {
    /// That of the database at `url`.
    ///
    /// # Errors
    /// One line for the operator.
    pub fn of(url: &str) -> Result<Self, String> {
        if !url.starts_with("sqlite:") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let options = SqliteConnectOptions::from_str(url).map_err(|error| format!("{}: {error}", shown(url)))?;
        Ok(Self::File(options.get_filename().to_owned()))
    }

    /// The extension of its backups.
    pub fn extension(&self) -> &'static str {
        match self {
            Self::File(_) => "db",
            Self::Postgres(_) => "dump",
        }
    }
}

/// Writes a backup of the database at `place` to `to`, which must not exist, and returns its size in bytes. `bin` is
/// the folder of PostgreSQL's programs, or empty.
///
/// # Errors
/// One line for the operator. Then there is no file.
pub async fn make(place: Place, to: PathBuf, bin: String, now: Timestamp) -> Result<u64, String> {
    blocking(move || {
        if to.exists() {
            return Err(format!("{} exists already; name another file", to.display()));
        }
        if let Some(log) = LOGS.map(|end| file::with_end(&to, end)).into_iter().find(|log| log.exists()) {
            let log = log.display();
            return Err(format!("{log} is there, which SQLite would apply to the backup; name another file"));
        }
        let temporary = beside(&to)?;
        let result = create(&temporary)
            .and_then(|()| match &place {
                Place::File(file) => copy(file, &temporary, now).map_err(|error| error.to_string()),
                Place::Postgres(url) => dump::make(url, &bin, &temporary),
            })
            .and_then(|()| verify_now(&place, &temporary, &bin))
            .and_then(|_| settle(&temporary, &to).map_err(|error| error.to_string()));
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result.map_err(|error| format!("no backup was made: {error}"))
    })
    .await
}

/// Checks that `file` is a whole backup for `place`, and not of a newer version.
///
/// # Errors
/// One line for the operator.
pub async fn verify(place: Place, file: PathBuf, bin: String) -> Result<(), String> {
    blocking(move || {
        let name = file.display();
        let applied = verify_now(&place, &file, &bin)
            .map_err(|error| format!("{name} is no backup that can be restored: {error}"))?;
        let migrator = match place {
            Place::File(_) => &migrations::SQLITE,
            Place::Postgres(_) => &migrations::POSTGRES,
        };
        match applied.into_iter().find(|version| !migrator.version_exists(*version)) {
            Some(version) => Err(format!("the backup {name} {}; nothing was changed", newer(version))),
            None => Ok(()),
        }
    })
    .await
}

/// What is said of a backup that has had the migration `version`, which this version does not know.
pub(super) fn newer(version: i64) -> String {
    format!(
        "was made by a newer vestibule (migration {version} is unknown to this one). Restore it with that version or a \
         later one"
    )
}

/// The versions of the migrations that a whole backup has had.
fn verify_now(place: &Place, file: &Path, bin: &str) -> Result<Vec<i64>, String> {
    match place {
        Place::File(_) => check(file).map_err(|error| error.to_string())?,
        Place::Postgres(_) => dump::verify(bin, file),
    }
}

/// A hidden name in the same folder.
fn beside(file: &Path) -> Result<PathBuf, String> {
    let name = file.file_name().ok_or_else(|| format!("{} is not the name of a file", file.display()))?;
    Ok(file.with_file_name(format!(".{}.{}", name.to_string_lossy(), Uuid::now_v7().simple())))
}

fn create(file: &Path) -> Result<(), String> {
    let made = OpenOptions::new().write(true).create_new(true).mode(file::PRIVATE).open(file);
    made.map(drop).map_err(|error| format!("cannot write to the folder of {}: {error}", file.display()))
}

/// Gives a complete file its name, and returns its size. Both are on the disk then.
fn settle(temporary: &Path, to: &Path) -> io::Result<u64> {
    let written = File::open(temporary)?;
    written.sync_all()?;
    fs::rename(temporary, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(written.metadata()?.len())
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

fn copy(file: &Path, copy: &Path, now: Timestamp) -> rusqlite::Result<()> {
    open(file)?.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    let copy = open(copy)?;
    let _: String = copy.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    // What mails say that wait is overwritten, not only marked as free: it may have links that open accounts.
    let _: i64 = copy.query_row("PRAGMA secure_delete = ON", [], |row| row.get(0))?;
    copy.execute("UPDATE outgoing_mails SET content = NULL WHERE content IS NOT NULL", [])?;
    copy.execute(
        "INSERT INTO server_info (key, value, updated_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        (MARK, now.to_string(), now),
    )?;
    Ok(())
}

/// The versions of the migrations that a SQLite file has had, or what is wrong with it.
fn check(file: &Path) -> rusqlite::Result<Result<Vec<i64>, String>> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Err(found));
    }
    if connection.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Ok(Err("rows refer to others that are missing".into()));
    }
    let mut statement = connection.prepare("SELECT version FROM _sqlx_migrations ORDER BY version")?;
    let versions = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    Ok(if versions.is_empty() { Err("it has no tables of a server".into()) } else { Ok(versions) })
}

/// Whether another process has the SQLite file `file` open: then the write-ahead log cannot be left.
///
/// # Errors
/// One line for the operator.
pub async fn is_in_use(file: PathBuf) -> Result<bool, String> {
    blocking(move || {
        let Ok(connection) = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE) else {
            return Ok(false);
        };
        connection.busy_timeout(Duration::ZERO).map_err(|error| error.to_string())?;
        let left: rusqlite::Result<String> = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0));
        let busy = |error: &rusqlite::Error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
        };
        // A file that is broken is nobody's.
        Ok(left.is_err_and(|error| busy(&error)))
    })
    .await
}

/// A private copy of the backup `file` beside the database `target`, under a hidden name. If the backup is a copy by
/// other means that has a write-ahead log, that is a part of it.
///
/// # Errors
/// One line for the operator.
pub async fn stage(file: PathBuf, target: PathBuf) -> Result<PathBuf, String> {
    blocking(move || {
        let staged = beside(&target)?;
        let log = (file::with_end(&file, "-wal"), file::with_end(&staged, "-wal"));
        let copied = copy_privately(&file, &staged)
            .and_then(|()| if log.0.exists() { copy_privately(&log.0, &log.1) } else { Ok(()) });
        if copied.is_err() {
            discard(&staged);
        }
        copied.map(|()| staged)
    })
    .await
}

/// Not with the mode of `from`, which others may be able to read.
fn copy_privately(from: &Path, to: &Path) -> Result<(), String> {
    create(to)?;
    let copied = || io::copy(&mut File::open(from)?, &mut OpenOptions::new().write(true).open(to)?);
    copied().map(drop).map_err(|error| format!("cannot copy {}: {error}", from.display()))
}

/// Deletes a copy that [`stage`] has made.
pub fn discard(staged: &Path) {
    let _ = fs::remove_file(staged);
    for end in LOGS {
        let _ = fs::remove_file(file::with_end(staged, end));
    }
}

/// Moves the write-ahead log of a database that nobody has open into its file, and deletes the log.
fn fold_log(file: &Path) -> rusqlite::Result<()> {
    open(file)?.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0)).map(drop)
}

/// Puts the database `staged` in the place of `target`. What was there is kept beside it; its name is returned, or that
/// of a log which was there alone.
///
/// # Errors
/// One line for the operator. Then `target` is as it was.
pub async fn replace(staged: PathBuf, target: PathBuf, now: Timestamp) -> Result<Option<PathBuf>, String> {
    blocking(move || {
        fold_log(&staged).map_err(|error| format!("{}: {error}", staged.display()))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let kept = target.with_file_name(format!("{name}.replaced-{}", stamp(now)));
        let moved = set_aside(&target, &kept)?;
        settle(&staged, &target).map_err(|error| {
            put_back(&moved);
            format!("{}: {error}", target.display())
        })?;
        Ok(moved.into_iter().next().map(|(_, kept)| kept))
    })
    .await
}

/// Renames `target` and the logs beside it, also if these are there alone: they must not be applied to another file.
/// Returns the former and the new names.
fn set_aside(target: &Path, kept: &Path) -> Result<Vec<(PathBuf, PathBuf)>, String> {
    let mut moved = Vec::new();
    for end in [""].into_iter().chain(LOGS) {
        let (from, to) = (file::with_end(target, end), file::with_end(kept, end));
        match fs::rename(&from, &to) {
            Ok(()) => moved.push((from, to)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                put_back(&moved);
                return Err(format!("{}: {error}", from.display()));
            }
        }
    }
    Ok(moved)
}

fn put_back(moved: &[(PathBuf, PathBuf)]) {
    for (from, to) in moved {
        let _ = fs::rename(to, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timers_backups_are_told_from_other_files() {
        let name = format!("{PREFIX}{}", stamp(Timestamp::new(time::OffsetDateTime::UNIX_EPOCH)));
        assert!(is_of_the_timer(&format!("{name}.db")) && is_of_the_timer(&format!("{name}.dump")), "{name}");
        for other in [
            format!("{name}.db.old"),
            format!("{name}.sql"),
            format!("{name}-kept.db"),
            name,
            "vestibule-before-the-move.db".into(),
            "vestibule-20260101.db".into(),
            "vestibule-2026010aT000000000Z.db".into(),
            "vestibule-20260101T0000000000.db".into(),
            "old-vestibule-20260101T000000000Z.db".into(),
        ] {
            assert!(!is_of_the_timer(&other), "{other}");
        }
    }

    #[test]
    fn logs_are_set_aside_also_if_they_are_alone() {
        for there in [&["", "-wal", "-shm"][..], &["-wal"], &["-journal"], &[]] {
            let folder = tempfile::tempdir().unwrap();
            let (target, kept) = (folder.path().join("a.db"), folder.path().join("a.db.replaced"));
            for end in there {
                fs::write(file::with_end(&target, end), end).unwrap();
            }
            let moved = set_aside(&target, &kept).unwrap();
            assert_eq!(moved.len(), there.len());
            for end in there {
                assert_eq!(fs::read_to_string(file::with_end(&kept, end)).unwrap(), *end);
                assert!(!file::with_end(&target, end).exists());
            }
            put_back(&moved);
            assert!(there.iter().all(|end| file::with_end(&target, end).exists()), "{there:?}");
        }
    }
}
