//! Clearing away what has expired.
//!
//! Each step runs in a task of its own, so that whatever becomes of one, an error, a panic, or no end at all, stands in
//! the log, and the others go on (S66). None of them sends mail: what is to be mailed goes to the mailer, which sends
//! it beside.

use std::{panic::AssertUnwindSafe, time::Duration};

use crate::{
    auth::{known_devices, rate_limit::attempts},
    feature::{Feature, Sweep, enabled},
    http::idempotency,
    state::AppState,
};

/// Few enough to hold SQLite's writer for milliseconds only.
const BATCH: i64 = 500;
/// Between two batches others come to write.
const PAUSE_BETWEEN_BATCHES: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_secs(60);
/// How long one step may take. What is left is for the next round.
const LONGEST: Duration = Duration::from_secs(600);

/// Sweeps once a minute for as long as the server runs, and tells people of what is about to end. An error is logged
/// and the next round tries again (S10, T10).
pub async fn sweep(state: AppState, features: &'static [Feature]) {
    sweep_every(state, features, PAUSE).await;
}

/// The same with another pause before each round.
pub async fn sweep_every(state: AppState, features: &'static [Feature], pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        round(&state, features).await;
    }
}

async fn round(state: &AppState, features: &'static [Feature]) {
    step("sessions", state, |state| async move { state.db.sweep_sessions(BATCH).await }).await;
    step("rate limits", state, |state| async move { attempts::sweep(&state.db, BATCH).await }).await;
    step("devices", state, |state| async move { known_devices::sweep(&state.db, BATCH).await }).await;
    step("idempotency", state, |state| async move { idempotency::sweep(&state.db, BATCH).await }).await;
    for Sweep { what, batch } in enabled(features, &state.settings).flat_map(|feature| feature.sweeps) {
        step(what, state, move |state| batch(state, BATCH)).await;
    }
}

/// One step, in a task of its own.
async fn step<F>(what: &'static str, state: &AppState, batch: impl Fn(AppState) -> F + Send + Sync + 'static)
where
    F: Future<Output = sqlx::Result<u64>> + Send,
{
    let state = state.clone();
    alone(what, async move { whole(what, || batch(state.clone())).await }).await;
}

/// Does `work`, whatever becomes of it, for so long at most.
async fn alone(what: &'static str, work: impl Future<Output = ()> + Send + 'static) {
    let task = tokio::spawn(tokio::time::timeout(LONGEST, AssertUnwindSafe(work)));
    match task.await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => tracing::error!(what, "sweep takes too long, and goes on in the next round"),
        Err(error) => tracing::error!(what, %error, "sweep failed, and the next round tries again"),
    }
}

/// Batch after batch, until one is not full.
async fn whole<F: Future<Output = sqlx::Result<u64>>>(what: &str, batch: impl Fn() -> F) {
    loop {
        match batch().await {
            Ok(0) => return,
            Ok(count) => {
                tracing::debug!(what, count, "swept");
                if i64::try_from(count).is_ok_and(|count| count < BATCH) {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(what, %error, "sweep failed");
                return;
            }
        }
        tokio::time::sleep(PAUSE_BETWEEN_BATCHES).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_step_that_panics_ends_alone() {
        static DONE: AtomicU64 = AtomicU64::new(0);
        alone("a test", async { panic!("a test") }).await;
        alone("a test", async { whole("a test", || async { Ok(DONE.fetch_add(1, Ordering::Relaxed) & 1) }).await })
            .await;
        assert_eq!(DONE.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_without_an_end_is_ended() {
        alone("a test", std::future::pending()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn full_batches_are_followed_by_others_and_an_error_ends_them() {
        let batch = u64::try_from(BATCH).unwrap();
        for (last, expected) in [(Ok(0), 4), (Ok(7), 4), (Err(()), 4)] {
            let asked = AtomicU64::new(0);
            let next = || {
                let nth = asked.fetch_add(1, Ordering::Relaxed);
                async move { if nth < 3 { Ok(batch) } else { last.map_err(|()| sqlx::Error::PoolClosed) } }
            };
            whole("a test", next).await;
            assert_eq!(asked.load(Ordering::Relaxed), expected);
        }
    }
}
