//! Clearing away what has expired.

use std::time::Duration;

use crate::{accounts::links, activity, idempotency, sign_ins, state::AppState, throttle, tokens};

/// Few enough to hold the writer for milliseconds only.
const BATCH: i64 = 500;
/// Between two batches others come to write.
const BREATH: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_secs(60);

/// Sweeps once a minute for as long as the server runs, and tells people of what is about to end. An error is logged and
/// the next round tries again (S10, T10).
pub async fn sweep(AppState { db, mailer, settings, .. }: AppState) {
    let (days, tokens_days) = (settings.activity.keep_days, settings.tokens.keep_days);
    loop {
        tokio::time::sleep(PAUSE).await;
        whole("sessions", || db.sweep_sessions(BATCH)).await;
        whole("sign-ins", || sign_ins::service::sweep(&db, BATCH)).await;
        whole("links", || links::sweep(&db, BATCH)).await;
        whole("activity", || activity::service::sweep(&db, days, BATCH)).await;
        whole("throttle", || throttle::sweep(&db, BATCH)).await;
        whole("idempotency", || idempotency::sweep(&db, BATCH)).await;
        whole("tokens", || tokens::service::sweep(&db, tokens_days, BATCH)).await;
        whole("tokens about to end", || tokens::service::tell_of_end(&db, &settings, &mailer, BATCH)).await;
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
        tokio::time::sleep(BREATH).await;
    }
}
