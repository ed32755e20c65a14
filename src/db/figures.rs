//! What there is to say of the database in numbers.

use std::path::PathBuf;

use super::{
    Db, Pools,
    waits::{POSTGRES, READER, WRITER, Waits},
};

/// A pool of connections.
#[derive(Debug)]
pub struct PoolFigures {
    /// Its name.
    pub name: &'static str,
    /// How many connections are open.
    pub open: u32,
    /// How many of them no statement uses.
    pub idle: usize,
    /// How many may be open.
    pub most: u32,
    /// The waits for them; `None` where there are as many connections as there are statements at once.
    pub waits: Option<&'static Waits>,
}

/// The sizes of SQLite's files, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct FileSizes {
    /// The database file.
    pub database: u64,
    /// The write-ahead log, which grows while something keeps it from being written to the database file.
    pub wal: u64,
}

macro_rules! figures {
    ($name:literal, $pool:expr, $waits:expr) => {
        PoolFigures {
            name: $name,
            open: $pool.size(),
            idle: $pool.num_idle(),
            most: $pool.options().get_max_connections(),
            waits: $waits,
        }
    };
}

impl Db {
    /// The pools.
    pub fn pool_figures(&self) -> Vec<PoolFigures> {
        let own = match &self.pools {
            Pools::Sqlite { reader, writer } => {
                vec![figures!("reader", reader, Some(&READER)), figures!("writer", writer, Some(&WRITER))]
            }
            Pools::Postgres(pool) => vec![figures!("postgres", pool, Some(&POSTGRES))],
        };
        let search = match &self.search.pools {
            Pools::Sqlite { reader, .. } => figures!("search", reader, None),
            Pools::Postgres(pool) => figures!("search", pool, None),
        };
        own.into_iter().chain([search]).collect()
    }

    /// The sizes of SQLite's files; `None` for PostgreSQL and for a database in memory.
    pub async fn file_sizes(&self) -> Option<FileSizes> {
        let Pools::Sqlite { writer, .. } = &self.pools else { return None };
        let file: PathBuf = writer.connect_options().get_filename().to_owned();
        let mut wal = file.clone().into_os_string();
        wal.push("-wal");
        let database = tokio::fs::metadata(file).await.ok()?.len();
        let wal = tokio::fs::metadata(wal).await.map_or(0, |found| found.len());
        Some(FileSizes { database, wal })
    }

    /// The name of the database system.
    pub fn system(&self) -> &'static str {
        self.dialect("sqlite", "postgresql")
    }
}
