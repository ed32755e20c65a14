//! The store behind the session cookie: tower-sessions-sqlx-store, with ids that are worthless once read.

use async_trait::async_trait;
use axum_login::tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcOffset};
use tokio_util::task::TaskTracker;
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};

use super::{Db, Pools, change};

const TABLE: &str = "tower_sessions";

/// Keeps sessions under a hash of their id. The id is replaced in the record as well, which the store writes whole into
/// `data` (S3, T8).
#[derive(Clone, Debug)]
pub struct HashedSessions {
    read: Inner,
    write: Inner,
    writes: TaskTracker,
}

#[derive(Clone, Debug)]
enum Inner {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Inner {
    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        match self {
            Self::Sqlite(store) => store.load(id).await,
            Self::Postgres(store) => store.load(id).await,
        }
    }

    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        match self {
            Self::Sqlite(store) => store.create(record).await,
            Self::Postgres(store) => store.create(record).await,
        }
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        match self {
            Self::Sqlite(store) => store.save(record).await,
            Self::Postgres(store) => store.save(record).await,
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
    /// The sessions kept in `db`.
    ///
    /// # Errors
    /// Says so if the store does not take the table's name.
    pub fn new(db: &Db) -> Result<Self, String> {
        let (read, write) = match &db.pools {
            Pools::Sqlite { reader, writer } => (
                Inner::Sqlite(SqliteStore::new(reader.clone()).with_table_name(TABLE)?),
                Inner::Sqlite(SqliteStore::new(writer.clone()).with_table_name(TABLE)?),
            ),
            Pools::Postgres(pool) => {
                let store = PostgresStore::new(pool.clone()).with_schema_name("public")?.with_table_name(TABLE)?;
                (Inner::Postgres(store.clone()), Inner::Postgres(store))
            }
        };
        Ok(Self { read, write, writes: db.writes.clone() })
    }

    /// Runs to its end whatever becomes of the request, see `change!` (T1).
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = session_store::Result<T>> + Send + 'static,
    ) -> session_store::Result<T> {
        match self.writes.spawn(work).await {
            Ok(result) => result,
            Err(died) => Err(session_store::Error::Backend(died.to_string())),
        }
    }
}

/// 128 bits of SHA-256: ids are 128 random bits, which leaves nothing to guess and needs no salt.
fn hashed(id: Id) -> Id {
    let digest = Sha256::digest(id.0.to_be_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Id(i128::from_be_bytes(half))
}

/// SQLite keeps the expiry as a text and compares it as one, so it has a fixed number of digits: none after the second (T9).
fn hashed_record(record: &Record) -> Record {
    let expiry_date = record.expiry_date.to_offset(UtcOffset::UTC);
    let expiry_date = expiry_date.replace_nanosecond(0).unwrap_or(expiry_date);
    Record { id: hashed(record.id), expiry_date, ..record.clone() }
}

#[async_trait]
impl SessionStore for HashedSessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let (store, mut kept) = (self.write.clone(), hashed_record(record));
        let expected = kept.id;
        let id = self
            .detached(async move {
                store.create(&mut kept).await?;
                Ok(kept.id)
            })
            .await?;
        if id == expected {
            return Ok(());
        }
        // The store met the same hash and chose another id, of which no one knows the original.
        Err(session_store::Error::Backend("session id collision".into()))
    }

    /// Updates only. The store's `save` is an upsert, by which a request still running would bring back a session that
    /// was ended meanwhile (T4); what little race is left, the `sign_ins` row decides.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        if self.load(&record.id).await?.is_none() {
            return Ok(());
        }
        let (store, kept) = (self.write.clone(), hashed_record(record));
        self.detached(async move { store.save(&kept).await }).await
    }

    /// A record that cannot be decoded is nobody's session, not a lasting error (S51).
    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        match self.read.load(&hashed(*id)).await {
            Ok(found) => Ok(found.map(|record| Record { id: *id, ..record })),
            Err(session_store::Error::Decode(error)) => {
                tracing::warn!(%error, "unreadable session record ignored");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let (store, id) = (self.write.clone(), hashed(*id));
        self.detached(async move { store.delete(&id).await }).await
    }
}

impl Db {
    /// Deletes up to `batch` session records that are past their expiry and says how many there were (S10).
    ///
    /// # Errors
    /// The database's.
    pub async fn sweep_sessions(&self, batch: i64) -> sqlx::Result<u64> {
        let now: OffsetDateTime = self.now().get();
        change!(
            self,
            none,
            "DELETE FROM tower_sessions WHERE id IN
                (SELECT id FROM tower_sessions WHERE expiry_date < $1 ORDER BY expiry_date LIMIT $2)",
            now,
            batch,
        )
    }
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
