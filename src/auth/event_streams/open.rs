//! What is known of the open streams.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch as latest;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    auth::{Caller, Credential, Stamp},
    db::Db,
    settings::Events,
};

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) limits: Events,
    open: Mutex<Open>,
    /// Cancelled when the server stops.
    pub(super) stopped: CancellationToken,
}

#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) streams: HashMap<u64, Listener>,
    pub(super) accounts: HashMap<Uuid, Account>,
    /// The key of the next stream.
    pub(super) next: u64,
    /// Whether the task runs.
    pub(super) watched: bool,
}

/// An open stream.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) credential: Held,
    pub(super) end: CancellationToken,
}

/// An account that somebody listens to.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) streams: u32,
    /// The number of its newest change, as far as it is known.
    pub(super) latest: latest::Sender<i64>,
}

/// The credential of a stream.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Token(Uuid),
    /// A signed-in browser, with the stamp that the session remembers.
    Browser(Uuid, Stamp),
}

impl Held {
    pub(super) fn by(caller: &Caller) -> Self {
        match &caller.credential {
            Credential::Token(token) => Self::Token(token.id),
            Credential::Session(id) => Self::Browser(*id, caller.stamp.clone().unwrap_or_default()),
        }
    }
}

impl Inner {
    pub(super) fn new(db: Db, limits: Events) -> Self {
        Self { db, limits, open: Mutex::default(), stopped: CancellationToken::new() }
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing in here panics halfway, so a poisoned lock holds consistent data.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The newest change of `account` has at least this number.
    pub(super) fn learn(&mut self, account: Uuid, latest: i64) {
        if let Some(account) = self.accounts.get(&account) {
            account.latest.send_if_modified(|known| {
                let is_news = latest > *known;
                *known = latest.max(*known);
                is_news
            });
        }
    }

    pub(super) fn leave(&mut self, key: u64, account: Uuid) {
        self.streams.remove(&key);
        if let Some(listened) = self.accounts.get_mut(&account) {
            listened.streams -= 1;
            if listened.streams == 0 {
                self.accounts.remove(&account);
            }
        }
    }
}
