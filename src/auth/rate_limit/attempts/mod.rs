//! Rate limits for signing in, signing up, sending mail, and whatever else should not be repeated without end: they
//! slow down guessing without locking anybody out (S26). The settings are in `[throttle]`. How many requests the token
//! door accepts is another limit, see [`super::requests`].
//!
//! **To limit a call of your own**, [`take`] an attempt first thing in its service, by each key that it counts by. Put
//! the numbers into a section of the settings:
//!
//! ```ignore
//! // By the network that the request comes from, and by the account. Each `what` is counted separately.
//! // `Limit::Invite` is a new row in `src/http/problem/limit.rs` and in docs/errors.md.
//! let rule = |what, burst, pace| Rule { what, limit: Limit::Invite, burst, pace };
//! let mut counts = attempts::from_network(client, rule("invite address", 30, Duration::minutes(5)));
//! counts.push(rule("invite account", 10, Duration::hours(1)).of(&[&account.to_string()]));
//! let taken = attempts::take(&db, counts).await?; // Problem::RateLimited, with the time to wait
//! ```
//!
//! The attempt stays counted, unless it did no harm and is given back ([`Taken::give_back`]).
//!
//! **Counting.** A [`Rule`] allows a burst of attempts. After that, each further attempt has to wait: one second at
//! first, then twice as long each time, up to the rule's pace. One attempt is forgiven per pace, so in the long run
//! each pace allows one attempt. An attempt is counted before it is made and uncounted if it did no harm; if it were
//! counted afterwards, a hundred concurrent attempts would all be free. An attempt that has to wait is not made and not
//! counted, so retrying while blocked does not extend the block.
//!
//! **Device cookies.** A browser that signed in to the account before has a device cookie
//! ([`crate::auth::device_cookie`]; OWASP, *Slow Down Online Guessing Attacks with Device Cookies*). The cookie gives
//! no access. Attempts with it are counted by account *and* device, and by nothing else. So the owner can always sign
//! in on such a browser, from any network, whatever attackers do (S68). Somebody who steals the cookie gets ten
//! guesses, and one more every 15 minutes.
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

mod rule;
mod store;

use time::Duration;

pub use self::rule::{Count, Key, Rule};
use crate::{
    db::Db,
    http::{client::Client, problem::Problem},
};

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
    let waits = counts.iter().zip(&states).filter_map(|(count, state)| Some((count, state.as_ref()?)));
    refuse(waits.map(|(count, state)| (*count, count.rule.remaining(state, now))))?;

    let (mut taken, mut waits) = (Taken(Vec::new()), Vec::new());
    for count in counts {
        let state = store::count(db, count.key, db.now(), count.rule.pace).await?;
        taken.0.push(count);
        // Concurrent attempts may have been counted since the states were read.
        let counted_at = state.counted_at;
        if let Some(before) = state.before(count.rule.pace) {
            waits.push((count, count.rule.remaining(&before, counted_at)));
        }
    }
    if let Err(problem) = refuse(waits) {
        taken.give_back(db).await;
        return Err(problem);
    }
    Ok(taken)
}

/// One count by `rule` for each network that may belong to the client alone (S69), for [`take`].
pub fn from_network(client: &Client, rule: Rule) -> Vec<Count> {
    let of = |rule: Rule, network: &str| Count { network: true, ..rule.of(&[network]) };
    let counts: Vec<_> =
        client.networks().iter().map(|(network, times)| of(rule.times(*times), &network.to_string())).collect();
    // Clients without a known address share one count.
    if counts.is_empty() { vec![of(rule, "")] } else { counts }
}

/// Refuses by the count with the longest of `waits`.
fn refuse(waits: impl IntoIterator<Item = (Count, Duration)>) -> Result<(), Problem> {
    let longest = waits.into_iter().max_by_key(|(_, wait)| *wait).filter(|(_, wait)| !wait.is_zero());
    let Some((Count { rule, network, .. }, wait)) = longest else { return Ok(()) };
    // Round up: a client that retries earlier would be refused again.
    let seconds = wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0);
    Err(Problem::rate_limited_by(rule.limit, network, u32::try_from(seconds).unwrap_or(u32::MAX)))
}

/// How long the next attempt has to wait by any of `counts`.
///
/// # Errors
/// If the database fails.
pub async fn waits(db: &Db, counts: &[Count]) -> sqlx::Result<Duration> {
    let mut longest = Duration::ZERO;
    for some in counts.chunks(6) {
        let (states, now) = (store::look(db, some).await?, db.now());
        let waits =
            some.iter().zip(&states).filter_map(|(count, state)| Some(count.rule.remaining(state.as_ref()?, now)));
        longest = waits.max().unwrap_or_default().max(longest);
    }
    Ok(longest)
}

/// Forgives all attempts of `counts`, and returns how many of them had any.
///
/// # Errors
/// If the database fails.
pub async fn forgive_all(db: &Db, counts: &[Count]) -> sqlx::Result<u64> {
    let mut forgiven = 0;
    for count in counts {
        forgiven += store::delete(db, count.key).await?;
    }
    Ok(forgiven)
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
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now(), batch).await
}
