//! One server for each SQLite file: limits and caches are in a server's memory, and two would not know of each other's.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::sqlite::SqliteConnectOptions;
use tokio::time::{Instant, sleep};

use super::lock::{Lock, NoLock};

/// How often to look whether the other server has stopped.
const PAUSE: Duration = Duration::from_millis(100);

/// Locks the SQLite database at `url` for this process. A server that has it may be about to stop, so this waits for it
/// up to `patience`. `None` for PostgreSQL, and if the file system has no locks.
///
/// # Errors
/// If another server has it: one line for the operator.
pub(super) async fn take(url: &str, patience: Duration) -> Result<Option<Lock>, String> {
    let Some(file) = lock_file(url) else { return Ok(None) };
    let began = Instant::now();
    let mut waits = false;
    loop {
        let holder = match Lock::take(&file) {
            Ok(lock) => return Ok(Some(lock)),
            Err(NoLock::Held(holder)) => holder,
            Err(NoLock::Failed(error)) => {
                let file = file.display();
                tracing::warn!(%error, "{file} cannot be locked, so a second server on the database is not noticed");
                return Ok(None);
            }
        };
        let who = holder.map(|id| format!(" (process {id})")).unwrap_or_default();
        if began.elapsed() >= patience {
            return Err(format!(
                "another server{who} uses this SQLite database. One server at a time can; for several instances, use \
                 PostgreSQL"
            ));
        }
        if !std::mem::replace(&mut waits, true) {
            let seconds = patience.as_secs();
            tracing::info!("another server{who} uses the SQLite database; waiting up to {seconds} s for it to stop");
        }
        sleep(PAUSE).await;
    }
}

/// The file beside the database that is locked. Not the database itself: to close a second handle of it would release
/// SQLite's own locks.
fn lock_file(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok().filter(|_| url.starts_with("sqlite:"))?;
    let file = options.get_filename();
    // By its real name, so that a link to the file is the same database.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    Some(with_end(&file, "-server"))
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
