//! A PostgreSQL database as an end of a move.

use std::str::FromStr;

use rusqlite::types::Value;
use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgConnectOptions, postgres::PgRow};

use super::{
    mark::{self, PREFIX},
    schema::{BATCH, Carried, Column, Form, Found, Rows, Table, Type},
};
use crate::{
    db::{dump::quoted, pooler},
    settings::without_credentials as shown,
    timestamp::Timestamp,
};

/// The function that refuses writes, and its trigger on each table.
const REFUSE: &str = "moved_database";
/// Its SQLSTATE is `read_only_sql_transaction`, for which a server answers 503.
const FUNCTION: &str = "CREATE OR REPLACE FUNCTION moved_database() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the database is being moved, or was moved' USING ERRCODE = '25006'; END $$";
/// The tables of the schema that has the server's: names, columns, types, primary keys, tables that they refer to.
const TABLES: &str = "
    SELECT c.relname::text,
        ARRAY(SELECT a.attname::text FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
        ARRAY(SELECT format_type(a.atttypid, NULL) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
        ARRAY(SELECT a.attname::text FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
            WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place),
        ARRAY(SELECT DISTINCT p.relname::text FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
            WHERE f.conrelid = c.oid AND f.contype = 'f')
    FROM pg_class c
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
    ORDER BY 1";
/// The foreign keys of a table.
const FOREIGN_KEYS: &str =
    "SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass(quote_ident($1)) AND contype = 'f'";
/// The sequences that number the rows of a table, and their columns.
const SEQUENCES: &str = "
    SELECT pg_get_serial_sequence(quote_ident($1), a.attname::text), a.attname::text FROM pg_attribute a
    WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped
        AND pg_get_serial_sequence(quote_ident($1), a.attname::text) IS NOT NULL";

/// A connection.
pub(super) struct Postgres(PgConnection);

fn said(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        error => error.to_string(),
    }
}

type TableRow = (String, Vec<String>, Vec<String>, Vec<String>, Vec<String>);

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, String> {
        let (plain, behind_pooler) = pooler::asked_for(url);
        let work = async {
            let options = PgConnectOptions::from_str(&plain)?;
            let options = if behind_pooler { pooler::options(options) } else { options };
            PgConnection::connect_with(&options).await
        };
        work.await.map(Self).map_err(|error| format!("cannot open the database {}: {error}", shown(url)))
    }

    async fn run(&mut self, sql: &str) -> Result<(), String> {
        self.0.execute(sql).await.map(drop).map_err(said)
    }

    pub(super) async fn tables(&mut self) -> Result<Vec<Found>, String> {
        let query = sqlx::query_as(TABLES).persistent(false);
        let rows: Vec<TableRow> = query.fetch_all(&mut self.0).await.map_err(said)?;
        let found = rows.into_iter().map(|(name, columns, types, key, parents)| Found {
            name,
            columns: columns.into_iter().zip(types.into_iter().map(kind)).collect(),
            key,
            parents,
        });
        Ok(found.collect())
    }

    pub(super) async fn count(&mut self, table: &str) -> Result<i64, String> {
        let sql = format!("SELECT count(*) FROM {}", quoted(table));
        sqlx::query_scalar(&sql).persistent(false).fetch_one(&mut self.0).await.map_err(said)
    }

    /// Gives the rows of `table` in the order of its key.
    pub(super) async fn read(
        &mut self,
        table: &Table,
        form: impl Fn(usize) -> Form,
        mut each: impl AsyncFnMut(Rows) -> Result<(), String>,
    ) -> Result<(), String> {
        let columns: Vec<_> = table.columns.iter().enumerate().map(|(at, column)| read(column, form(at))).collect();
        let key: Vec<_> = table.key.iter().map(|name| in_bytewise_order(table, name)).collect();
        let of_move = if table.name == "server_info" { mark::not_of_a_move() } else { String::new() };
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        let cursor = format!(
            "DECLARE moved NO SCROLL CURSOR FOR SELECT {} FROM {} {of_move} ORDER BY {}",
            columns.join(", "),
            quoted(&table.name),
            key.join(", ")
        );
        let work = async {
            self.run(&cursor).await?;
            loop {
                let fetch = format!("FETCH {BATCH} FROM moved");
                let rows = sqlx::query(&fetch).persistent(false).fetch_all(&mut self.0).await.map_err(said)?;
                if rows.is_empty() {
                    return Ok::<_, String>(());
                }
                let rows = rows.iter().map(|row| values(row, table)).collect::<sqlx::Result<_>>();
                each(rows.map_err(said)?).await?;
            }
        };
        let result = work.await;
        self.run(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await.and(result)
    }

    /// Begins to write `table`, whose triggers do nothing and whose foreign keys are checked at the end.
    pub(super) async fn begin(&mut self, table: &Table) -> Result<(), String> {
        self.run("BEGIN").await?;
        let mut sql = format!("ALTER TABLE {} DISABLE TRIGGER USER;", quoted(&table.name));
        for key in self.foreign_keys(table).await? {
            sql += &alter(table, &key, "DEFERRABLE INITIALLY DEFERRED");
        }
        self.run(&sql).await
    }

    pub(super) async fn commit(&mut self, table: &Table) -> Result<(), String> {
        let mut sql = vec!["SET CONSTRAINTS ALL IMMEDIATE;".to_owned()];
        for key in self.foreign_keys(table).await? {
            sql.push(alter(table, &key, "NOT DEFERRABLE"));
        }
        let sequences = sqlx::query_as(SEQUENCES).bind(&table.name).persistent(false);
        let sequences: Vec<(String, String)> = sequences.fetch_all(&mut self.0).await.map_err(said)?;
        for (sequence, column) in sequences {
            let (sequence, column) = (sequence.replace('\'', "''"), quoted(&column));
            sql.push(format!(
                "SELECT setval('{sequence}', coalesce(max({column}), 1), max({column}) IS NOT NULL) FROM {};",
                quoted(&table.name)
            ));
        }
        sql.push(format!("ALTER TABLE {} ENABLE TRIGGER USER; COMMIT", quoted(&table.name)));
        self.run(&sql.concat()).await
    }

    pub(super) async fn roll_back(&mut self) {
        // The connection may be gone, and with it the transaction.
        let _ = self.run("ROLLBACK").await;
    }

    async fn foreign_keys(&mut self, table: &Table) -> Result<Vec<String>, String> {
        let query = sqlx::query_scalar(FOREIGN_KEYS).bind(&table.name).persistent(false);
        query.fetch_all(&mut self.0).await.map_err(said)
    }

    pub(super) async fn insert(&mut self, table: &Table, rows: Rows) -> Result<(), String> {
        let columns = &table.columns;
        let list = |each: &dyn Fn(usize, &Column) -> String| {
            columns.iter().enumerate().map(|(at, column)| each(at, column)).collect::<Vec<_>>().join(", ")
        };
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS r ({})",
            quoted(&table.name),
            list(&|_, column| quoted(&column.name)),
            list(&|at, column| written(at, column.target)),
            list(&|at, column| format!("${}::{}[]", at + 1, array(column.carried))),
            list(&|at, _| format!("c{at}")),
        );
        let mut by_column: Vec<Vec<Value>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            row.into_iter().zip(&mut by_column).for_each(|(value, column)| column.push(value));
        }
        let mut query = sqlx::query(&sql).persistent(false);
        for (values, column) in by_column.into_iter().zip(columns) {
            query = match column.carried {
                Carried::Integer => query.bind(taken(values, |value| match value {
                    Value::Integer(number) => Some(number),
                    _ => None,
                })),
                Carried::Real => query.bind(taken(values, |value| match value {
                    Value::Real(number) => Some(number),
                    _ => None,
                })),
                Carried::Text => query.bind(taken(values, |value| match value {
                    Value::Text(text) => Some(text),
                    _ => None,
                })),
                Carried::Blob => query.bind(taken(values, |value| match value {
                    Value::Blob(bytes) => Some(bytes),
                    _ => None,
                })),
            };
        }
        query.execute(&mut self.0).await.map(drop).map_err(said)
    }

    pub(super) async fn empty(&mut self, tables: &[Found]) -> Result<(), String> {
        let names: Vec<_> = tables.iter().map(|table| quoted(&table.name)).collect();
        self.run(&format!("TRUNCATE {}", names.join(", "))).await
    }

    /// Lets PostgreSQL know what is in the tables, so that the first requests have good plans.
    /// Not without naming them: PostgreSQL warns of each of its own tables that only a superuser can analyze.
    pub(super) async fn check(&mut self, tables: &[Table]) -> Result<(), String> {
        let names: Vec<_> = tables.iter().map(|table| quoted(&table.name)).collect();
        self.run(&format!("ANALYZE {}", names.join(", "))).await
    }

    pub(super) async fn get(&mut self, key: &str) -> Result<Option<String>, String> {
        let query = sqlx::query_scalar("SELECT value FROM server_info WHERE key = $1").bind(key).persistent(false);
        query.fetch_optional(&mut self.0).await.map_err(said)
    }

    pub(super) async fn set(&mut self, key: &str, value: &str, now: Timestamp) -> Result<(), String> {
        let sql = "INSERT INTO server_info (key, value, updated_at) VALUES ($1, $2, $3)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let query = sqlx::query(sql).bind(key).bind(value).bind(now).persistent(false);
        query.execute(&mut self.0).await.map(drop).map_err(said)
    }

    pub(super) async fn unset_all(&mut self) -> Result<(), String> {
        let query = sqlx::query("DELETE FROM server_info WHERE starts_with(key, $1)").bind(PREFIX).persistent(false);
        query.execute(&mut self.0).await.map(drop).map_err(said)
    }

    /// Refuses every write, from now on until [`Postgres::release`], and stores `mark` with that.
    pub(super) async fn hold(&mut self, tables: &[Found], key: &str, mark: &str, now: Timestamp) -> Result<(), String> {
        self.run("BEGIN").await?;
        let work = async {
            let mut sql = vec![format!("{FUNCTION};")];
            for table in tables.iter().filter(|table| table.name != "server_info") {
                sql.push(format!(
                    "CREATE TRIGGER {REFUSE} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}
                     FOR EACH STATEMENT EXECUTE FUNCTION {REFUSE}();",
                    quoted(&table.name)
                ));
            }
            self.run(&sql.concat()).await?;
            self.set(key, mark, now).await?;
            self.run("COMMIT").await
        };
        let result = work.await;
        if result.is_err() {
            self.roll_back().await;
        }
        result
    }

    pub(super) async fn release(&mut self) -> Result<(), String> {
        self.run(&format!(
            "BEGIN; DROP FUNCTION IF EXISTS {REFUSE}() CASCADE;
             DELETE FROM server_info WHERE starts_with(key, '{PREFIX}'); COMMIT"
        ))
        .await
    }
}

fn kind(name: String) -> Type {
    match &*name {
        "bigint" | "integer" | "smallint" => Type::Integer,
        "double precision" => Type::Real,
        "text" | "character varying" => Type::Text,
        "bytea" => Type::Blob,
        "uuid" => Type::Uuid,
        "boolean" => Type::Boolean,
        "timestamp with time zone" => Type::Time,
        _ => Type::Unknown(name),
    }
}

fn array(carried: Carried) -> &'static str {
    match carried {
        Carried::Integer => "int8",
        Carried::Real => "float8",
        Carried::Text => "text",
        Carried::Blob => "bytea",
    }
}

fn alter(table: &Table, key: &str, how: &str) -> String {
    format!("ALTER TABLE {} ALTER CONSTRAINT {} {how};", quoted(&table.name), quoted(key))
}

/// The order that SQLite has.
fn in_bytewise_order(table: &Table, name: &str) -> String {
    let text = table.columns.iter().any(|column| column.name == name && column.carried == Carried::Text);
    format!("{}{}", quoted(name), if text { " COLLATE \"C\"" } else { "" })
}

fn read(column: &Column, form: Form) -> String {
    let name = quoted(&column.name);
    match (form, column.carried) {
        (Form::Uuid, _) => format!("uuid_send({name})"),
        (Form::Boolean, _) => format!("{name}::int4::int8"),
        (Form::Time, _) => format!("(extract(epoch FROM {name}) * 1000000)::int8"),
        (Form::Plain | Form::WrittenTime, carried) => format!("{name}::{}", array(carried)),
    }
}

fn written(at: usize, form: Form) -> String {
    match form {
        Form::Plain | Form::WrittenTime => format!("c{at}"),
        Form::Uuid => format!("encode(c{at}, 'hex')::uuid"),
        Form::Boolean => format!("c{at}::int4::boolean"),
        Form::Time => format!("'epoch'::timestamptz + c{at} * interval '1 microsecond'"),
    }
}

fn taken<T>(values: Vec<Value>, take: impl Fn(Value) -> Option<T>) -> Vec<Option<T>> {
    values.into_iter().map(take).collect()
}

fn values(row: &PgRow, table: &Table) -> sqlx::Result<Vec<Value>> {
    let of = |(at, column): (usize, &Column)| {
        Ok(match column.carried {
            Carried::Integer => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::Integer),
            Carried::Real => row.try_get::<Option<f64>, _>(at)?.map_or(Value::Null, Value::Real),
            Carried::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::Text),
            Carried::Blob => row.try_get::<Option<Vec<u8>>, _>(at)?.map_or(Value::Null, Value::Blob),
        })
    };
    table.columns.iter().enumerate().map(of).collect()
}
