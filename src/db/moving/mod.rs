//! Moving everything that a database holds to another one, SQLite or PostgreSQL.
//!
//! The source takes no writes from the beginning of a move: triggers on its tables refuse them, whoever writes, and
//! stay there after it. Tables are copied one by one, each in one transaction of the target with a mark that it is
//! complete, so a move that was interrupted goes on with the next table. At the end every table is read again in both databases,
//! and the number and the SHA-256 of its rows must be the same. Which tables and columns there are is read from the two
//! databases: one that the other does not have, or a type that cannot be carried, and the move does not begin.

mod mark;
mod postgres;
mod schema;
mod sqlite;

use rusqlite::types::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::{
    mark::{DONE, FROM, TO},
    postgres::Postgres,
    schema::{Form, Found, Rows, Table},
    sqlite::Sqlite,
};
pub use mark::{Mark, refusal};

use super::backup::Place;
use crate::{settings::without_credentials as shown, text::hex::hex, timestamp::Timestamp};

/// How many rows a table has, and their SHA-256 in the order of the primary key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// The table.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// A database that is moved, or that it is moved to.
enum End {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Calls a method of either database; only PostgreSQL's are waited for.
macro_rules! either {
    ($end:expr, $method:ident ($($value:expr),*), $other:ident ($($of:expr),*)) => {
        match $end {
            End::Sqlite(end) => end.$method($($value),*),
            End::Postgres(end) => end.$other($($of),*).await,
        }
    };
    ($end:expr, $method:ident ($($value:expr),*)) => { either!($end, $method($($value),*), $method($($value),*)) };
}

impl End {
    async fn open(url: &str) -> Result<Self, String> {
        match Place::of(url)? {
            Place::File(file) => Sqlite::open(&file).map(Self::Sqlite),
            Place::Postgres(url) => Postgres::open(&url).await.map(Self::Postgres),
        }
    }

    async fn tables(&mut self) -> Result<Vec<Found>, String> {
        either!(self, tables())
    }

    async fn read(
        &mut self,
        table: &Table,
        form: impl Fn(usize) -> Form,
        each: impl AsyncFnMut(Rows) -> Result<(), String>,
    ) -> Result<(), String> {
        match self {
            Self::Sqlite(end) => end.read(table, form, each).await,
            Self::Postgres(end) => end.read(table, form, each).await,
        }
    }

    async fn summary(&mut self, table: &Table, form: impl Fn(usize) -> Form) -> Result<Summary, String> {
        let (mut rows, mut hash) = (0, Sha256::new());
        self.read(table, form, async |batch: Rows| {
            rows += batch.len() as u64;
            batch.iter().flatten().for_each(|value| add(&mut hash, value));
            Ok(())
        })
        .await?;
        let sha256 = hex(&hash.finalize());
        Ok(Summary { table: table.name.clone(), rows, sha256 })
    }

    async fn mark(&mut self, key: &str) -> Result<Option<Mark>, String> {
        let found = either!(self, get(key))?;
        found.map(|value| serde_json::from_str(&value)).transpose().map_err(|error| format!("{key}: {error}"))
    }

    /// Copies `table` from `source`, in one transaction.
    async fn copy(&mut self, source: &mut Self, table: &Table, now: Timestamp, said: &Said<'_>) -> Result<(), String> {
        either!(self, begin(), begin(table))?;
        let result = self.fill(source, table, now, said).await;
        if result.is_err() {
            match self {
                Self::Sqlite(end) => end.roll_back(),
                Self::Postgres(end) => end.roll_back().await,
            }
        }
        result.map_err(|error| format!("the table {} cannot be copied: {error}", table.name))
    }

    async fn fill(&mut self, source: &mut Self, table: &Table, now: Timestamp, said: &Said<'_>) -> Result<(), String> {
        let mut rows = 0;
        let form = |at: usize| table.columns[at].source;
        source
            .read(table, form, async |batch: Rows| {
                rows += batch.len() as u64;
                either!(&mut *self, insert(table, batch))?;
                said(&table.name, rows, false);
                Ok(())
            })
            .await?;
        said(&table.name, rows, true);
        either!(&mut *self, set(&format!("{DONE}{}", table.name), "", now))?;
        either!(self, commit(), commit(table))
    }
}

/// Adds a value to a checksum, so that no two rows are added in the same way.
fn add(hash: &mut Sha256, value: &Value) {
    let number = match value {
        Value::Integer(number) => number.to_be_bytes(),
        Value::Real(number) => number.to_be_bytes(),
        _ => [0; 8],
    };
    let (kind, bytes): (u8, &[u8]) = match value {
        Value::Null => (0, &[]),
        Value::Integer(_) => (1, &number),
        Value::Real(_) => (2, &number),
        Value::Text(text) => (3, text.as_bytes()),
        Value::Blob(bytes) => (4, bytes),
    };
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// Is told the table that is copied, how many rows are, and whether these are all.
pub type Said<'a> = dyn Fn(&str, u64, bool) + 'a;

/// What is found at the place to which a database is to be moved.
#[derive(Clone, Debug)]
pub enum Target {
    /// No tables of a server, or none with rows.
    Empty,
    /// A move that is not complete.
    Begun(Mark),
    /// These tables have rows.
    Full(Vec<String>),
}

/// What `target`, whose tables exist, has.
///
/// # Errors
/// One line for the operator.
pub async fn look(target: &str) -> Result<Target, String> {
    let mut end = End::open(target).await?;
    let tables = end.tables().await?;
    if has_marks(&tables)
        && let Some(mark) = end.mark(FROM).await?
    {
        return Ok(Target::Begun(mark));
    }
    let mut full = Vec::new();
    for Found { name, .. } in tables {
        if either!(&mut end, count(&name))? > 0 {
            full.push(name);
        }
    }
    Ok(if full.is_empty() { Target::Empty } else { Target::Full(full) })
}

/// Whether there is the table for marks, which the first versions did not have.
fn has_marks(tables: &[Found]) -> bool {
    tables.iter().any(|table| table.name == "server_info")
}

/// Why the database `url`, which may be of an earlier version, may not be changed, in one line: it was moved.
///
/// # Errors
/// One line for the operator.
pub async fn held(url: &str) -> Result<Option<String>, String> {
    let mut end = End::open(url).await?;
    if !has_marks(&end.tables().await?) {
        return Ok(None);
    }
    Ok(end.mark(TO).await?.map(|mark| mark.refusal(TO)))
}

/// How many rows each table of `source` has, and the move that it is the source of.
///
/// # Errors
/// One line for the operator.
pub async fn counts(source: &str) -> Result<(Vec<(String, i64)>, Option<Mark>), String> {
    let mut end = End::open(source).await?;
    if let Some(mark) = end.mark(FROM).await? {
        return Err(mark.refusal(FROM));
    }
    let mut counts = Vec::new();
    for Found { name, .. } in end.tables().await? {
        let count = either!(&mut end, count(&name))?;
        counts.push((name, count));
    }
    Ok((counts, end.mark(TO).await?))
}

/// Makes `source` refuse writes, and say that it is moved to `target`. Returns the mark, which is the one of before if
/// the move goes on.
///
/// # Errors
/// One line for the operator. Then nothing was changed.
pub async fn hold(source: &str, target: &str, entry: Option<Uuid>, now: Timestamp) -> Result<Mark, String> {
    let mut end = End::open(source).await?;
    if let Some(mark) = end.mark(TO).await? {
        return Ok(mark);
    }
    let tables = end.tables().await?;
    let mark = Mark { id: Uuid::now_v7(), other: shown(target), at: now, complete: false, entry };
    either!(&mut end, hold(&tables, TO, &written(&mark)?, now))?;
    Ok(mark)
}

/// Lets `source` take writes again. Returns the move that it was the source of.
///
/// # Errors
/// One line for the operator.
pub async fn release(source: &str) -> Result<Option<Mark>, String> {
    let mut end = End::open(source).await?;
    let mark = end.mark(TO).await?;
    if mark.is_some() {
        either!(&mut end, release())?;
    }
    Ok(mark)
}

fn written(mark: &Mark) -> Result<String, String> {
    serde_json::to_string(mark).map_err(|error| error.to_string())
}

/// Deletes everything from `target`, which a move has begun to fill.
///
/// # Errors
/// One line for the operator.
pub async fn empty(target: &str) -> Result<(), String> {
    let mut end = End::open(target).await?;
    let tables = end.tables().await?;
    either!(&mut end, empty(&tables))
}

/// Whether everything in `source` has its place in `target`, whose tables exist.
///
/// # Errors
/// What has none, in one line.
pub async fn fits(source: &str, target: &str) -> Result<(), String> {
    let (mut from, mut to) = (End::open(source).await?, End::open(target).await?);
    schema::pair(&from.tables().await?, &to.tables().await?).map(drop)
}

/// Copies what is not copied yet from `source`, which is held, to `target`, whose tables exist. Then compares all
/// tables, and lets a server start on `target`.
///
/// # Errors
/// One line for the operator. The source is held still, and no server starts on the target.
pub async fn run(
    (source, target): (&str, &str),
    mark: &Mark,
    now: Timestamp,
    said: &Said<'_>,
) -> Result<Vec<Summary>, String> {
    let (mut from, mut to) = (End::open(source).await?, End::open(target).await?);
    let tables = schema::pair(&from.tables().await?, &to.tables().await?)?;
    if to.mark(FROM).await?.is_none() {
        let mark = written(&Mark { other: shown(source), ..mark.clone() })?;
        either!(&mut to, set(FROM, &mark, now))?;
    }
    for table in &tables {
        if either!(&mut to, get(&format!("{DONE}{}", table.name)))?.is_none() {
            to.copy(&mut from, table, now, said).await?;
        }
    }
    let summaries = compared(&mut from, &mut to, &tables).await?;
    either!(&mut to, check(), check(&tables))?;
    either!(&mut from, set(TO, &written(&Mark { complete: true, ..mark.clone() })?, now))?;
    either!(&mut to, unset_all())?;
    Ok(summaries)
}

async fn compared(from: &mut End, to: &mut End, tables: &[Table]) -> Result<Vec<Summary>, String> {
    let (mut summaries, mut different) = (Vec::new(), Vec::new());
    for table in tables {
        let before = from.summary(table, |at| table.columns[at].source).await?;
        let after = to.summary(table, |at| table.columns[at].target).await?;
        if before != after {
            different.push(format!("{} ({} rows became {})", table.name, before.rows, after.rows));
        }
        summaries.push(before);
    }
    if different.is_empty() {
        return Ok(summaries);
    }
    Err(format!("the rows of these tables are not the same in both databases: {}", different.join(", ")))
}
