//! Small SQLite writes that run on the thread of the request, and that need not outlive a loss of power.
//!
//! A write the usual way is sent to another thread, and waits until the disk has it. To store that something was used
//! within the last minutes, that costs many times what SQLite needs. Such a write is seen by every connection and every
//! process at once, as any other, and outlives a crash of the server. Only if the machine itself fails, the last ones may
//! be lost: they are on the disk with the next write of the usual way.
//!
//! It takes microseconds and never waits. If another connection writes, or the database fails, the statement runs again
//! the usual way, with its time limits and errors. The same if the disk is slow.

use std::{
    path::Path,
    sync::{Mutex, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, ToSql};

/// A write that takes longer than this holds up other requests.
const LONG: Duration = Duration::from_millis(5);
/// How long the statements run the usual way after that.
const PAUSE: Duration = Duration::from_secs(1);

/// The connection.
pub(super) struct DirectWriter(Mutex<State>);

struct State {
    /// `None` if it could not be opened, or is closed.
    connection: Option<Connection>,
    /// When it may be used again.
    paused_until: Option<Instant>,
}

impl DirectWriter {
    /// Opens the database in `file`. Without a connection, every statement runs the usual way.
    pub(super) fn open(file: &Path) -> Self {
        let connection = connect(file).inspect_err(|error| tracing::warn!(%error, "every write uses another thread"));
        Self(Mutex::new(State { connection: connection.ok(), paused_until: None }))
    }

    /// How many rows the statement has changed, or `None` if it has to run the usual way. `None` means that it has
    /// changed nothing.
    pub(super) fn affected(&self, sql: &str, values: &[&dyn ToSql]) -> Option<usize> {
        let mut state = match self.0.try_lock() {
            Ok(state) => state,
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        };
        let began = Instant::now();
        if state.paused_until.is_some_and(|until| began < until) {
            return None;
        }
        let connection = state.connection.as_ref()?;
        let changed = connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
        state.paused_until = (began.elapsed() > LONG).then(|| Instant::now() + PAUSE);
        changed.inspect_err(|error| tracing::debug!(%error, "the statement runs again")).ok()
    }

    /// Closes the connection.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).connection = None;
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    // Only one thread at a time has the connection.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    // In WAL mode, a commit does not wait for the disk. A checkpoint would: the usual writes make it.
    connection
        .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USE: &str = "INSERT INTO used (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";

    fn database() -> (tempfile::TempDir, Connection, DirectWriter) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("used.db");
        let other = Connection::open(&file).unwrap();
        let tables = "PRAGMA journal_mode = WAL; CREATE TABLE used (name TEXT PRIMARY KEY NOT NULL) STRICT;";
        other.execute_batch(tables).unwrap();
        let writer = DirectWriter::open(&file);
        (folder, other, writer)
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM used", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn of_two_connections_one_is_the_first() {
        let (folder, other, writer) = database();
        let second = DirectWriter::open(&folder.path().join("used.db"));
        assert_eq!(writer.affected(USE, &[&"a"]), Some(1));
        assert_eq!(count(&other), 1, "the others see it at once");
        assert_eq!(second.affected(USE, &[&"a"]), Some(0));
        assert_eq!(writer.affected(USE, &[&"a"]), Some(0));
        assert_eq!(other.execute(USE, ["b"]), Ok(1));
        assert_eq!(writer.affected(USE, &[&"b"]), Some(0));
    }

    #[test]
    fn what_cannot_be_done_at_once_runs_the_usual_way() {
        let (_folder, other, writer) = database();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(writer.affected(USE, &[&"a"]), None, "another writes");
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(writer.affected("INSERT INTO nothing VALUES ($1)", &[&"a"]), None);
        assert_eq!(writer.affected(USE, &[&None::<String>]), None, "it is refused");
        assert_eq!(count(&other), 0);
        {
            let _held = writer.0.lock().unwrap();
            assert_eq!(writer.affected(USE, &[&"a"]), None, "another thread has it");
        }
        assert_eq!(writer.affected(USE, &[&"a"]), Some(1));
        writer.0.lock().unwrap().paused_until = Some(Instant::now() + PAUSE);
        assert_eq!(writer.affected(USE, &[&"b"]), None, "the disk was slow");
        writer.close();
        assert_eq!(writer.affected(USE, &[&"c"]), None);
        assert_eq!(count(&other), 1);
    }
}
