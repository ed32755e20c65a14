//! Small SQLite writes that run on the thread of the request, and that need not outlive a loss of power.
//!
//! A write the usual way is sent to another thread, and waits until the disk has it. To store that something was used
//! within the last minutes, that costs many times what SQLite needs. Such a write is seen by every connection and every
//! process at once, as any other, and outlives a crash of the server. Only if the machine itself fails, the last ones may
//! be lost: they are on the disk with the next write of the usual way.
//!
//! It takes microseconds and never waits. If another connection writes, or the database fails, the statement runs again
//! the usual way, with its time limits and errors. The same if the disk is slow.

use std::time::{Duration, Instant};

use rusqlite::ToSql;

use super::Direct;

/// A write that takes longer than this holds up other requests.
const LONG: Duration = Duration::from_millis(5);
/// How long the statements run the usual way after that.
const PAUSE: Duration = Duration::from_secs(1);

impl Direct {
    /// How many rows the statement has changed, or `None` if it has to run the usual way. `None` means that it has
    /// changed nothing.
    pub(crate) fn affected(&self, sql: &str, values: &[&dyn ToSql]) -> Option<usize> {
        let connection = self.state().take(|state| &mut state.writes_paused_until)?;
        let began = Instant::now();
        let changed = connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
        let is_long = began.elapsed() > LONG;
        let mut state = self.state();
        if is_long {
            state.writes_paused_until = Some(Instant::now() + PAUSE);
        }
        state.put(connection);
        changed.inspect_err(|error| tracing::debug!(%error, "the statement runs again")).ok()
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const USE: &str = "INSERT INTO used (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";

    fn database() -> (tempfile::TempDir, Connection, Direct) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("used.db");
        let other = Connection::open(&file).unwrap();
        let tables = "PRAGMA journal_mode = WAL; CREATE TABLE used (name TEXT PRIMARY KEY NOT NULL) STRICT;";
        other.execute_batch(tables).unwrap();
        let writer = Direct::open(&file);
        (folder, other, writer)
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM used", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn of_two_connections_one_is_the_first() {
        let (folder, other, writer) = database();
        let second = Direct::open(&folder.path().join("used.db"));
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
        assert_eq!(writer.affected(USE, &[&"a"]), Some(1));
        writer.state().writes_paused_until = Some(Instant::now() + PAUSE);
        assert_eq!(writer.affected(USE, &[&"b"]), None, "the disk was slow");
        writer.close();
        assert_eq!(writer.affected(USE, &[&"c"]), None);
        assert_eq!(count(&other), 1);
    }
}
