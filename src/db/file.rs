//! SQLite's files: they are private to the server's own user (S74), one process at a time migrates them, and a limit on
//! their size fails a write instead of ending the server.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// Read and write for the owner only.
pub(super) const PRIVATE: u32 = 0o600;
/// The permissions of everyone else.
const OTHERS: u32 = 0o077;

/// The hint if SQLite cannot use a file.
const HINT: &str = "The folder must exist and be writable, and the file must be a SQLite database";
/// The hint if what is in the file is no database, or no longer a whole one.
pub(super) const BROKEN: &str =
    "The file must be a SQLite database, and whole: docs/backup.md says how to bring back a backup";

/// What to do about an `error` of SQLite.
pub(super) fn hint(error: &sqlx::Error) -> &'static str {
    if is_broken(error) { BROKEN } else { HINT }
}

/// Whether `error` is SQLite's for a file that is no database, or no longer a whole one
/// (<https://www.sqlite.org/rescode.html>).
pub(super) fn is_broken(error: &sqlx::Error) -> bool {
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    let sqlx::Error::Database(error) = error else { return false };
    // PostgreSQL's codes have five characters.
    let code = error.code().filter(|code| code.len() < 5).and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, CORRUPT | NOT_A_DATABASE))
}

/// Creates the file if it is missing. SQLite gives the write-ahead log and its index the same mode.
pub(super) fn make(file: &Path) {
    if let Err(error) = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(file)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        tracing::debug!(%error, "the database file could not be created");
    }
}

/// Waits until no other process migrates a database in the folder of `file`, and keeps others waiting until the result
/// is dropped. PostgreSQL's migrations have a lock; those of SQLite would meet, one transaction at a time.
///
/// The lock (`flock`) is on the folder: closing a second handle of the database itself would release SQLite's own locks.
/// `None` if the file system has no locks.
pub(super) async fn lock_folder(file: &Path) -> Option<File> {
    const PAUSE: Duration = Duration::from_millis(20);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder).ok()?;
    let mut waits = false;
    loop {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "the folder of the database cannot be locked");
                return None;
            }
        }
        if !std::mem::replace(&mut waits, true) {
            tracing::info!("waiting for another process that opens the database");
        }
        sleep(PAUSE).await;
    }
}

/// Makes the file, its log and its index private. Earlier versions let other users read them.
pub(super) fn close_to_others(file: &Path) {
    for path in ["", "-wal", "-shm"].map(|end| with_end(file, end)) {
        let Ok(found) = fs::metadata(&path) else { continue };
        let mode = found.permissions().mode();
        if !found.is_file() || mode & OTHERS == 0 {
            continue;
        }
        match fs::set_permissions(&path, Permissions::from_mode(mode & !OTHERS)) {
            Ok(()) => tracing::info!(path = %path.display(), "others could read this file, and no longer can"),
            Err(error) => tracing::warn!(path = %path.display(), %error, "others can read this file"),
        }
    }
}

pub(super) fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Makes a write past a limit on the size of files (`ulimit -f`) fail like one on a full disk. Without a handler, the
/// signal that comes with it ends the process.
pub(super) fn outlive_limits() {
    /// `SIGXFSZ`, on Linux and the BSDs alike.
    const FILE_SIZE_EXCEEDED: i32 = 25;
    if let Err(error) = signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED)) {
        tracing::warn!(%error, "a limit on the size of files would end the server");
    }
}
