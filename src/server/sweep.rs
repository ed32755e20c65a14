//! Clearing away what has expired.

use std::time::Duration;

use crate::{accounts::links, db::Db, sign_ins};

/// Few enough to hold the writer for milliseconds only.
const BATCH: i64 = 500;
const PAUSE: Duration = Duration::from_secs(60);

/// Sweeps once a minute for as long as the server runs. An error is logged and the next round tries again (S10, T10).
pub async fn sweep(db: Db) {
    loop {
        tokio::time::sleep(PAUSE).await;
        let (sessions, sign_ins) = (db.sweep_sessions(BATCH).await, sign_ins::service::sweep(&db, BATCH).await);
        let links = links::sweep(&db, BATCH).await;
        for (what, swept) in [("sessions", sessions), ("sign-ins", sign_ins), ("links", links)] {
            match swept {
                Ok(0) => {}
                Ok(count) => tracing::debug!(what, count, "swept"),
                Err(error) => tracing::warn!(what, %error, "sweep failed"),
            }
        }
    }
}
