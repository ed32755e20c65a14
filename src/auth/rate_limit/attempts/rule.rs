//! How many attempts a rule allows, and how long the next one has to wait.

use sha2::{Digest, Sha256};
use time::Duration;

use crate::{http::problem::Limit, timestamp::Timestamp};

/// The first wait after the burst is used up.
const FIRST_WAIT: Duration = Duration::SECOND;

/// By how much the clocks of concurrent attempts may differ without costing one of them an attempt.
const MOMENT: Duration = Duration::SECOND;

/// How often something can be attempted.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The name of the rule. Each name is counted separately.
    pub what: &'static str,
    /// Which limit the rule is a part of, for the answer.
    pub limit: Limit,
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
        Count { rule: self, key: Key::new(self.what, whom), network: false }
    }

    /// How long the next attempt has to wait after `level` attempts.
    fn wait(self, level: i64) -> Duration {
        let Some(over) = level.checked_sub(self.burst.into()).filter(|over| *over >= 0) else { return Duration::ZERO };
        let doubled = u32::try_from(over.min(30)).map_or(i32::MAX, |over| 1 << over);
        (FIRST_WAIT * doubled).min(self.pace)
    }

    /// How much longer to wait at the time `now`.
    pub(super) fn remaining(self, state: &State, now: Timestamp) -> Duration {
        let pace = self.pace.whole_milliseconds().max(1);
        // A concurrent attempt, counted a moment later, makes the debt of this one that much longer.
        let debt = (state.due_at - state.counted_at).whole_milliseconds() - MOMENT.whole_milliseconds().min(pace / 2);
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
    pub(super) rule: Rule,
    pub(super) key: Key,
    /// Whether the key is a network and nothing else.
    pub(super) network: bool,
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
pub(super) struct State {
    pub(super) key: Vec<u8>,
    /// When all attempts are forgiven.
    pub(super) due_at: Timestamp,
    /// The time of the last attempt.
    pub(super) counted_at: Timestamp,
    /// The time of the attempt before that.
    pub(super) before_at: Timestamp,
}

impl State {
    /// The state before the last attempt; `None` if everything had been forgiven.
    pub(super) fn before(self, pace: Duration) -> Option<Self> {
        let due_at = self.due_at + -pace;
        (due_at > self.counted_at).then_some(Self { due_at, counted_at: self.before_at, ..self })
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    const RULE: Rule = Rule { what: "test", limit: Limit::Mail, burst: 3, pace: Duration::seconds(60) };

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
    fn a_concurrent_attempt_counted_a_moment_later_costs_no_attempt() {
        // Two attempts: one counted at 1, then one that read the clock before it.
        let mut state = State { due_at: at(121), ..state(0, 0, 1) };
        assert_eq!(RULE.remaining(&state, at(0)), Duration::ZERO);
        state.due_at = at(181);
        assert_eq!(RULE.remaining(&state, at(0)), RULE.wait(3));
        let fast = Rule { pace: Duration::milliseconds(100), ..RULE };
        state.due_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(310));
        assert_eq!(fast.remaining(&state, at(0)), fast.wait(3));
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
