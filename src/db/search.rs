//! Searches have connections, places and a time limit of their own, so that a long search does not slow down other
//! requests (S64).
//!
//! A search reads small pages by their index and compares in Rust, in linear time. So no statement takes long, and a
//! search that has timed out, or whose client has gone, stops at the next page.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::pools::Pools;

/// How many searches run at once. There are as many connections for them.
pub(super) const AT_ONCE: u32 = 2;

/// How many searches of one account run at once: fewer than there are places, so that no account can take all of them.
const OF_ONE_ACCOUNT: usize = 1;

/// The time limit of a search, if none is set.
const TIME: Duration = Duration::from_secs(2);

/// The connections and places of searches.
#[derive(Clone, Debug)]
pub struct Search {
    pub(super) pools: Pools,
    pooler: bool,
    patience: Duration,
    places: Arc<Places>,
    time: Duration,
}

impl Search {
    pub(super) fn new(pools: Pools, pooler: bool, patience: Duration) -> Self {
        Self { pools, pooler, patience, places: Arc::default(), time: TIME }
    }

    pub(super) fn within(&self, time: Duration) -> Self {
        Self { time, ..self.clone() }
    }

    pub(super) fn running(&self) -> usize {
        AT_ONCE as usize - self.places.all.available_permits()
    }

    /// Begins a search of `account` as soon as there is a place. The wait counts towards its time limit.
    ///
    /// # Errors
    /// [`SearchError::TimedOut`] if no place becomes free in time.
    pub async fn begin(&self, account: Uuid) -> Result<Searching, SearchError> {
        let until = Instant::now() + self.time;
        let place = timeout_at(until, Place::take(&self.places, account)).await.map_err(|_| SearchError::TimedOut)?;
        Ok(Searching {
            pools: self.pools.clone(),
            pooler: self.pooler,
            patience: self.patience,
            until,
            place: Arc::new(place),
        })
    }
}

/// A running search. `fetch!` takes it in place of the database.
#[derive(Debug)]
pub struct Searching {
    #[doc(hidden)]
    pub pools: Pools,
    #[doc(hidden)]
    pub pooler: bool,
    #[doc(hidden)]
    pub patience: Duration,
    until: Instant,
    place: Arc<Place>,
}

impl Searching {
    /// The result of `query`, if it comes in time.
    ///
    /// # Errors
    /// [`SearchError::TimedOut`] if the time is up; [`SearchError::Database`] if the database fails.
    pub async fn read<T>(&self, query: impl Future<Output = sqlx::Result<T>>) -> Result<T, SearchError> {
        if Instant::now() >= self.until {
            return Err(SearchError::TimedOut);
        }
        Ok(timeout_at(self.until, query).await.map_err(|_| SearchError::TimedOut)??)
    }

    /// Runs `work` on a blocking thread. The search keeps its place until `work` is done, even if its client has gone.
    ///
    /// # Errors
    /// [`SearchError::Panicked`] if it panics.
    pub async fn compare<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SearchError> {
        let place = self.place.clone();
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        work.await.map_err(|error| SearchError::Panicked(error.to_string()))
    }
}

/// Why a search ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// It took longer than a search may, its wait for a place included.
    #[error("a search took too long")]
    TimedOut,
    /// The comparison panicked.
    #[error("a search panicked: {0}")]
    Panicked(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

#[derive(Debug)]
struct Places {
    all: Arc<Semaphore>,
    /// Only accounts that have a search running or waiting.
    accounts: Mutex<HashMap<Uuid, Arc<Semaphore>>>,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE as usize)), accounts: Mutex::default() }
    }
}

impl Places {
    fn accounts(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Semaphore>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among all searches and one among those of the account, or the wait for them.
#[derive(Debug)]
struct Place {
    places: Arc<Places>,
    account: Uuid,
    own: Option<Arc<Semaphore>>,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Place {
    /// The account's place comes first, so that searches of one account wait for each other and hold no other place.
    async fn take(places: &Arc<Places>, account: Uuid) -> Self {
        let own = places.accounts().entry(account).or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_ACCOUNT))).clone();
        let mut place = Self { places: places.clone(), account, own: Some(own.clone()), permits: Vec::new() };
        for semaphore in [own, places.all.clone()] {
            // Neither semaphore is ever closed.
            place.permits.extend(semaphore.acquire_owned().await.ok());
        }
        place
    }
}

impl Drop for Place {
    /// The last place of an account removes the account's entry. The permits are released under the lock, so that
    /// exactly one of them is the last.
    fn drop(&mut self) {
        let mut accounts = self.places.accounts();
        self.permits.clear();
        self.own = None;
        if accounts.get(&self.account).is_some_and(|own| Arc::strong_count(own) == 1) {
            accounts.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);
    const EVE: Uuid = Uuid::from_u128(3);

    fn search() -> Search {
        let pool = || SqlitePoolOptions::new().connect_lazy("sqlite::memory:").unwrap();
        Search::new(Pools::Sqlite { reader: pool(), writer: pool() }, false, TIME)
    }

    fn refused<T>(result: Result<T, SearchError>) -> bool {
        matches!(result, Err(SearchError::TimedOut))
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_has_one_place_and_the_others_theirs() {
        let search = search();
        let of_ada = search.begin(ADA).await.unwrap();
        assert!(refused(search.begin(ADA).await), "the second of an account waits until its time is up");
        let of_bob = search.begin(BOB).await.unwrap();
        assert_eq!(search.running(), 2);
        assert!(refused(search.begin(EVE).await), "there are two places in all");

        let waits = tokio::spawn({
            let search = search.clone();
            async move { search.begin(ADA).await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(of_ada);
        assert!(waits.await.unwrap().is_ok(), "who waits comes next");
        drop(of_bob);
        assert_eq!(search.running(), 0);
        assert!(search.places.accounts().is_empty(), "and nobody is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_time_is_up_the_query_is_dropped_and_none_begins() {
        let (search, alive) = (search(), Arc::new(()));
        let searching = search.begin(ADA).await.unwrap();
        let query = alive.clone();
        let result = searching.read(async move {
            let found = pending::<sqlx::Result<()>>().await;
            drop(query);
            found
        });
        assert!(refused(result.await));
        assert_eq!(Arc::strong_count(&alive), 1, "it is gone");
        assert!(refused(searching.read(async { Ok(()) }).await), "nor does another begin");
    }

    #[tokio::test]
    async fn whoever_hangs_up_keeps_the_place_until_the_work_is_done() {
        let (search, (go, wait)) = (search(), std::sync::mpsc::channel::<()>());
        let searching = search.begin(ADA).await.unwrap();
        let task = tokio::spawn(async move { searching.compare(move || wait.recv()).await });
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.is_err());
        assert_eq!(search.running(), 1);
        go.send(()).unwrap();
        while search.running() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
