//! Slowing down whoever tries too often, without locking anybody out (S26).
//!
//! **How it counts.** A [`Rule`] allows a burst of tries; what is more has to wait, one second first, then twice as long
//! each time, up to the rule's pace. One try is forgiven with every pace that passes, so in the long run there is one
//! try in each. A try is counted before it is made and given back where it did no harm: counted afterwards, a hundred
//! tries at once would all be free. A try that has to wait is not made and counts for nothing, so knocking at a closed
//! door does not keep it closed.
//!
//! **For whom.** A browser that has signed in to the account before shows so by a device cookie (`doors::device`; OWASP, *Slow
//! Down Online Guessing Attacks with Device Cookies*). The cookie opens nothing: its tries count by account *and* device, and
//! by nothing else. So whatever strangers do, from however many networks and for however long, the owner signs in on such a
//! browser, wherever it is (S68); and whoever steals one has ten guesses, and one more each quarter of an hour.
//!
//! All other tries to sign in count by three rules, and the slowest of them says how long to wait:
//!
//! - by account *and* network, strictly: this is somebody who guesses one password. It says nothing to anybody else;
//! - by network, across accounts: somebody who tries one password on many accounts. It is generous, since many people
//!   may share an address;
//! - by account, from wherever: many machines that guess one password together. The longest wait is a minute, and a network
//!   from which the account was signed in to lately does not count by it at all.
//!
//! **What that means to an owner** whose account is being guessed at from many networks. In a browser that has signed in
//! before: nothing. At the token door, where no cookie is read, and in a new browser: nothing on a network from which they
//! have signed in within 30 days. In a new browser on a new network, each answer says a minute at most, but whoever guesses
//! may be faster each time; a link for a new password is not held up by any of it, and the browser that uses it signs in at
//! once. Not covered is a stranger behind the owner's own address, who can make a new browser there wait by the first rule,
//! fifteen minutes at most, as long as he goes on.
//!
//! **Mail** that anybody can ask for counts by who asks and by whom it goes to, each purpose for itself: what somebody does to
//! sign up, or to confirm, with another's address does not keep the owner from a link for a new password. That link is
//! never refused on account of whom it goes to: where too many were asked for, none is mailed while the last one is good for
//! half of its time still, and the answer is the same. An action that sends no mail gives back what it counted.
//!
//! An account that does not exist is counted by what was typed, exactly as one that does (S25). A network is an IPv4 address,
//! or the first 64 bits of an IPv6 address; what counts across accounts counts by its first 56 and 48 bits as well, with 4
//! and 16 times as much, since one customer may have all of them (S69).
//!
//! **Where.** In the database, so that it holds across instances and restarts (S46): an upsert for each rule, which is
//! little beside the hash of a password. A row is a hash, so what was typed by mistake into the wrong field lies nowhere,
//! and is swept once it is forgiven. Each row costs whoever makes it a password's hashing, of which there are only so
//! many in a second, or one of the mails of their address, so the table stays small. What a clock has counted that was ahead
//! counts for nothing once the clock is right again: no wait is longer than its rule's pace.
//!
//! **To slow down something else**, make a [`Rule`] with a name of its own, and [`take`] one try of it for each of those it
//! counts by, before the work:
//!
//! ```ignore
//! let rule = Rule { what: "reset address", burst: 5, pace: Duration::minutes(10) };
//! let taken = throttle::take(&db, vec![rule.of(&[&address])]).await?;
//! ```

mod store;

use sha2::{Digest, Sha256};
use time::Duration;

use crate::{db::Db, http::problem::Problem, timestamp::Timestamp};

/// The wait after the first try too many.
const FIRST_WAIT: Duration = Duration::SECOND;

/// How often something may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What is counted; each name counts for itself.
    pub what: &'static str,
    /// How many tries are free.
    pub burst: u32,
    /// How long it takes until one of them is forgiven.
    pub pace: Duration,
}

impl Rule {
    /// The same for `times` as many people: so many more tries, and each forgiven in so much less time.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { burst: self.burst.saturating_mul(times), pace: self.pace / times.max(1), ..self }
    }

    /// The count of the tries of `whom`.
    pub fn of(self, whom: &[&str]) -> Count {
        Count { rule: self, key: Key::new(self.what, whom) }
    }

    /// How long after the `level`th try the next has to wait.
    fn wait(self, level: i64) -> Duration {
        let Some(over) = level.checked_sub(self.burst.into()).filter(|over| *over >= 0) else { return Duration::ZERO };
        let doubled = u32::try_from(over.min(30)).map_or(i32::MAX, |over| 1 << over);
        (FIRST_WAIT * doubled).min(self.pace)
    }

    /// How much longer to wait, seen from `now`.
    fn remaining(self, state: &State, now: Timestamp) -> Duration {
        let debt = (state.due_at - state.counted_at).whole_milliseconds();
        let pace = self.pace.whole_milliseconds().max(1);
        let level = i64::try_from((debt + pace - 1) / pace).unwrap_or(i64::MAX);
        let wait = self.wait(level);
        // Only a clock that was ahead has counted later than the longest wait from now. One that went back a little, or a
        // try that was counted a moment later than this one, adds nothing (S47).
        if state.counted_at - now > self.pace {
            return Duration::ZERO;
        }
        (state.counted_at + wait - now).clamp(Duration::ZERO, wait)
    }
}

/// What is counted by one rule, for one somebody.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    rule: Rule,
    key: Key,
}

/// SHA-256 of what is counted and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of `what` for `whom`; no two lists have one key.
    pub fn new(what: &str, whom: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in [what].iter().chain(whom) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The key itself.
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// A row: what was tried so far.
#[derive(Clone, Debug, sqlx::FromRow)]
struct State {
    key: Vec<u8>,
    /// When all of it is forgiven.
    due_at: Timestamp,
    /// The last try.
    counted_at: Timestamp,
    /// The try before that.
    before_at: Timestamp,
}

impl State {
    /// As it was before the last try; none where all had been forgiven.
    fn before(self, pace: Duration) -> Option<Self> {
        let due_at = self.due_at + -pace;
        (due_at > self.counted_at).then_some(Self { due_at, counted_at: self.before_at, ..self })
    }
}

/// Tries that were counted.
#[derive(Debug)]
#[must_use]
pub struct Taken(Vec<Count>);

impl Taken {
    /// Uncounts them: they did no harm. Where that fails, they are forgiven with time.
    pub async fn give_back(self, db: &Db) {
        for count in self.0 {
            give_back(db, count).await;
        }
    }
}

/// Uncounts one try. Where that fails, it is forgiven with time.
pub async fn give_back(db: &Db, count: Count) {
    if let Err(error) = store::give_back(db, count.key, db.now(), count.rule.pace).await {
        tracing::warn!(%error, what = count.rule.what, "try not given back");
    }
}

/// Counts one try by each of `counts`, six at most, if none of them has to wait.
///
/// # Errors
/// [`Problem::RateLimited`] with the time to wait, and nothing is counted; the database's.
pub async fn take(db: &Db, counts: Vec<Count>) -> Result<Taken, Problem> {
    let states = store::look(db, &counts).await?;
    let now = db.now();
    let waits =
        counts.iter().zip(&states).filter_map(|(count, state)| Some(count.rule.remaining(state.as_ref()?, now)));
    refuse(waits.max().unwrap_or_default())?;

    let mut taken = Taken(Vec::new());
    let mut wait = Duration::ZERO;
    for count in counts {
        let state = store::count(db, count.key, db.now(), count.rule.pace).await?;
        taken.0.push(count);
        // Others may have been counted between the look and this.
        let counted_at = state.counted_at;
        if let Some(before) = state.before(count.rule.pace) {
            wait = wait.max(count.rule.remaining(&before, counted_at));
        }
    }
    if let Err(problem) = refuse(wait) {
        taken.give_back(db).await;
        return Err(problem);
    }
    Ok(taken)
}

fn refuse(wait: Duration) -> Result<(), Problem> {
    if wait.is_zero() {
        return Ok(());
    }
    // A whole second that is not over yet would be too early.
    let seconds = wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0);
    Err(Problem::RateLimited(u32::try_from(seconds).unwrap_or(u32::MAX)))
}

/// Forgives everything at once. Where that fails, it is forgiven with time.
pub async fn forgive(db: &Db, count: Count) {
    if let Err(error) = store::delete(db, count.key).await {
        tracing::warn!(%error, what = count.rule.what, "tries not forgiven");
    }
}

/// Remembers `key` for a while, among what is counted and swept like it.
///
/// # Errors
/// The database's.
pub async fn remember(db: &Db, key: Key, time: Duration) -> sqlx::Result<()> {
    store::set(db, key, db.now(), time).await
}

/// Whether `key` is remembered still.
///
/// # Errors
/// The database's.
pub async fn is_remembered(db: &Db, key: Key) -> sqlx::Result<bool> {
    Ok(store::find(db, key).await?.is_some_and(|state| state.due_at > db.now()))
}

/// Deletes up to `batch` rows that are forgiven and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now(), batch).await
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    const RULE: Rule = Rule { what: "test", burst: 3, pace: Duration::seconds(60) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    fn state(due: i64, counted: i64, before: i64) -> State {
        State { key: Vec::new(), due_at: at(due), counted_at: at(counted), before_at: at(before) }
    }

    #[test]
    fn waits_double_up_to_the_pace() {
        let waits: Vec<_> = (1..=12).map(|level| RULE.wait(level).whole_seconds()).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(RULE.wait(i64::MAX), RULE.pace);
        assert_eq!(RULE.wait(0), Duration::ZERO);
    }

    #[test]
    fn what_remains_runs_out() {
        // Five tries at once.
        let state = state(5 * 60, 0, 0);
        assert_eq!(RULE.remaining(&state, at(0)).whole_seconds(), 4);
        assert_eq!(RULE.remaining(&state, at(3)).whole_seconds(), 1);
        assert_eq!(RULE.remaining(&state, at(4)), Duration::ZERO);
        assert_eq!(RULE.remaining(&state, at(-30)).whole_seconds(), 4, "a clock that went back");
        assert_eq!(RULE.remaining(&state, at(-1_000)), Duration::ZERO, "a clock that was ahead");
        let longest = State { due_at: at(60 * 60), ..state };
        assert_eq!(RULE.remaining(&longest, at(-1)), RULE.pace, "one that was counted a moment later");
    }

    #[test]
    fn many_people_may_try_more_often() {
        let many = RULE.times(16);
        assert_eq!((many.burst, many.pace), (48, Duration::milliseconds(3_750)));
        assert_eq!((many.wait(47), many.wait(48), many.wait(60)), (Duration::ZERO, Duration::SECOND, many.pace));
    }

    #[test]
    fn the_state_before_is_known_by_the_debt() {
        let pace = RULE.pace;
        assert!(state(160, 100, 0).before(pace).is_none());
        let before = state(220, 100, 90).before(pace).unwrap();
        assert_eq!((before.due_at, before.counted_at), (at(160), at(90)));
    }

    #[test]
    fn no_two_lists_have_one_key() {
        let keys = [
            Key::new("a", &["b", "c"]),
            Key::new("a", &["bc"]),
            Key::new("a", &["b", "", "c"]),
            Key::new("ab", &["c"]),
            Key::new("a", &["c", "b"]),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[index + 1..].contains(key), "{index}");
        }
    }
}
