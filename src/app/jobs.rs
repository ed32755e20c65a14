//! The background jobs: those of the core, which delete what has expired, and those of the features.
//!
//! Each job runs in a task of its own, so that whatever becomes of one, an error, a panic, or no end at all, stands in
//! the log, and the others go on (S66). None of them waits for mail to be sent: the mailer has a task of its own.
//! Every instance runs every job, see [`Job`].

use std::{panic::AssertUnwindSafe, time::Duration};

use crate::{
    auth::{dpop, event_streams, known_devices, rate_limit::attempts, session, sign_in},
    feature::{Feature, Job, enabled},
    http::idempotency,
    mail::admin as mail,
    metrics::{Tally, Times},
    state::AppState,
};

/// How many rows a job works on at a time. Few enough to hold SQLite's writer for milliseconds only.
const BATCH: i64 = 500;
/// Between two batches of a job. Meanwhile others can write.
const PAUSE_BETWEEN_BATCHES: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_secs(60);
/// How long one job may take in a round. What is left is for the next round.
const LONGEST: Duration = Duration::from_secs(600);

/// Rounds of each job.
pub static RUNS: Tally =
    Tally::new("vestibule_job_runs_total", "Rounds of a background job, by result.", ["name", "result"]);
/// When each job last came to its end.
pub static SUCCEEDED: Times =
    Times::new("vestibule_job_last_success_timestamp_seconds", "When a background job last came to its end.", "name");

/// Runs the jobs once a minute for as long as the server runs, the first time after a minute. An error is logged and
/// the next round tries again (S10, T10).
pub async fn run_jobs(state: AppState, features: &'static [Feature]) {
    run_jobs_every(state, features, PAUSE).await;
}

/// The same with another pause before each round.
pub async fn run_jobs_every(state: AppState, features: &'static [Feature], pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        round(&state, features).await;
    }
}

async fn round(state: &AppState, features: &'static [Feature]) {
    job("sessions", state, |state| async move { session::delete_expired(&state.db, BATCH).await }).await;
    job("rate limits", state, |state| async move { attempts::delete_expired(&state.db, BATCH).await }).await;
    job("devices", state, |state| async move { known_devices::delete_expired(&state.db, BATCH).await }).await;
    job("trusted browsers", state, |state| async move { known_devices::delete_expired_trust(&state.db, BATCH).await })
        .await;
    job("pending sign-ins", state, |state| async move { sign_in::delete_expired(&state.db, BATCH).await }).await;
    job("proofs", state, |state| async move { dpop::delete_expired(&state.db, BATCH).await }).await;
    job("idempotency", state, |state| async move { idempotency::delete_expired(&state.db, BATCH).await }).await;
    let mails =
        |state: AppState| async move { mail::delete_expired(&state.db, state.settings.mail.keep_days, BATCH).await };
    job("mails", state, mails).await;
    let changes = |state: AppState| async move {
        event_streams::delete_expired(&state.db, state.settings.events.keep_days, BATCH).await
    };
    job("changes", state, changes).await;
    for Job { what, run } in enabled(features, &state.settings).flat_map(|feature| feature.jobs) {
        job(what, state, move |state| run(state, BATCH)).await;
    }
}

/// One job, in a task of its own.
async fn job<F>(what: &'static str, state: &AppState, batch: impl Fn(AppState) -> F + Send + Sync + 'static)
where
    F: Future<Output = sqlx::Result<u64>> + Send,
{
    let state = state.clone();
    alone(what, async move { whole(what, || batch(state.clone())).await }).await;
}

/// Does `work`, whatever becomes of it, for so long at most.
async fn alone(what: &'static str, work: impl Future<Output = bool> + Send + 'static) {
    let task = tokio::spawn(tokio::time::timeout(LONGEST, AssertUnwindSafe(work)));
    let result = match task.await {
        Ok(Ok(true)) => {
            SUCCEEDED.now(what);
            "done"
        }
        Ok(Ok(false)) => "failed",
        Ok(Err(_)) => {
            tracing::error!(what, "job takes too long, and goes on in the next round");
            "cut_short"
        }
        Err(error) => {
            tracing::error!(what, %error, "job failed, and the next round tries again");
            "panicked"
        }
    };
    RUNS.add([what, result], 1);
}

/// Batch after batch, until one is not full. Returns whether none has failed.
async fn whole<F: Future<Output = sqlx::Result<u64>>>(what: &'static str, batch: impl Fn() -> F) -> bool {
    loop {
        match batch().await {
            Ok(0) => return true,
            Ok(count) => {
                tracing::debug!(what, count, "job done");
                if i64::try_from(count).is_ok_and(|count| count < BATCH) {
                    return true;
                }
            }
            Err(error) => {
                tracing::warn!(what, %error, "job failed");
                return false;
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
    async fn a_job_that_panics_ends_alone() {
        static DONE: AtomicU64 = AtomicU64::new(0);
        fn panics() -> bool {
            panic!("a test")
        }
        alone("a test", async { panics() }).await;
        alone("a test", async { whole("a test", || async { Ok(DONE.fetch_add(1, Ordering::Relaxed) & 1) }).await })
            .await;
        assert_eq!(DONE.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_without_an_end_is_ended() {
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
