//! The public URL with which the server was last started. The command line creates links to that URL only.

use url::Url;

use super::store;
use crate::{db::Db, http::problem::Problem, settings::Settings};

const KEY: &str = "public_url";
/// The domain of the passkeys (RP ID) with which the server was last started.
const RP_ID: &str = "rp_id";

/// Logs a warning if there are passkeys that browsers no longer offer, because they are of another domain: the public
/// URL or `passkeys.rp_id` has changed since the last start. Then it stores the domain. What cannot be read or written
/// is logged, and ends no start.
pub async fn warn_of_lost_passkeys(db: &Db, settings: &Settings) {
    // Passkeys that are off for a while belong to the same domain as before.
    let Some(ours) = settings.passkeys.rp_id(&settings.server.public_url) else { return };
    let work = async {
        let stored = store::get(db, RP_ID).await?;
        // An earlier version stored only the URL.
        let before = match stored.clone() {
            Some(before) => Some(before),
            None => store::get(db, KEY).await?.and_then(|url| Some(Url::parse(&url).ok()?.host_str()?.to_owned())),
        };
        let count = match before.as_ref() {
            Some(before) if *before != ours => store::passkeys(db).await?,
            _ => 0,
        };
        if let (Some(before), 1..) = (before, count) {
            tracing::warn!(
                "passkeys belonged to the domain {before} at the last start and belong to {ours} now, so browsers no \
                 longer offer those that were made before ({count} in the database). Set passkeys.rp_id to {before} if \
                 the host of server.public_url is below it; docs/operators.md says more"
            );
        }
        if stored.as_ref() != Some(&ours) {
            store::set(db, RP_ID, ours.clone(), db.now()).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    if let Err(error) = work.await {
        tracing::error!(%error, "the domain of passkeys cannot be compared with that of the last start");
    }
}

/// Stores that the server was started with the public URL `origin`. If the database cannot be written, the server
/// starts anyway, and the error is logged.
pub async fn remember(db: &Db, origin: String) {
    let known = last(db).await.is_ok_and(|last| last.as_deref() == Some(origin.as_str()));
    if known {
        return;
    }
    if let Err(error) = store::set(db, KEY, origin, db.now()).await {
        tracing::error!(%error, "the public URL cannot be stored, so `vestibule accounts reset-link` will fail");
    }
}

/// The public URL with which the server was last started, or `None` if no server of this version was started with this
/// database.
///
/// # Errors
/// If the database fails.
pub async fn last(db: &Db) -> Result<Option<String>, Problem> {
    Ok(store::get(db, KEY).await?)
}
