//! The open streams of `GET events`: who listens, and what there is to tell them.
//!
//! **What is told** are rows of `changes`. The triggers of each resource write them, in the transaction of the change
//! itself, whatever makes it: a request, a command, another instance. They are numbered for each account, without gaps,
//! and become visible in that order (the migration says why). So a stream that has told number 7 has told all up to 7,
//! and a client that comes back with that number misses nothing.
//!
//! **Who notices.** A stream holds no connection to the database while there is nothing to tell. One task of the
//! instance asks once a second which of the accounts that somebody listens to have a newer row, with one statement for
//! all of them, and at once after a write of this instance. Asking works behind any pooler, where `LISTEN` does not.
//!
//! **How a stream ends.** The same task checks the credentials of all streams every few seconds, with one statement for
//! tokens and one for browsers: a stream whose credential has expired, or was revoked, ends (S86). One of a
//! session that is bound to a key ends with the short cookie that proved it, and the browser comes back with the next
//! one (S84). When the server stops, all of them end at once, so that no request is left to wait for.

mod open;
mod store;
mod watch;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch as latest,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::open::{Account, Held, Inner, Listener};
pub use self::store::{Change, delete_expired};
use super::Caller;
use crate::{db::Db, http::problem::Problem, settings::Events};

/// How many changes a stream reads at a time.
const BATCH: i64 = 100;

/// A resource whose changes are told. Its table has triggers such as `notes_created`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceEvents {
    /// Its name in the table and on the wire: the last part of its path, such as `invoices`.
    pub resource: &'static str,
    /// The scope that a token needs to be told.
    pub scope: &'static str,
}

/// The open streams of this instance. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventStreams(Arc<Inner>);

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the changes from now on.
    Now,
    /// After the change with this number.
    After(i64),
    /// After a change that cannot be found: with a [`Told::Reset`].
    Lost,
}

impl Start {
    /// After the event with this id, as a client has sent it.
    pub fn after(last_event_id: &str) -> Self {
        match last_event_id.parse() {
            _ if last_event_id.is_empty() => Self::Now,
            Ok(number) if number >= 0 => Self::After(number),
            _ => Self::Lost,
        }
    }
}

/// What a stream tells next.
#[derive(Debug)]
pub enum Told {
    /// Everything after the change with this number will be told. It comes first.
    Ready(i64),
    /// What was changed up to this number is no longer known. It comes first, or later if the client is very slow.
    Reset(i64),
    /// Changes, in their order.
    Changes(Vec<Change>),
    /// The changes that were missed are over, up to this number: all after it happen now. It comes once, in a stream
    /// that goes on where another ended.
    CaughtUp(i64),
    /// Nothing has happened for a while.
    Nothing,
    /// The credential works no longer. Nothing comes after it.
    Ended,
}

impl EventStreams {
    /// No streams yet, on changes in `db`.
    pub fn new(db: Db, limits: Events) -> Self {
        Self(Arc::new(Inner::new(db, limits)))
    }

    /// Ends all streams, and opens no others: the server stops.
    pub fn close(&self) {
        self.0.stopped.cancel();
    }

    /// How many streams are open.
    pub fn count(&self) -> usize {
        self.0.open().streams.len()
    }

    /// Opens a stream of the changes to what the account of `caller` has.
    ///
    /// # Errors
    /// [`Problem::TooManyStreams`] if the account has as many as it may have; [`Problem::Unavailable`] if the server
    /// has, or stops; if the database fails.
    pub async fn open(&self, caller: &Caller, start: Start) -> Result<Stream, Problem> {
        let account = caller.account.id;
        let mut stream = self.enter(account, Held::by(caller))?;
        let left = |until| Duration::try_from(until - self.0.db.now()).unwrap_or_default();
        stream.proven_until = caller.proven_until.map(|until| Instant::now() + left(until));
        // From here on the task looks for changes of this account, so none is missed between this and the first wait.
        let at = store::position(&self.0.db, account).await?.ok_or(Problem::NotSignedIn)?;
        self.0.open().learn(account, at.latest);
        let known = at.oldest - 1..=at.latest;
        stream.missed_until = (start != Start::Now).then_some(at.latest);
        (stream.cursor, stream.first) = match start {
            Start::Now => (at.latest, Some(Told::Ready(at.latest))),
            Start::After(number) if known.contains(&number) => (number, Some(Told::Ready(number))),
            Start::After(_) | Start::Lost => (at.latest, Some(Told::Reset(at.latest))),
        };
        Ok(stream)
    }

    fn enter(&self, account: Uuid, credential: Held) -> Result<Stream, Problem> {
        let limits = &self.0.limits;
        let mut open = self.0.open();
        if self.0.stopped.is_cancelled() {
            return Err(Problem::Unavailable("the server stops".into()));
        }
        if open.streams.len() >= usize::try_from(limits.streams).unwrap_or(usize::MAX) {
            return Err(Problem::Unavailable("events.streams is reached".into()));
        }
        let listened =
            open.accounts.entry(account).or_insert_with(|| Account { streams: 0, latest: latest::Sender::new(0) });
        if listened.streams >= limits.streams_per_account {
            return Err(Problem::TooManyStreams(limits.streams_per_account));
        }
        listened.streams += 1;
        let latest = listened.latest.subscribe();
        let (key, end) = (open.next, self.0.stopped.child_token());
        open.next += 1;
        open.streams.insert(key, Listener { credential, end: end.clone() });
        if !std::mem::replace(&mut open.watched, true) {
            tokio::spawn(watch::watch(self.0.clone()));
        }
        Ok(Stream {
            streams: self.clone(),
            key,
            account,
            cursor: 0,
            first: None,
            missed_until: None,
            proven_until: None,
            latest,
            end,
            is_over: false,
        })
    }
}

/// An open stream, counted until this is dropped.
#[derive(Debug)]
pub struct Stream {
    streams: EventStreams,
    key: u64,
    account: Uuid,
    /// The number of the last change that was told.
    cursor: i64,
    first: Option<Told>,
    /// The number of the newest change when a stream began that goes on; `None` once that was told.
    missed_until: Option<i64>,
    /// When the proof of a bound session's key is over.
    proven_until: Option<Instant>,
    latest: latest::Receiver<i64>,
    end: CancellationToken,
    /// Whether the end was told.
    is_over: bool,
}

impl Stream {
    /// In how many milliseconds a client should come back after the stream has ended. Not all in the same moment, since
    /// all streams end when the server is restarted.
    pub fn retry(&self) -> u64 {
        2_000 + self.key % 16 * 200
    }

    /// What to tell next, once there is something; `None` if the stream has ended.
    pub async fn next(&mut self) -> Option<Told> {
        if self.end.is_cancelled() {
            return self.ended();
        }
        if self.proven_until.is_some_and(|until| until <= Instant::now()) {
            return None;
        }
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.missed_until.take_if(|missed| *missed <= self.cursor).is_some() {
            return Some(Told::CaughtUp(self.cursor));
        }
        loop {
            let latest = *self.latest.borrow_and_update();
            if latest > self.cursor {
                // On the heap, because a stream waits most of its time, and what reads is large.
                let read = Box::pin(store::after(&self.streams.0.db, self.account, self.cursor, BATCH)).await;
                return match read {
                    Ok(changes) => Some(self.tell(changes, latest)),
                    // The client comes back, and goes on where it was.
                    Err(error) => {
                        tracing::debug!(%error, "an event stream ends, because changes cannot be read");
                        None
                    }
                };
            }
            let keep_alive = Duration::from_secs(self.streams.0.limits.keep_alive_seconds.into());
            tokio::select! {
                biased;
                () = self.end.cancelled() => return self.ended(),
                learnt = self.latest.changed() => learnt.ok()?,
                () = over(self.proven_until) => return None,
                () = sleep(keep_alive) => return Some(Told::Nothing),
            }
        }
    }

    /// The end, which is told where it is for good. When the server stops, the client is to come back.
    fn ended(&mut self) -> Option<Told> {
        let is_last = self.is_over || self.streams.0.stopped.is_cancelled();
        self.is_over = true;
        (!is_last).then_some(Told::Ended)
    }

    /// Tells `changes`, which were read after the cursor, of those up to `latest`.
    fn tell(&mut self, changes: Vec<Change>, latest: i64) -> Told {
        // Old rows were deleted before this stream has read them.
        let whole = changes.first().is_some_and(|first| first.id == self.cursor + 1);
        self.cursor = changes.last().filter(|_| whole).map_or(latest, |last| last.id);
        if whole { Told::Changes(changes) } else { Told::Reset(latest) }
    }
}

/// Waits until then, or for ever.
async fn over(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.streams.0.open().leave(self.key, self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_cannot_be_one_of_ours_is_lost() {
        for (id, start) in [
            ("", Start::Now),
            ("0", Start::After(0)),
            ("17", Start::After(17)),
            ("-1", Start::Lost),
            ("1.5", Start::Lost),
            ("99999999999999999999", Start::Lost),
            ("an id", Start::Lost),
        ] {
            assert_eq!(Start::after(id), start, "{id:?}");
        }
    }
}
