//! Responses to forms, kept for a minute in case the form is posted again.
//!
//! They are kept in memory only, because they hold session cookies and secrets. So each instance has its own: a
//! second post that reaches another instance is processed again.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{StatusCode, header, response::Parts},
    response::Response,
};
use sha2::{Digest, Sha256};
use time::Duration;
use tokio::sync::watch;

use crate::{http::problem::Problem, timestamp::Timestamp};

/// How long a response is kept: longer than a browser takes to post again after a broken connection.
const KEPT_FOR: Duration = Duration::minutes(1);
/// The largest response that is kept, in bytes. Requests that already wait for a larger one still get it.
const LARGEST: usize = 256 * 1024;
/// How many bytes all kept responses may take.
const CAPACITY: usize = 16 * 1024 * 1024;
/// The size of an entry without the body of its response, in bytes.
const OVERHEAD: usize = 2048;

type Key = Vec<u8>;
/// The hash of the session cookie, if there is one.
type Session = Option<Vec<u8>>;

/// A complete response. It may hold a secret, so its `Debug` shows only the status.
#[derive(Clone)]
pub(crate) struct Kept {
    parts: Parts,
    body: Bytes,
    /// The session that posted the form, and the session that the browser has after the response.
    sessions: [Session; 2],
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("status", &self.parts.status).finish_non_exhaustive()
    }
}

impl Kept {
    /// Reads `response` to its end. `name` is the name of the session cookie, `session` the hash of the one in the
    /// request.
    pub(crate) async fn of(response: Response, name: &str, session: Session) -> Result<Self, Problem> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|error| Problem::Internal(error.to_string()))?;
        let set = parts.headers.get_all(header::SET_COOKIE).iter().rev().find_map(|line| {
            let line = line.to_str().ok()?.strip_prefix(name)?.strip_prefix('=')?;
            Some((line.split(';').next().unwrap_or_default(), line.contains("Max-Age=0")))
        });
        let given = match set {
            Some((_, true)) => None,
            Some((value, false)) => Some(Sha256::digest(value).to_vec()),
            None => session.clone(),
        };
        Ok(Self { parts, body, sessions: [session, given] })
    }

    /// Whether another attempt may have another result.
    fn may_change(&self) -> bool {
        self.parts.status.is_server_error() || self.parts.status == StatusCode::TOO_MANY_REQUESTS
    }

    fn size(&self) -> usize {
        self.body.len() + OVERHEAD
    }

    pub(crate) fn into_response(self) -> Response {
        Response::from_parts(self.parts, Body::from(self.body))
    }
}

/// What to do with a posted form.
pub(crate) enum Turn<F> {
    /// The first post of this form: process it, and report the response.
    First(First),
    /// The same browser posted it before: this is the response.
    Again(F),
    /// Another browser posted it: process it separately.
    Another,
}

/// All kept responses. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replays(Arc<Mutex<Store>>);

#[derive(Debug, Default)]
struct Store {
    entries: HashMap<Key, Entry>,
    /// Oldest first, which is also the order of the numbers.
    order: VecDeque<(Key, u64)>,
    bytes: usize,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    at: Timestamp,
    session: Session,
    answer: watch::Receiver<Option<Kept>>,
    bytes: usize,
}

impl Replays {
    /// Decides what to do with the form `asked`, posted at `now` by a browser with `session`.
    pub(crate) fn turn(
        &self,
        asked: Key,
        session: Session,
        now: Timestamp,
    ) -> Turn<impl Future<Output = Result<Kept, Problem>> + use<>> {
        let mut store = self.store();
        store.forget_old(now);
        if let Some(entry) = store.entries.get(&asked) {
            let answer = entry.answer.borrow();
            let known = answer.as_ref().map_or(entry.session == session, |kept| kept.sessions.contains(&session));
            drop(answer);
            return if known { Turn::Again(wait(entry.answer.clone())) } else { Turn::Another };
        }
        let (sender, answer) = watch::channel(None);
        let number = store.add(asked.clone(), session, answer, now);
        Turn::First(First { replays: self.clone(), key: asked, number, sender })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // No code that may panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn wait(mut answer: watch::Receiver<Option<Kept>>) -> Result<Kept, Problem> {
    let kept = answer.wait_for(Option::is_some).await.map(|kept| kept.clone());
    kept.ok().flatten().ok_or_else(|| Problem::Unavailable("the first post of this form was aborted".into()))
}

impl Store {
    fn add(&mut self, key: Key, session: Session, answer: watch::Receiver<Option<Kept>>, at: Timestamp) -> u64 {
        self.next += 1;
        let number = self.next;
        self.entries.insert(key.clone(), Entry { number, at, session, answer, bytes: OVERHEAD });
        self.order.push_back((key, number));
        self.grow(OVERHEAD);
        number
    }

    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        while self.bytes > CAPACITY
            && let Some((key, number)) = self.order.pop_front()
        {
            self.forget(&key, number);
        }
    }

    /// Drops expired entries, even if the clock was set back since (S47).
    fn forget_old(&mut self, now: Timestamp) {
        while let Some((key, number)) = self.order.front().cloned() {
            let entry = self.entries.get(&key).filter(|entry| entry.number == number);
            if entry.is_some_and(|entry| (now - entry.at).abs() < KEPT_FOR) {
                break;
            }
            self.order.pop_front();
            self.forget(&key, number);
        }
    }

    fn forget(&mut self, key: &Key, number: u64) {
        if self.entries.get(key).is_some_and(|entry| entry.number == number)
            && let Some(entry) = self.entries.remove(key)
        {
            self.bytes -= entry.bytes;
            if let Ok(place) = self.order.binary_search_by_key(&number, |(_, number)| *number) {
                self.order.remove(place);
            }
        }
    }
}

/// The first post of a form. If it is dropped without a response, the next post is processed.
pub(crate) struct First {
    replays: Replays,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Kept>>,
}

impl First {
    /// Gives the response to the requests that wait for it, and keeps it for later ones.
    pub(crate) fn answered(&self, kept: &Kept) {
        let mut store = self.replays.store();
        if !kept.may_change()
            && kept.body.len() <= LARGEST
            && let Some(entry) = store.entries.get_mut(&self.key).filter(|entry| entry.number == self.number)
        {
            entry.bytes = kept.size();
            store.grow(kept.size() - OVERHEAD);
        } else {
            store.forget(&self.key, self.number);
        }
        self.sender.send_replace(Some(kept.clone()));
    }
}

impl Drop for First {
    fn drop(&mut self) {
        if self.sender.borrow().is_none() {
            self.replays.store().forget(&self.key, self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn second(number: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::from_unix_timestamp(1_800_000_000 + number).unwrap())
    }

    async fn answer(status: u16, body: usize, cookie: Option<&str>, session: Session) -> Kept {
        let mut response = Response::builder().status(status);
        if let Some(cookie) = cookie {
            response = response.header("set-cookie", cookie);
        }
        Kept::of(response.body(Body::from(vec![b'a'; body])).unwrap(), "session", session).await.unwrap()
    }

    fn cookie(value: &str) -> Vec<u8> {
        Sha256::digest(value).to_vec()
    }

    fn name<F>(turn: &Turn<F>) -> &'static str {
        match turn {
            Turn::First(_) => "first",
            Turn::Again(_) => "again",
            Turn::Another => "another",
        }
    }

    #[tokio::test]
    async fn an_answer_is_for_the_browser_that_asked_and_for_a_minute() {
        let replays = Replays::default();
        let Turn::First(first) = replays.turn(vec![1], Some(cookie("old")), second(0)) else { panic!("not the first") };
        let Turn::Again(waiting) = replays.turn(vec![1], Some(cookie("old")), second(1)) else { panic!("not again") };
        assert_eq!(name(&replays.turn(vec![1], None, second(1))), "another");
        assert_eq!(name(&replays.turn(vec![2], Some(cookie("old")), second(1))), "first");

        let kept = answer(303, 0, Some("session=new; HttpOnly; Path=/"), Some(cookie("old"))).await;
        first.answered(&kept);
        assert_eq!(waiting.await.unwrap().parts.headers["set-cookie"], "session=new; HttpOnly; Path=/");
        for (session, then, expected) in [
            (Some(cookie("old")), 2, "again"),
            (Some(cookie("new")), 2, "again"),
            (Some(cookie("stolen")), 2, "another"),
            (None, 2, "another"),
            (Some(cookie("new")), 59, "again"),
            (Some(cookie("new")), 60, "first"),
        ] {
            assert_eq!(name(&replays.turn(vec![1], session, second(then))), expected, "after {then} s");
        }
    }

    #[tokio::test]
    async fn whoever_was_signed_out_by_it_is_answered_without_a_cookie() {
        let replays = Replays::default();
        let Turn::First(first) = replays.turn(vec![1], Some(cookie("old")), second(0)) else { panic!("not the first") };
        first.answered(&answer(303, 0, Some("session=; Max-Age=0; Path=/"), Some(cookie("old"))).await);
        assert_eq!(name(&replays.turn(vec![1], None, second(1))), "again");
    }

    #[tokio::test]
    async fn what_failed_or_died_is_done_anew() {
        let replays = Replays::default();
        for status in [429, 500, 503] {
            let Turn::First(first) = replays.turn(vec![1], None, second(0)) else { panic!("not the first") };
            first.answered(&answer(status, 0, None, None).await);
        }
        let Turn::First(died) = replays.turn(vec![1], None, second(0)) else { panic!("not the first") };
        let Turn::Again(waiting) = replays.turn(vec![1], None, second(0)) else { panic!("not again") };
        drop(died);
        assert!(waiting.await.is_err());
        assert_eq!(name(&replays.turn(vec![1], None, second(0))), "first");
        assert_eq!(replays.store().bytes, 0);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_the_oldest_goes() {
        let replays = Replays::default();
        for number in 0..1000_u32 {
            let key = number.to_be_bytes().to_vec();
            let Turn::First(first) = replays.turn(key, None, second(0)) else { panic!("not the first") };
            first.answered(&answer(422, LARGEST, None, None).await);
            assert!(replays.store().bytes <= CAPACITY);
        }
        {
            let store = replays.store();
            assert_eq!(store.bytes, store.entries.len() * (LARGEST + OVERHEAD));
            assert!(store.entries.len() >= 50 && store.order.len() == store.entries.len());
            assert!(!store.entries.contains_key(0_u32.to_be_bytes().as_slice()));
            assert!(store.entries.contains_key(999_u32.to_be_bytes().as_slice()));
        }

        let Turn::First(first) = replays.turn(vec![1], None, second(0)) else { panic!("not the first") };
        first.answered(&answer(422, LARGEST + 1, None, None).await);
        assert_eq!(name(&replays.turn(vec![1], None, second(0))), "first", "too large to be kept");
        assert_eq!(name(&replays.turn(vec![2], None, second(61))), "first");
        let store = replays.store();
        assert_eq!((store.entries.len(), store.order.len(), store.bytes), (0, 0, 0));
    }
}
