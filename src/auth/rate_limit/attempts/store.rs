//! The `rate_limit_attempts` table.

use time::Duration;

use super::rule::{Count, Key, State};
use crate::{
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// The state of each of `counts`, in their order.
pub(crate) async fn look(db: &Db, counts: &[Count]) -> sqlx::Result<Vec<Option<State>>> {
    let key = |index: usize| counts.get(index).or(counts.first()).map(|count| count.key.bytes()).unwrap_or_default();
    let states: Vec<State> = fetch!(
        db,
        all,
        "SELECT key, due_at, counted_at, before_at FROM rate_limit_attempts WHERE key IN ($1, $2, $3, $4, $5, $6)",
        key(0),
        key(1),
        key(2),
        key(3),
        key(4),
        key(5),
    )?;
    let state = |count: &Count| states.iter().find(|state| state.key == count.key.bytes()).cloned();
    Ok(counts.iter().map(state).collect())
}

pub(crate) async fn find(db: &Db, key: Key) -> sqlx::Result<Option<State>> {
    const FIND: &str = "SELECT key, due_at, counted_at, before_at FROM rate_limit_attempts WHERE key = $1";
    fetch!(db, optional, FIND, key.bytes())
}

/// Counts one attempt: adds one `pace` to the time until everything is forgiven, and returns the new state. Attempts
/// counted more than a pace in the future come from a clock that was ahead, and are dropped.
pub(crate) async fn count(db: &Db, key: Key, now: Timestamp, pace: Duration) -> sqlx::Result<State> {
    execute!(
        db,
        one,
        "INSERT INTO rate_limit_attempts (key, due_at, counted_at, before_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (key) DO UPDATE SET
            due_at = CASE WHEN rate_limit_attempts.due_at > excluded.counted_at
                    AND rate_limit_attempts.counted_at <= excluded.due_at
                THEN rate_limit_attempts.due_at + (excluded.due_at - excluded.counted_at) ELSE excluded.due_at END,
            counted_at = excluded.counted_at,
            before_at = rate_limit_attempts.counted_at
         RETURNING key, due_at, counted_at, before_at",
        key.bytes(),
        now + pace,
        now,
    )
}

/// Uncounts the last attempt. If there was no other, nothing of its time remains either, which may be that of a clock
/// that was ahead (S47).
pub(crate) async fn give_back(db: &Db, key: Key, now: Timestamp, pace: Duration) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE rate_limit_attempts SET
            due_at = CASE WHEN due_at - ($2 - $3) > counted_at THEN due_at - ($2 - $3) ELSE before_at END,
            counted_at = before_at
         WHERE key = $1",
        key.bytes(),
        now + pace,
        now,
    )
}

pub(crate) async fn set(db: &Db, key: Key, now: Timestamp, time: Duration) -> sqlx::Result<()> {
    let rows: sqlx::Result<u64> = execute!(
        db,
        affected,
        "INSERT INTO rate_limit_attempts (key, due_at, counted_at, before_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at, counted_at = excluded.counted_at",
        key.bytes(),
        now + time,
        now,
    );
    rows.map(drop)
}

pub(crate) async fn delete(db: &Db, key: Key) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM rate_limit_attempts WHERE key = $1", key.bytes())
}

pub(crate) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM rate_limit_attempts WHERE key IN
            (SELECT key FROM rate_limit_attempts WHERE due_at < $1 ORDER BY due_at LIMIT $2)",
        now,
        batch,
    )
}
