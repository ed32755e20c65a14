//! SQLite statements that run on the thread of the request.
//!
//! sqlx gives each SQLite connection a thread, and sends it every statement and back every row. To look up one row by
//! its key, that costs many times what SQLite needs. So the statements that nearly every request runs are read with
//! [`read!`](super::read), on connections of their own that no other thread is needed for. A few small writes run there
//! too ([`super::direct_write`]): a connection that has written itself need not read its pages again.
//!
//! Such a read takes microseconds and never waits. If the database is locked or fails, the statement runs again the
//! usual way, with its time limits and errors. The same if the disk is slow: after several reads in a row that took
//! long, the others leave the thread free for a while.

use std::{
    fmt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, ToSql, types::FromSql};

/// The most connections. As many are used at once as the runtime has threads, and as many are opened if they are fewer.
const CONNECTIONS: usize = 8;
/// A read that takes longer than this holds up other requests.
const LONG: Duration = Duration::from_millis(10);
/// How many long reads in a row are the fault of the disk. A single one may have waited for the processor.
const SLOW: u32 = 3;
/// How long the statements run the usual way after that.
const PAUSE: Duration = Duration::from_secs(1);

/// A row as SQLite has it. [`direct_row!`](super::direct_row) implements it.
pub(crate) trait DirectRow: Sized {
    /// Reads the columns from `at` on, and moves it past them.
    ///
    /// # Errors
    /// If a column is missing or has another type.
    fn read(row: &rusqlite::Row<'_>, at: &mut usize) -> rusqlite::Result<Self>;
}

/// The connections.
pub(crate) struct Direct(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    /// Those that no statement uses. The one that was used last is taken first: it knows the most pages.
    idle: Vec<Connection>,
    /// How many reads were long since the last that was not.
    long: u32,
    /// When reads may use them again.
    paused_until: Option<Instant>,
    /// When writes may.
    pub(super) writes_paused_until: Option<Instant>,
    closed: bool,
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

impl Direct {
    /// Opens the database in `file`. Without a connection, every statement runs the usual way.
    pub(super) fn open(file: &Path) -> Self {
        let count = thread::available_parallelism().map_or(1, usize::from).min(CONNECTIONS);
        let opened: rusqlite::Result<Vec<_>> = (0..count).map(|_| connect(file)).collect();
        let idle = opened.unwrap_or_else(|error| {
            tracing::warn!(%error, "every statement uses a thread of its own");
            Vec::new()
        });
        Self(Mutex::new(State { idle, ..State::default() }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connections.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.idle.clear();
    }

    fn take(&self) -> Option<Connection> {
        self.state().take(|state| &mut state.paused_until)
    }

    fn put(&self, connection: Connection, took: Duration) {
        let mut state = self.state();
        state.long = if took > LONG { state.long + 1 } else { 0 };
        if state.long >= SLOW {
            state.long = 0;
            state.paused_until = Some(Instant::now() + PAUSE);
        }
        state.put(connection);
    }

    /// The rows of the statement, or `None` if it has to run the usual way.
    pub(crate) fn rows<T: DirectRow>(&self, sql: &str, values: &[&dyn ToSql]) -> Option<Vec<T>> {
        let connection = self.take()?;
        let began = Instant::now();
        let rows = rows(&connection, sql, values);
        self.put(connection, began.elapsed());
        rows.inspect_err(|error| tracing::debug!(%error, "the statement runs again")).ok()
    }
}

impl State {
    /// A connection, unless statements of a kind are paused.
    pub(super) fn take(&mut self, paused_until: fn(&mut Self) -> &mut Option<Instant>) -> Option<Connection> {
        let paused = paused_until(self);
        if paused.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        *paused = None;
        self.idle.pop()
    }

    pub(super) fn put(&mut self, connection: Connection) {
        if !self.closed {
            self.idle.push(connection);
        }
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    // Only one thread at a time has the connection.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    // In WAL mode, a commit does not wait for the disk then. A checkpoint would: the usual writes make it.
    connection
        .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;")?;
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

fn rows<T: DirectRow>(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    if !statement.readonly() {
        // A write is acknowledged only once the disk has it.
        return Err(rusqlite::Error::InvalidQuery);
    }
    let rows = statement.query_map(values, |row| T::read(row, &mut 0))?;
    rows.collect()
}

/// The column `name`, which is most likely the one at `at`.
pub(crate) fn column<T: FromSql>(row: &rusqlite::Row<'_>, at: &mut usize, name: &str) -> rusqlite::Result<T> {
    let likely = *at;
    *at += 1;
    if row.as_ref().column_name(likely).is_ok_and(|found| found == name) {
        return row.get(likely);
    }
    row.get(name)
}

/// Lets [`read!`](super::read) read a struct: `direct_row!(Note { id, title })`. The fields have the names of the
/// columns, and are found fastest in their order. A field after two dots is a row itself, whose columns come first.
macro_rules! direct_row {
    ($name:ident { $(..$inner:ident,)? $($field:ident),+ $(,)? }) => {
        impl $crate::db::DirectRow for $name {
            fn read(row: &rusqlite::Row<'_>, at: &mut usize) -> rusqlite::Result<Self> {
                Ok(Self {
                    $($inner: $crate::db::DirectRow::read(row, at)?,)?
                    $($field: $crate::db::column(row, at, stringify!($field))?,)+
                })
            }
        }
    };
}

pub(crate) use direct_row;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Clock, Db, Pools, read};

    #[derive(Debug, PartialEq, sqlx::FromRow)]
    struct Pair {
        name: String,
        number: i64,
    }
    direct_row!(Pair { name, number });

    #[derive(Debug, PartialEq)]
    struct Trio {
        pair: Pair,
        third: Option<bool>,
    }
    direct_row!(Trio { ..pair, third });

    const PAIRS: &str = "SELECT name, number FROM pairs ORDER BY number";

    fn database() -> (tempfile::TempDir, Connection, Direct) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pairs.db");
        let writer = Connection::open(&file).unwrap();
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE pairs (name TEXT NOT NULL, number INTEGER NOT NULL) STRICT;
                 INSERT INTO pairs VALUES ('a', 1), ('b', 2);",
            )
            .unwrap();
        let direct = Direct::open(&file);
        (folder, writer, direct)
    }

    fn pair(name: &str, number: i64) -> Pair {
        Pair { name: name.into(), number }
    }

    #[test]
    fn columns_are_found_by_name() {
        let (_folder, _writer, direct) = database();
        assert_eq!(direct.rows(PAIRS, &[]), Some(vec![pair("a", 1), pair("b", 2)]));
        let other_way = "SELECT number, name FROM pairs WHERE number = $1";
        assert_eq!(direct.rows(other_way, &[&2]), Some(vec![pair("b", 2)]));
        let three = "SELECT name, number, NULL AS third FROM pairs WHERE name = ?1";
        assert_eq!(direct.rows(three, &[&"a"]), Some(vec![Trio { pair: pair("a", 1), third: None }]));
    }

    #[tokio::test]
    async fn a_read_needs_no_thread_of_the_pool() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("own.db").display());
        let db = Db::open(&url, Clock::default()).await.unwrap();
        let Pools::Sqlite { reader, .. } = &db.pools else { panic!("SQLite") };
        let mut held = Vec::new();
        while held.len() < 8 {
            held.push(reader.acquire().await.unwrap());
        }
        let read = async || -> sqlx::Result<Option<Pair>> {
            read!(db, optional, "SELECT $1 AS name, $2 AS number", "a", 7_i64)
        };
        assert_eq!(read().await.unwrap(), Some(pair("a", 7)));
        // Closed, it is read by the pool, which is closed as well.
        drop(held);
        db.close().await;
        assert!(matches!(read().await, Err(sqlx::Error::PoolClosed)));
    }

    #[test]
    fn what_others_write_is_read_at_once() {
        let (_folder, writer, direct) = database();
        let read = || direct.rows::<Pair>(PAIRS, &[]).unwrap().len();
        assert_eq!(read(), 2);
        writer.execute("INSERT INTO pairs VALUES ('c', 3)", []).unwrap();
        assert_eq!(read(), 3);
        writer.execute("DELETE FROM pairs", []).unwrap();
        assert_eq!(read(), 0);
    }

    #[test]
    fn what_fails_runs_the_usual_way() {
        let (folder, writer, direct) = database();
        assert_eq!(direct.rows::<Pair>("SELECT name, number FROM nothing", &[]), None);
        assert_eq!(direct.rows::<Pair>("SELECT 7 AS name, number FROM pairs", &[]), None);
        assert_eq!(direct.rows::<Pair>("INSERT INTO pairs VALUES ('c', 3) RETURNING name, number", &[]), None);
        // Without the write-ahead log, whoever writes locks out those who read.
        direct.close();
        writer.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
        let direct = Direct::open(&folder.path().join("pairs.db"));
        writer.execute_batch("BEGIN EXCLUSIVE; DELETE FROM pairs").unwrap();
        assert_eq!(direct.rows::<Pair>(PAIRS, &[]), None, "it is locked");
        writer.execute_batch("ROLLBACK").unwrap();
        assert_eq!(direct.rows::<Pair>(PAIRS, &[]).map(|rows| rows.len()), Some(2));
        direct.close();
        assert_eq!(direct.rows::<Pair>(PAIRS, &[]), None);
    }

    #[test]
    fn after_long_reads_in_a_row_the_thread_stays_free() {
        let (_folder, _writer, direct) = database();
        let took = |time| {
            let connection = direct.take().unwrap();
            direct.put(connection, time);
        };
        for _ in 0..SLOW * 2 {
            took(LONG * 2);
            took(LONG / 2);
        }
        assert!(direct.rows::<Pair>(PAIRS, &[]).is_some(), "each for itself");
        (0..SLOW).for_each(|_| took(LONG * 2));
        assert_eq!(direct.rows::<Pair>(PAIRS, &[]), None);
        direct.state().paused_until = Some(Instant::now());
        assert!(direct.rows::<Pair>(PAIRS, &[]).is_some());
    }
}
