//! How long statements wait for a connection of a pool, in numbers.

use std::time::Instant;

use sqlx::{Database, Pool, pool::PoolConnection};

use crate::metrics::{Counter, Gauge, Histogram};

/// The waits for the connections of one pool.
#[derive(Debug)]
pub struct Waits {
    /// Statements that are waiting.
    pub waiting: Gauge,
    /// How long those waited that did not find a connection at once.
    pub times: Histogram,
    /// Those that got none in time.
    pub timeouts: Counter,
}

impl Waits {
    const fn new() -> Self {
        Self { waiting: Gauge::new(), times: Histogram::new(), timeouts: Counter::new() }
    }
}

/// SQLite's connections that read.
pub static READER: Waits = Waits::new();
/// SQLite's connection that writes.
pub static WRITER: Waits = Waits::new();
/// PostgreSQL's connections.
pub static POSTGRES: Waits = Waits::new();

/// A connection of `pool`. Only a statement that finds none at once is timed.
///
/// # Errors
/// [`sqlx::Error::PoolTimedOut`] if none is free in time, or if the database cannot be reached.
pub async fn acquire<DB: Database>(pool: &Pool<DB>, waits: &'static Waits) -> sqlx::Result<PoolConnection<DB>> {
    if pool.num_idle() > 0 || pool.size() < pool.options().get_max_connections() {
        return pool.acquire().await;
    }
    timed(waits, pool.acquire()).await
}

async fn timed<T>(waits: &'static Waits, acquired: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let (_waiting, began) = (waits.waiting.raised(), Instant::now());
    let result = acquired.await;
    waits.times.record(began.elapsed());
    if matches!(result, Err(sqlx::Error::PoolTimedOut)) {
        waits.timeouts.add_one();
    }
    result
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    #[tokio::test]
    async fn only_who_waits_is_counted() {
        static OURS: Waits = Waits::new();
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(50));
        let pool = pool.connect("sqlite::memory:").await.unwrap();
        let held = acquire(&pool, &OURS).await.unwrap();
        assert_eq!(OURS.times.count(), 0);
        assert!(acquire(&pool, &OURS).await.is_err());
        assert_eq!((OURS.times.count(), OURS.timeouts.get(), OURS.waiting.get()), (1, 1, 0));
        let (waited, ()) = tokio::join!(acquire(&pool, &OURS), async { drop(held) });
        assert!(waited.is_ok());
        assert_eq!((OURS.times.count(), OURS.timeouts.get()), (2, 1));
    }
}
