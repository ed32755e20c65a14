//! A SQLite file as an end of a move.

use std::path::Path;

use rusqlite::{
    Connection, OpenFlags, Row,
    config::DbConfig,
    params_from_iter,
    types::{Value, ValueRef},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    mark::{self, PREFIX},
    schema::{BATCH, Carried, Form, Found, Rows, Table, Type},
};
use crate::timestamp::Timestamp;

/// The triggers that refuse writes begin so.
const TRIGGER: &str = "moved_database_";
/// Without SQLite's own tables and sqlx's.
const TABLES: &str = "SELECT name FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlx_migrations' ORDER BY name";

/// A connection that no trigger and no foreign key hinders.
pub(super) struct Sqlite(Connection);

fn said(error: &rusqlite::Error) -> String {
    error.to_string()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Sqlite {
    pub(super) fn open(file: &Path) -> Result<Self, String> {
        let open = || {
            let connection =
                Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL")?;
            Ok(Self(connection))
        };
        open().map_err(|error: rusqlite::Error| format!("cannot open {}: {error}", file.display()))
    }

    pub(super) fn tables(&self) -> Result<Vec<Found>, String> {
        let names = self.texts(TABLES, []).map_err(|error| said(&error))?;
        names.into_iter().map(|name| self.table(name)).collect::<rusqlite::Result<_>>().map_err(|error| said(&error))
    }

    fn texts<const N: usize>(&self, sql: &str, values: [&str; N]) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.0.prepare(sql)?;
        statement.query_map(params_from_iter(values), |row| row.get(0))?.collect()
    }

    fn table(&self, name: String) -> rusqlite::Result<Found> {
        let mut statement = self.0.prepare("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid")?;
        let columns = statement.query_map([&name], |row| Ok((row.get(0)?, kind(row.get(1)?))))?;
        let columns = columns.collect::<rusqlite::Result<_>>()?;
        let key = self.texts("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", [&name])?;
        let parents = self.texts("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)", [&name])?;
        Ok(Found { name, columns, key, parents })
    }

    pub(super) fn count(&self, table: &str) -> Result<i64, String> {
        let sql = format!("SELECT count(*) FROM {}", quoted(table));
        self.0.query_row(&sql, [], |row| row.get(0)).map_err(|error| said(&error))
    }

    /// Gives the rows of `table` in the order of its key.
    pub(super) async fn read(
        &self,
        table: &Table,
        form: impl Fn(usize) -> Form,
        mut each: impl AsyncFnMut(Rows) -> Result<(), String>,
    ) -> Result<(), String> {
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
        let key: Vec<_> = table.key.iter().map(|name| quoted(name)).collect();
        let of_move = if table.name == "server_info" { mark::not_of_a_move() } else { String::new() };
        let sql =
            format!("SELECT {} FROM {} {of_move} ORDER BY {}", columns.join(", "), quoted(&table.name), key.join(", "));
        let mut statement = self.0.prepare(&sql).map_err(|error| said(&error))?;
        let mut rows = statement.query([]).map_err(|error| said(&error))?;
        let mut batch = Vec::new();
        while let Some(row) = rows.next().map_err(|error| said(&error))? {
            let values = (0..columns.len()).map(|at| value(row, at, table.columns[at].carried, form(at)));
            batch.push(values.collect::<Result<_, _>>().map_err(|error| format!("{}: {error}", table.name))?);
            if batch.len() == BATCH {
                each(std::mem::take(&mut batch)).await?;
            }
        }
        if batch.is_empty() { Ok(()) } else { each(batch).await }
    }

    pub(super) fn begin(&self) -> Result<(), String> {
        self.0.execute_batch("BEGIN IMMEDIATE").map_err(|error| said(&error))
    }

    pub(super) fn commit(&self) -> Result<(), String> {
        self.0.execute_batch("COMMIT").map_err(|error| said(&error))
    }

    pub(super) fn roll_back(&self) {
        // There is none if the transaction itself failed.
        let _ = self.0.execute_batch("ROLLBACK");
    }

    pub(super) fn insert(&self, table: &Table, rows: Rows) -> Result<(), String> {
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({places})", quoted(&table.name), columns.join(", "));
        let mut statement = self.0.prepare_cached(&sql).map_err(|error| said(&error))?;
        for row in rows {
            let values: Vec<_> =
                row.into_iter().zip(&table.columns).map(|(value, column)| stored(value, column.target)).collect();
            statement.execute(params_from_iter(values)).map_err(|error| said(&error))?;
        }
        Ok(())
    }

    pub(super) fn empty(&self, tables: &[Found]) -> Result<(), String> {
        let deletes: Vec<_> = tables.iter().map(|table| format!("DELETE FROM {};", quoted(&table.name))).collect();
        self.0.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT", deletes.concat())).map_err(|error| said(&error))
    }

    /// What is wrong with the rows together, and not of one table.
    pub(super) fn check(&self) -> Result<(), String> {
        let orphans = self.0.prepare("PRAGMA foreign_key_check").and_then(|mut check| check.exists([]));
        if orphans.map_err(|error| said(&error))? {
            return Err("rows refer to others that are missing".into());
        }
        self.0.execute_batch("PRAGMA optimize = 0x10002").map_err(|error| said(&error))
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<String>, String> {
        let found = self.texts("SELECT value FROM server_info WHERE key = ?1", [key]);
        found.map(|mut values| values.pop()).map_err(|error| said(&error))
    }

    pub(super) fn set(&self, key: &str, value: &str, now: Timestamp) -> Result<(), String> {
        let sql = "INSERT INTO server_info (key, value, updated_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.0.execute(sql, (key, value, now)).map(drop).map_err(|error| said(&error))
    }

    pub(super) fn unset_all(&self) -> Result<(), String> {
        let sql = "DELETE FROM server_info WHERE substr(key, 1, length(?1)) = ?1";
        self.0.execute(sql, [PREFIX]).map(drop).map_err(|error| said(&error))
    }

    /// Refuses every write of others, from now on until [`Sqlite::release`], and stores `mark` with that.
    pub(super) fn hold(&self, tables: &[Found], key: &str, mark: &str, now: Timestamp) -> Result<(), String> {
        self.begin()?;
        let work = || {
            for (at, table) in tables.iter().filter(|table| table.name != "server_info").enumerate() {
                for event in ["INSERT", "UPDATE", "DELETE"] {
                    let sql = format!(
                        "CREATE TRIGGER {TRIGGER}{at}_{event} BEFORE {event} ON {}
                         BEGIN SELECT RAISE(ABORT, 'the database is being moved, or was moved'); END",
                        quoted(&table.name)
                    );
                    self.0.execute_batch(&sql).map_err(|error| said(&error))?;
                }
            }
            self.set(key, mark, now)?;
            self.commit()
        };
        work().inspect_err(|_: &String| self.roll_back())
    }

    pub(super) fn release(&self) -> Result<(), String> {
        let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, length(?1)) = ?1";
        let triggers = self.texts(triggers, [TRIGGER]).map_err(|error| said(&error))?;
        self.begin()?;
        let drops: Vec<_> = triggers.iter().map(|name| format!("DROP TRIGGER {};", quoted(name))).collect();
        let work = || {
            self.0.execute_batch(&drops.concat()).map_err(|error| said(&error))?;
            self.unset_all()?;
            self.commit()
        };
        work().inspect_err(|_| self.roll_back())
    }
}

fn kind(declared: String) -> Type {
    match &*declared.to_ascii_uppercase() {
        "INTEGER" | "INT" | "BIGINT" => Type::Integer,
        "REAL" => Type::Real,
        "TEXT" => Type::Text,
        "BLOB" => Type::Blob,
        _ => Type::Unknown(declared),
    }
}

fn value(row: &Row<'_>, at: usize, carried: Carried, form: Form) -> Result<Value, String> {
    let found = row.get_ref(at).map_err(|error| said(&error))?;
    if found == ValueRef::Null {
        return Ok(Value::Null);
    }
    if form == Form::WrittenTime {
        let text = found.as_str().map_err(|error| error.to_string())?;
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| format!("{text:?} is not a time: {error}"))?;
        return i64::try_from(time.unix_timestamp_nanos() / 1_000)
            .map(Value::Integer)
            .map_err(|error| error.to_string());
    }
    match (found, carried) {
        (ValueRef::Integer(number), Carried::Integer) => Ok(Value::Integer(number)),
        (ValueRef::Real(number), Carried::Real) => Ok(Value::Real(number)),
        (ValueRef::Blob(bytes), Carried::Blob) => Ok(Value::Blob(bytes.to_vec())),
        (ValueRef::Text(text), Carried::Text) => {
            String::from_utf8(text.to_vec()).map(Value::Text).map_err(|_| "a text is not UTF-8".into())
        }
        _ => Err(format!("a value has the type {}", found.data_type())),
    }
}

fn stored(value: Value, form: Form) -> Value {
    let Value::Integer(microseconds) = value else { return value };
    if form != Form::WrittenTime {
        return value;
    }
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1_000);
    time.ok().and_then(|time| time.format(&Rfc3339).ok()).map_or(value, Value::Text)
}
