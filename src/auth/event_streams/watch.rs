//! The task that looks for changes, and for credentials that have ended. It runs while there are streams.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    open::{Held, Inner},
    store,
};

/// How often it asks for changes, if this instance writes nothing.
const EVERY: Duration = Duration::from_secs(1);
/// The least pause between two questions, and how many times longer than a question it is at least: under many writes,
/// asking takes a small part of the time of one connection.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_TIMES: u32 = 10;
/// How often it checks the credentials.
const CHECK_EVERY: Duration = Duration::from_secs(3);

pub(super) async fn watch(inner: Arc<Inner>) {
    let inner = &*inner;
    let mut checked = Instant::now();
    loop {
        let asked = Instant::now();
        let Some(known) = listened(inner) else { return };
        match store::newer(&inner.db, &known).await {
            Ok(newer) => {
                let mut open = inner.open();
                for (account, latest) in newer {
                    open.learn(account, latest);
                }
            }
            Err(error) => tracing::debug!(%error, "could not ask for changes"),
        }
        if checked.elapsed() >= CHECK_EVERY {
            // If that fails, the next round tries again. Meanwhile there are no changes to tell either.
            if let Err(error) = end_without_credential(inner).await {
                tracing::warn!(%error, "could not check the credentials of event streams");
            }
            checked = Instant::now();
        }
        let pause = (asked.elapsed() * PAUSE_TIMES).clamp(PAUSE, EVERY);
        let wait = async {
            sleep(pause).await;
            tokio::select! {
                () = inner.db.written.notified() => {}
                () = sleep(EVERY.saturating_sub(pause)) => {}
            }
        };
        tokio::select! {
            () = inner.stopped.cancelled() => return,
            () = wait => {}
        }
    }
}

/// The accounts that somebody listens to, each with the number of its newest change, as far as it is known. `None` if
/// there are none: the task ends, and the next stream starts another.
fn listened(inner: &Inner) -> Option<Vec<(Uuid, i64)>> {
    let mut open = inner.open();
    open.watched = !open.streams.is_empty();
    open.watched.then(|| open.accounts.iter().map(|(id, account)| (*id, *account.latest.borrow())).collect())
}

/// Ends the streams whose credential works no longer.
async fn end_without_credential(inner: &Inner) -> sqlx::Result<()> {
    let held: Vec<(u64, Held)> =
        inner.open().streams.iter().map(|(key, stream)| (*key, stream.credential.clone())).collect();
    let (mut tokens, mut browsers) = (Vec::new(), Vec::new());
    for (_, credential) in &held {
        match credential {
            Held::Token(id) => tokens.push(*id),
            Held::Browser(id, _) => browsers.push(*id),
        }
    }
    let now = inner.db.now();
    let tokens = store::working_tokens(&inner.db, &tokens, now).await?;
    let browsers: HashMap<_, _> = store::signed_in(&inner.db, &browsers, now).await?.into_iter().collect();
    let works = |credential: &Held| match credential {
        Held::Token(id) => tokens.contains(id),
        Held::Browser(id, stamp) => browsers.get(id).is_some_and(|current| *current == stamp.0),
    };
    let open = inner.open();
    for (key, _) in held.iter().filter(|(_, credential)| !works(credential)) {
        if let Some(stream) = open.streams.get(key) {
            stream.end.cancel();
        }
    }
    Ok(())
}
