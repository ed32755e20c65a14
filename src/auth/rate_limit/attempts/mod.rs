//! Rate limits for signing in, signing up and sending mail: they slow down guessing without locking anybody out (S26).
//!
//! **Counting.** A [`Rule`] allows a burst of attempts. After that, each further attempt has to wait: one second at
//! first, then twice as long each time, up to the rule's pace. One attempt is forgiven per pace, so in the long run
//! each pace allows one attempt. An attempt is counted before it is made and uncounted if it did no harm; if it were
//! counted afterwards, a hundred concurrent attempts would all be free. An attempt that has to wait is not made and not
//! counted, so retrying while blocked does not extend the block.
//!
//! **Device cookies.** A browser that signed in to the account before has a device cookie (`doors::device`; OWASP,
//! *Slow Down Online Guessing Attacks with Device Cookies*). The cookie gives no access. Attempts with it are counted
//! by account *and* device, and by nothing else. So the owner can always sign in on such a browser, from any network,
//! whatever attackers do (S68). Somebody who steals the cookie gets ten guesses, and one more every 15 minutes.
//!
//! All other attempts to sign in are counted by three rules; the longest wait applies:
//!
//! - by account *and* network, strictly: against guessing the password of one account. It affects nobody else;
//! - by network, across accounts: against trying one password on many accounts. It is generous, since many people may
//!   share an address;
//! - by account, from any network: against many machines that guess one password together. The longest wait is a
//!   minute, and networks from which somebody signed in to the account recently are exempt.
//!
//! **What an owner notices** while their account is under attack from many networks. In a browser that signed in
//! before: nothing. At the token door, where no cookie is read, and in a new browser: nothing, on a network from which
//! they signed in within 30 days. In a new browser on a new network, they have to wait up to a minute, and an attacker
//! may be faster each time. A reset link is not affected by any of this, and the browser that uses it can sign in at
//! once. Not covered: an attacker behind the owner's own address can make a new browser there wait by the first rule,
//! for up to 15 minutes, as long as the attack goes on.
//!
//! **Mail** that anybody can request is counted by who requests it and by recipient, separately for each purpose, so
//! that sign-ups with another person's address do not keep the owner from getting a reset link. A reset link is never
//! refused because of its recipient: after too many requests, no new link is sent while the last one is valid for at
//! least half of its lifetime, and the answer is the same. An action that sends no mail is uncounted.
//!
//! Attempts on an account that does not exist are counted by the typed address, like those on one that does (S25). A
//! network is an IPv4 address, or the first 64 bits of an IPv6 address. Rules across accounts also count the first 56
//! and 48 bits, with 4 and 16 times the limit, since one customer may have all of them (S69).
//!
//! **Storage.** In the database, so that the limits apply across instances and restarts (S46). The cost is one upsert
//! per rule, little compared to a password hash. The key of a row is a hash, so a password typed into the wrong field
//! is not stored, and rows are deleted once they are forgiven. Each row costs its creator a password hash, of which
//! there are only so many per second, or one of the mails of their address, so the table stays small. Attempts counted
//! while a clock was ahead are ignored once it is right again: no wait is longer than the rule's pace.
//!
//! **To limit something else**, define a [`Rule`] with a name of its own, and [`take`] one attempt for each key it
//! counts by before doing the work:
//!
//! ```ignore
//! let rule = Rule { what: "reset address", burst: 5, pace: Duration::minutes(10) };
//! let taken = throttle::take(&db, vec![rule.of(&[&address])]).await?;
//! ```

mod store;

use sha2::{Digest, Sha256};
use time::Duration;

use crate::{db::Db, http::problem::Problem, timestamp::Timestamp};

/// The first wait after the burst is used up.
const FIRST_WAIT: Duration = Duration::SECOND;

/// How often something can be attempted.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The name of the rule. Each name is counted separately.
    pub what: &'static str,
    /// How many attempts need no waiting.
    pub burst: u32,
    /// How long it takes until one attempt is forgiven.
    pub pace: Duration,
}

impl Rule {
    /// The rule for `times` as many people: `times` the burst, and a pace that is as much shorter.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { burst: self.burst.saturating_mul(times), pace: self.pace / times.max(1), ..self }
    }

    /// The count of this rule for the key `whom`.
    pub fn of(self, whom: &[&str]) -> Count {
        Count { rule: self, key: Key::new(self.what, whom) }
    }

    /// How long the next attempt has to wait after `level` attempts.
    fn wait(self, level: i64) -> Duration {
        let Some(over) = level.checked_sub(self.burst.into()).filter(|over| *over >= 0) else { return Duration::ZERO };
        let doubled = u32::try_from(over.min(30)).map_or(i32::MAX, |over| 1 << over);
        (FIRST_WAIT * doubled).min(self.pace)
    }

    /// How much longer to wait at the time `now`.
    fn remaining(self, state: &State, now: Timestamp) -> Duration {
        let debt = (state.due_at - state.counted_at).whole_milliseconds();
        let pace = self.pace.whole_milliseconds().max(1);
        let level = i64::try_from((debt + pace - 1) / pace).unwrap_or(i64::MAX);
        let wait = self.wait(level);
        // An attempt counted further in the future than the longest wait comes from a clock that was ahead. A clock
        // that went back a little, or a concurrent attempt counted a moment later, adds nothing (S47).
        if state.counted_at - now > self.pace {
            return Duration::ZERO;
        }
        (state.counted_at + wait - now).clamp(Duration::ZERO, wait)
    }
}

/// What one rule counts for one key.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    rule: Rule,
    key: Key,
}

/// The SHA-256 hash of a rule's name and what it counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of `what` for `whom`. Different lists have different keys.
    pub fn new(what: &str, whom: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in [what].iter().chain(whom) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The bytes of the key.
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// A row: the attempts so far.
#[derive(Clone, Debug, sqlx::FromRow)]
struct State {
    key: Vec<u8>,
    /// When all attempts are forgiven.
    due_at: Timestamp,
    /// The time of the last attempt.
    counted_at: Timestamp,
    /// The time of the attempt before that.
    before_at: Timestamp,
}

impl State {
    /// The state before the last attempt; `None` if everything had been forgiven.
    fn before(self, pace: Duration) -> Option<Self> {
        let due_at = self.due_at + -pace;
        (due_at > self.counted_at).then_some(Self { due_at, counted_at: self.before_at, ..self })
    }
}

/// Counted attempts.
#[derive(Debug)]
#[must_use]
pub struct Taken(Vec<Count>);

impl Taken {
    /// Uncounts the attempts, because they did no harm. If that fails, they are forgiven in time.
    pub async fn give_back(self, db: &Db) {
        for count in self.0 {
            give_back(db, count).await;
        }
    }
}

/// Uncounts one attempt. If that fails, it is forgiven in time.
pub async fn give_back(db: &Db, count: Count) {
    if let Err(error) = store::give_back(db, count.key, db.now(), count.rule.pace).await {
        tracing::warn!(%error, what = count.rule.what, "attempt not uncounted");
    }
}

/// Counts one attempt by each of `counts`, at most six, if none of them has to wait.
///
/// # Errors
/// [`Problem::RateLimited`] with the time to wait, and nothing is counted; or if the database fails.
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
        // Concurrent attempts may have been counted since the states were read.
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
    // Round up: a client that retries earlier would be refused again.
    let seconds = wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0);
    Err(Problem::RateLimited(u32::try_from(seconds).unwrap_or(u32::MAX)))
}

/// Forgives all attempts of a count. If that fails, they are forgiven in time.
pub async fn forgive(db: &Db, count: Count) {
    if let Err(error) = store::delete(db, count.key).await {
        tracing::warn!(%error, what = count.rule.what, "attempts not forgiven");
    }
}

/// Remembers `key` for `time`, in the same table.
///
/// # Errors
/// If the database fails.
pub async fn remember(db: &Db, key: Key, time: Duration) -> sqlx::Result<()> {
    store::set(db, key, db.now(), time).await
}

/// Whether `key` is still remembered.
///
/// # Errors
/// If the database fails.
pub async fn is_remembered(db: &Db, key: Key) -> sqlx::Result<bool> {
    Ok(store::find(db, key).await?.is_some_and(|state| state.due_at > db.now()))
}

/// Deletes up to `batch` forgiven rows and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
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
        // Five concurrent attempts.
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
