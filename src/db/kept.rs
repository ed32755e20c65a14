//! PostgreSQL connections that go from one statement to the next without the pool.
//!
//! sqlx's pool asks the server whether a connection still works before each statement and after it: three round trips
//! for one. Most statements of a request are small reads, one after the other, so a few connections stay at hand for
//! them ([`read!`](super::read)). A connection whose statement failed or was cancelled goes back to the pool, which
//! tests it; if it waited here, the statement runs again the usual way.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use sqlx::{PgPool, postgres::PgRow};

use super::{
    checkout::{Checkout, answers},
    standby::Standby,
    statement::{Outcome, PostgresQuery, run_checked_out},
};

/// The most connections that wait here, and at most half of what the pool has, so that some are left for writes.
const IDLE: usize = 8;
/// A connection that was not used for so long is asked whether it still works.
const FRESH: Duration = Duration::from_secs(1);
/// How long a connection stays, so that the pool can replace an old one.
const STAY: Duration = Duration::from_secs(60);

/// The connections at hand.
pub(crate) struct Kept {
    state: Mutex<State>,
    most: usize,
    standby: Arc<Standby>,
}

#[derive(Default)]
struct State {
    idle: Vec<Lent>,
    closed: bool,
}

/// A connection of the pool.
struct Lent {
    checkout: Checkout,
    /// Whether it waited here, where it may have ended meanwhile.
    waited: bool,
    /// When the pool gave it.
    since: Instant,
    /// When its last statement ended.
    used: Instant,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    /// None yet, of a pool of `connections`.
    pub(super) fn of(connections: u32, standby: Arc<Standby>) -> Self {
        let most = usize::try_from(connections / 2).unwrap_or(IDLE).min(IDLE);
        Self { state: Mutex::default(), most, standby }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `query`. `None` if it has to run the usual way.
    ///
    /// # Errors
    /// Those of the statement, or if there is no answer within `patience`.
    pub(crate) fn run<'a>(
        &'a self,
        pool: &'a PgPool,
        query: PostgresQuery<'a>,
        patience: Duration,
    ) -> BoxFuture<'a, sqlx::Result<Option<Outcome<PgRow>>>> {
        self.run_once(pool, query, patience).boxed()
    }

    async fn run_once(
        &self,
        pool: &PgPool,
        query: PostgresQuery<'_>,
        patience: Duration,
    ) -> sqlx::Result<Option<Outcome<PgRow>>> {
        let mut lent = self.take(pool).await?;
        match run_checked_out(&mut lent.checkout, query, patience).await {
            Ok(outcome) => {
                self.put(lent);
                Ok(Some(outcome))
            }
            // Without an answer, it would have none the usual way either.
            Err(_) if lent.waited && !lent.checkout.close => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A connection that works, of those at hand or of `pool`.
    async fn take(&self, pool: &PgPool) -> sqlx::Result<Lent> {
        let now = Instant::now();
        let at_hand = self.state().idle.pop();
        if let Some(mut lent) = at_hand.filter(|lent| now - lent.since < STAY && !self.standby.outdates(lent.since))
            && (now - lent.used < FRESH || answers(&mut lent.checkout.connection).await)
        {
            return Ok(Lent { waited: true, ..lent });
        }
        let checkout = Checkout::from(pool).await?;
        Ok(Lent { checkout, waited: false, since: now, used: now })
    }

    /// Keeps a connection whose statement has ended well.
    fn put(&self, lent: Lent) {
        let mut state = self.state();
        if !state.closed && state.idle.len() < self.most {
            state.idle.push(Lent { used: Instant::now(), ..lent });
        }
    }

    /// Gives all connections back.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.idle.clear();
    }
}
