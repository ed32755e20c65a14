//! The public URL with which the server was last started. The command line creates links to that URL only.

use super::store;
use crate::{db::Db, http::problem::Problem};

const KEY: &str = "public_url";

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
