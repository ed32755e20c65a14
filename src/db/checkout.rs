//! PostgreSQL connections that are given up if the server does not answer.
//!
//! A server that is paused, or whose machine vanished without closing its connections, would keep each of them for many
//! minutes, until the operating system gives up on it. The pool itself has no limit for a statement, nor for the test of
//! a connection that is returned, so it would be empty for as long (S43).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sqlx::{
    Connection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnection, PgPoolOptions},
};
use tokio::{
    runtime::Handle,
    time::{error::Elapsed, timeout},
};

use super::{
    standby::Standby,
    waits::{POSTGRES, acquire},
};

/// How long a server may take to answer whether it is there.
const PING: Duration = Duration::from_secs(1);
/// The same right after another connection got no answer, so that a full pool of them is replaced while one request
/// waits.
const SHORT_PING: Duration = Duration::from_millis(50);

/// A connection of the pool. It is closed, not returned, if a statement got no answer on it in time.
#[derive(Debug)]
pub struct Checkout {
    pub(super) connection: PoolConnection<Postgres>,
    /// Whether it has to be closed.
    pub(super) close: bool,
}

impl Checkout {
    /// Takes a connection from `pool`.
    ///
    /// # Errors
    /// If the pool has none in time, or the server cannot be reached.
    pub async fn from(pool: &PgPool) -> sqlx::Result<Self> {
        Ok(Self { connection: acquire(pool, &POSTGRES).await?, close: false })
    }

    /// The connection, and whether it has to be closed when it is given back.
    #[doc(hidden)]
    pub fn parts(&mut self) -> (&mut PgConnection, &mut bool) {
        (&mut self.connection, &mut self.close)
    }

    /// The result of a statement that had a time limit.
    ///
    /// # Errors
    /// Those of the statement, or [`sqlx::Error::Io`] if there was no answer.
    pub fn settle<T>(&mut self, result: Result<sqlx::Result<T>, Elapsed>) -> sqlx::Result<T> {
        result.unwrap_or_else(|elapsed| {
            self.close = true;
            Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed)))
        })
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // It tests the connection first. Dropped at any point, it closes the connection and makes room for another.
        let returned = self.connection.return_to_pool();
        let Ok(runtime) = Handle::try_current() else { return };
        if !self.close {
            runtime.spawn(timeout(PING, returned));
        }
    }
}

/// Options of a pool that tests a connection before it is used, but does not wait long for the answer. It replaces one
/// that may lead to a `standby`.
pub(super) fn pool_options(standby: Arc<Standby>) -> PgPoolOptions {
    let silent = Arc::new(AtomicBool::new(false));
    PgPoolOptions::new().test_before_acquire(false).before_acquire(move |connection, known| {
        let silent = silent.clone();
        let is_outdated = Instant::now().checked_sub(known.age).is_some_and(|opened| standby.outdates(opened));
        Box::pin(async move {
            if is_outdated {
                return Ok(false);
            }
            let answers = answers_within(connection, if silent.load(Relaxed) { SHORT_PING } else { PING }).await;
            silent.store(!answers, Relaxed);
            Ok(answers)
        })
    })
}

/// Whether the server answers on `connection`.
pub(super) async fn answers(connection: &mut PgConnection) -> bool {
    answers_within(connection, PING).await
}

async fn answers_within(connection: &mut PgConnection, time: Duration) -> bool {
    matches!(timeout(time, connection.ping()).await, Ok(Ok(())))
}
