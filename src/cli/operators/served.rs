//! Under which public URL the server was last started: links that the command line makes lead there, or are not made.

use super::store;
use crate::{db::Db, http::problem::Problem};

const KEY: &str = "public_url";

/// Remembers that the server is started under `origin`. On a full or read-only disk it starts all the same.
pub async fn remember(db: &Db, origin: String) {
    let known = last(db).await.is_ok_and(|last| last.as_deref() == Some(origin.as_str()));
    if known {
        return;
    }
    if let Err(error) = store::set(db, KEY, origin, db.now()).await {
        tracing::error!(%error, "the public URL is not noted, so `vestibule accounts reset-link` will make no links");
    }
}

/// The origin it was last started under; nothing where this version never was.
///
/// # Errors
/// The database's.
pub async fn last(db: &Db) -> Result<Option<String>, Problem> {
    Ok(store::get(db, KEY).await?)
}
