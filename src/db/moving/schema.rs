//! The tables of a database as its own catalogue describes them, and how their columns are carried to another one.

use std::collections::{HashMap, HashSet};

use rusqlite::types::Value;

/// Rows that are carried together.
pub(super) const BATCH: usize = 500;

/// Rows of a table: the values of its columns, in their order.
pub(super) type Rows = Vec<Vec<Value>>;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Integer,
    Real,
    Text,
    Blob,
    Uuid,
    Boolean,
    Time,
    Unknown(String),
}

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub name: String,
    pub columns: Vec<(String, Type)>,
    /// The columns of the primary key, in its order.
    pub key: Vec<String>,
    /// The tables that rows of this one refer to.
    pub parents: Vec<String>,
}

/// How values travel: as SQLite's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    Integer,
    Real,
    Text,
    Blob,
}

/// How one database turns its column into the value that is carried, and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// As 16 bytes.
    Uuid,
    /// As 0 or 1.
    Boolean,
    /// As microseconds since 1970.
    Time,
    /// A time as text (RFC 3339), which is how SQLite has those of `tower_sessions`; as microseconds since 1970.
    WrittenTime,
}

/// A column, in both databases.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: String,
    pub carried: Carried,
    pub source: Form,
    pub target: Form,
}

/// A table that is moved.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub key: Vec<String>,
}

impl Type {
    fn carried(&self) -> Option<(Carried, Form)> {
        Some(match self {
            Self::Integer => (Carried::Integer, Form::Plain),
            Self::Real => (Carried::Real, Form::Plain),
            Self::Text => (Carried::Text, Form::Plain),
            Self::Blob => (Carried::Blob, Form::Plain),
            Self::Uuid => (Carried::Blob, Form::Uuid),
            Self::Boolean => (Carried::Integer, Form::Boolean),
            Self::Time => (Carried::Integer, Form::Time),
            Self::Unknown(_) => return None,
        })
    }
}

/// The tables of `target`, parents before children, each with the columns of `source` that go into it.
///
/// # Errors
/// What cannot be moved, in one line.
pub(super) fn pair(source: &[Found], target: &[Found]) -> Result<Vec<Table>, String> {
    let sources: HashMap<_, _> = source.iter().map(|table| (&*table.name, table)).collect();
    let targets: HashSet<_> = target.iter().map(|table| &*table.name).collect();
    let only: Vec<_> = sources.keys().filter(|name| !targets.contains(*name)).copied().collect();
    if !only.is_empty() {
        let only = sorted(only);
        return Err(format!(
            "the target has no tables for these of the source: {only}. Create them there, or drop them"
        ));
    }
    ordered(target)?
        .into_iter()
        .map(|table| {
            let name = &table.name;
            let from = sources.get(&**name).ok_or_else(|| format!("the source has no table {name}"))?;
            columns(from, table).map(|columns| Table { name: name.clone(), columns, key: table.key.clone() })
        })
        .collect()
}

fn sorted(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.join(", ")
}

fn columns(source: &Found, target: &Found) -> Result<Vec<Column>, String> {
    let name = &target.name;
    if target.key.is_empty() {
        return Err(format!("the table {name} has no primary key"));
    }
    let mut sources: HashMap<_, _> = source.columns.iter().map(|(name, of)| (&**name, of)).collect();
    let columns = target.columns.iter().map(|(column, to)| {
        let from = sources.remove(&**column).ok_or_else(|| format!("the source has no column {name}.{column}"))?;
        let (carried, source, target) = forms(from, to)
            .ok_or_else(|| format!("the column {name}.{column} cannot be moved from {from:?} to {to:?}"))?;
        Ok(Column { name: column.clone(), carried, source, target })
    });
    let columns = columns.collect::<Result<_, String>>()?;
    if sources.is_empty() {
        return Ok(columns);
    }
    let only = sorted(sources.into_keys().collect());
    Err(format!("the target has no columns for these of the table {name}: {only}"))
}

fn forms(from: &Type, to: &Type) -> Option<(Carried, Form, Form)> {
    match (from, to) {
        (Type::Text, Type::Time) => Some((Carried::Integer, Form::WrittenTime, Form::Time)),
        (Type::Time, Type::Text) => Some((Carried::Integer, Form::Time, Form::WrittenTime)),
        _ => {
            let ((carried, source), (other, target)) = (from.carried()?, to.carried()?);
            (carried == other).then_some((carried, source, target))
        }
    }
}

/// Parents before children.
fn ordered(tables: &[Found]) -> Result<Vec<&Found>, String> {
    let (mut order, mut done) = (Vec::new(), HashSet::new());
    while order.len() < tables.len() {
        let ready = |table: &&Found| {
            let waits = |parent: &&String| **parent != table.name && !done.contains(*parent);
            !done.contains(&table.name) && !table.parents.iter().any(|parent| waits(&parent))
        };
        let next: Vec<_> = tables.iter().filter(ready).collect();
        if next.is_empty() {
            return Err("the tables refer to each other in a circle".into());
        }
        done.extend(next.iter().map(|table| table.name.clone()));
        order.extend(next);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[(&str, Type)], parents: &[&str]) -> Found {
        Found {
            name: name.into(),
            columns: columns.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect(),
            key: vec![columns[0].0.into()],
            parents: parents.iter().map(|name| (*name).into()).collect(),
        }
    }

    fn refusal(source: &[Found], target: &[Found]) -> String {
        pair(source, target).map(drop).unwrap_err()
    }

    #[test]
    fn parents_come_first() {
        let of = |name, parents| table(name, &[("id", Type::Integer)], parents);
        let tables = [of("a", &["b", "a"]), of("b", &["c"]), of("c", &[])];
        let names: Vec<_> = pair(&tables, &tables).unwrap().into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["c", "b", "a"]);
        let circle = [of("a", &["b"]), of("b", &["a"])];
        assert!(refusal(&circle, &circle).contains("circle"));
    }

    #[test]
    fn nothing_is_forgotten() {
        let sqlite = [table("a", &[("id", Type::Blob), ("at", Type::Integer), ("ends", Type::Text)], &[])];
        let postgres = [table("a", &[("id", Type::Uuid), ("ends", Type::Time), ("at", Type::Time)], &[])];
        let columns = pair(&sqlite, &postgres).unwrap().remove(0).columns;
        let forms: Vec<_> = columns.iter().map(|column| (&*column.name, column.source, column.target)).collect();
        let written = ("ends", Form::WrittenTime, Form::Time);
        assert_eq!(forms, [("id", Form::Plain, Form::Uuid), written, ("at", Form::Plain, Form::Time)]);

        let more = [table("a", &[("id", Type::Blob)], &[]), table("b", &[("id", Type::Blob)], &[])];
        assert!(refusal(&more, &more[..1]).contains("no tables for these of the source: b"));
        assert!(refusal(&more[..1], &more).contains("no table b"));
        assert!(refusal(&sqlite, &more[..1]).contains("no columns for these of the table a: at, ends"));
        assert!(refusal(&more[..1], &sqlite).contains("no column a.at"));
        let odd = [table("a", &[("id", Type::Unknown("point".into()))], &[])];
        assert!(refusal(&more[..1], &odd).contains("cannot be moved from Blob to Unknown"));
    }
}
