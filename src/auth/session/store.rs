//! The session store: tower-sessions-sqlx-store with hashed ids, so that ids read from the database open no session.

use async_trait::async_trait;
use axum_login::tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};
use rusqlite::{ToSql, types::ToSqlOutput};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};
use uuid::Uuid;

use super::backend::{SignedInRow, keep_found, signed_in_columns};
use crate::db::{Db, Pools, TaskPanicked, direct_row, execute, read};

const TABLE: &str = "tower_sessions";

/// The key of axum-login's data in a record.
pub(super) const DATA_KEY: &str = "axum-login.data";

/// Stores sessions under a hash of their id. The id is replaced in the record as well, because `data` holds the whole
/// record (S3, T8).
///
/// Only deleting uses the crate's store. Its `save` restores deleted sessions (T4), its `create` opens a transaction that stays
/// open on a full disk (S85), and its `load` takes three round trips, where every request of a browser has one.
#[derive(Clone, Debug)]
pub struct HashedSessions {
    db: Db,
    /// `None` behind a pooler in transaction mode, which does not keep its prepared statements, and in a schema whose
    /// name it does not accept.
    store: Option<Store>,
}

#[derive(Clone, Debug)]
enum Store {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Store {
    fn new(db: &Db) -> Result<Self, String> {
        match &db.pools {
            Pools::Sqlite { writer, .. } => SqliteStore::new(writer.clone()).with_table_name(TABLE).map(Self::Sqlite),
            Pools::Postgres(pool) => {
                let schema = db.schema.as_deref().unwrap_or_default();
                let store = PostgresStore::new(pool.clone()).with_schema_name(schema)?.with_table_name(TABLE)?;
                Ok(Self::Postgres(store))
            }
        }
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        match self {
            Self::Sqlite(store) => store.delete(id).await,
            Self::Postgres(store) => store.delete(id).await,
        }
    }
}

impl HashedSessions {
    /// The sessions in `db`.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone(), store: Store::new(db).ok().filter(|_| !db.pooler) }
    }

    async fn delete_here(&self, id: &Id) -> session_store::Result<()> {
        let deleted: sqlx::Result<u64> =
            execute!(self.db, affected, "DELETE FROM tower_sessions WHERE id = $1", id.to_string());
        deleted.map(drop).map_err(failed)
    }
}

/// What a task that deletes fails with.
struct NotDeleted(session_store::Error);

impl From<TaskPanicked> for NotDeleted {
    fn from(panicked: TaskPanicked) -> Self {
        Self(session_store::Error::Backend(panicked.to_string()))
    }
}

/// The column of a record's end. sqlx writes it to SQLite as RFC 3339.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
struct Expiry(OffsetDateTime);

impl ToSql for Expiry {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = self.0.format(&Rfc3339);
        text.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

#[derive(sqlx::FromRow)]
struct Stored {
    data: Vec<u8>,
}

direct_row!(Stored { data });

/// A record with the browser that it signs in, and its account.
#[derive(sqlx::FromRow)]
struct StoredWithBrowser {
    #[sqlx(flatten)]
    signed_in: SignedInRow,
    data: Vec<u8>,
}

direct_row!(StoredWithBrowser { ..signed_in, data });

/// 128 bits of SHA-256. Ids are 128 random bits, so there is nothing to guess and no need of a salt.
fn hashed(id: Id) -> Id {
    let digest = Sha256::digest(id.0.to_be_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Id(i128::from_be_bytes(half))
}

/// SQLite compares the expiry as text, so it is cut to whole seconds, which gives it a fixed number of digits (T9).
fn hashed_record(record: &Record) -> Record {
    let expiry_date = record.expiry_date.to_offset(UtcOffset::UTC);
    let expiry_date = expiry_date.replace_nanosecond(0).unwrap_or(expiry_date);
    Record { id: hashed(record.id), expiry_date, ..record.clone() }
}

/// The `browser_sessions` row that the record points to, in a column of its own so that both are read at once.
fn browser_session_id(record: &Record) -> Option<Uuid> {
    record.data.get(DATA_KEY)?.get("user_id")?.as_str()?.parse().ok()
}

/// A record that cannot be decoded counts as no session, so that it does not fail every request (S51).
fn decoded(data: &[u8], id: Id) -> Option<Record> {
    match rmp_serde::from_slice::<Record>(data) {
        Ok(record) => Some(Record { id, ..record }),
        Err(error) => {
            tracing::warn!(%error, "unreadable session record ignored");
            None
        }
    }
}

fn encoded(record: &Record) -> session_store::Result<Vec<u8>> {
    rmp_serde::to_vec(record).map_err(|error| session_store::Error::Encode(error.to_string()))
}

fn failed(error: sqlx::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for HashedSessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let kept = hashed_record(record);
        let made: sqlx::Result<u64> = execute!(
            self.db,
            affected,
            "INSERT INTO tower_sessions (id, data, expiry_date, browser_session_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO NOTHING",
            kept.id.to_string(),
            encoded(&kept)?,
            kept.expiry_date,
            browser_session_id(&kept),
        );
        if made.map_err(failed)? == 0 {
            return Err(session_store::Error::Backend("session id collision".into()));
        }
        Ok(())
    }

    /// Updates only, so that a request that is still running cannot restore a session that was ended meanwhile (T4).
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let kept = hashed_record(record);
        let saved: sqlx::Result<u64> = execute!(
            self.db,
            affected,
            "UPDATE tower_sessions SET data = $2, expiry_date = $3, browser_session_id = $4 WHERE id = $1",
            kept.id.to_string(),
            encoded(&kept)?,
            kept.expiry_date,
            browser_session_id(&kept),
        );
        saved.map(drop).map_err(failed)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let (kept, now) = (&hashed(*id).to_string(), OffsetDateTime::now_utc());
        let found: sqlx::Result<Option<StoredWithBrowser>> = read!(
            self.db,
            optional,
            concat!(
                "SELECT ",
                signed_in_columns!(),
                ", tower_sessions.data
                 FROM tower_sessions
                    JOIN browser_sessions ON browser_sessions.id = tower_sessions.browser_session_id
                    JOIN accounts ON accounts.id = browser_sessions.account_id
                 WHERE tower_sessions.id = $1 AND tower_sessions.expiry_date > $2 AND browser_sessions.expires_at > $3
                    AND accounts.disabled_at IS NULL"
            ),
            kept,
            Expiry(now),
            self.db.now(),
        );
        if let Some(StoredWithBrowser { signed_in, data }) = found.map_err(failed)? {
            return Ok(decoded(&data, *id).inspect(|_| keep_found(signed_in.into())));
        }
        // Of a browser that was signed out, or of nobody.
        let found: sqlx::Result<Option<Stored>> = read!(
            self.db,
            optional,
            "SELECT data FROM tower_sessions WHERE id = $1 AND expiry_date > $2",
            kept,
            Expiry(now),
        );
        Ok(found.map_err(failed)?.and_then(|Stored { data }| decoded(&data, *id)))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let kept = hashed(*id);
        let Some(store) = self.store.clone() else { return self.delete_here(&kept).await };
        let deleted = self.db.run_to_completion(async move { store.delete(&kept).await.map_err(NotDeleted) }).await;
        deleted.map_err(|NotDeleted(error)| error)
    }
}

/// Deletes up to `batch` expired session records and returns how many (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    let now: OffsetDateTime = db.now().get();
    execute!(
        db,
        affected,
        "DELETE FROM tower_sessions WHERE id IN
            (SELECT id FROM tower_sessions WHERE expiry_date < $1 ORDER BY expiry_date LIMIT $2)",
        now,
        batch,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_kept_record_does_not_hold_the_id() {
        let record = Record { id: Id(42), data: HashMap::new(), expiry_date: OffsetDateTime::UNIX_EPOCH };
        let kept = hashed_record(&record);
        assert_ne!(kept.id, record.id);
        assert_eq!(kept.id, hashed(Id(42)));
    }

    #[test]
    fn the_kept_expiry_is_of_whole_seconds() {
        let expiry_date = OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(1_999);
        let kept = hashed_record(&Record { id: Id(42), data: HashMap::new(), expiry_date });
        assert_eq!(kept.expiry_date, OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1));
    }
}
