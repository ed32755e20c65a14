//! Counts reports in memory, and writes them in batches in the background, so that no request waits for the database
//! and a flood of them costs it little.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    model::{Details, Key, Waiting},
    reduce::Site,
    store,
};
use crate::{
    auth::rate_limit::requests::{Limits, Refused},
    db::Db,
    http::{client::Client, seldom::Seldom},
    settings::RateLimits,
    state::AppState,
};

/// How many requests of one address are taken in a minute. A browser sends one for many reports.
const PER_MINUTE: u32 = 60;
/// How many different reports wait to be written, of half a kilobyte each. Others are dropped.
const WAITING: usize = 200;
/// The time between two batches.
const PAUSE: Duration = Duration::from_millis(250);

/// The reports that this instance has taken. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Collector(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    site: Site,
    limits: Limits,
    state: Mutex<State>,
    failed: Seldom,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<Key, Waiting>,
    /// Whether a task is writing them.
    writing: bool,
}

impl Collector {
    pub(super) fn new(state: &AppState) -> Self {
        let settings = &state.settings;
        let site = Site { origin: settings.origin(), hosts: settings.hosts(), pages: state.site.page_paths.clone() };
        let limits = Limits::new(&RateLimits { per_token: 1, per_address: PER_MINUTE });
        let (db, failed) = (state.db.clone(), Seldom::new());
        Self(Arc::new(Inner { db, site, limits, state: Mutex::default(), failed }))
    }

    pub(super) fn site(&self) -> &Site {
        &self.0.site
    }

    /// Counts a request of `client`.
    ///
    /// # Errors
    /// [`Refused`] if there were too many in this minute.
    pub(super) fn admit(&self, client: &Client) -> Result<(), Refused> {
        self.0.limits.check_address(client, self.0.db.now()).map(drop)
    }

    /// Takes reports of `browser`, to be written soon.
    pub(super) fn take(&self, reports: Vec<(Key, Details)>, browser: &str) {
        let now = self.0.db.now();
        let mut state = self.state();
        for (key, details) in reports {
            if let Some(known) = state.waiting.get_mut(&key) {
                *known = Waiting {
                    details,
                    browser: browser.into(),
                    count: known.count.saturating_add(1),
                    first: known.first,
                    last: now,
                };
            } else if state.waiting.len() < WAITING {
                let first = Waiting { details, browser: browser.into(), count: 1, first: now, last: now };
                state.waiting.insert(key, first);
            }
        }
        if !state.writing && !state.waiting.is_empty() {
            state.writing = true;
            // Not a task that `Db::close` waits for. What is left then is lost.
            tokio::spawn(self.clone().write());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics in the middle of a change.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that waits. If that is nothing, the task ends.
    fn batch(&self) -> BTreeMap<Key, Waiting> {
        let mut state = self.state();
        let batch = std::mem::take(&mut state.waiting);
        state.writing = !batch.is_empty();
        batch
    }

    /// Writes until nothing waits.
    async fn write(self) {
        loop {
            let batch = self.batch();
            if batch.is_empty() {
                return;
            }
            let lost = batch.len();
            if let Err(error) = store::add(&self.0.db, batch).await
                && self.0.failed.again()
            {
                tracing::warn!(%error, lost, "reports of browsers not written");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
