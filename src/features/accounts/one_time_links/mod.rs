//! One-time links sent by email: single-use, short-lived, stored as a hash (S27).

mod link;
mod store;
mod view;

use axum::{http::StatusCode, response::Response};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;

pub use self::link::{Link, Pending, Purpose};
use crate::{
    auth::{Stamp, page::PageContext},
    db::Db,
    http::problem::Problem,
    secret::Secret,
    settings::Settings,
    timestamp::Timestamp,
};

/// The prefix of a link's token. The format and the checksum are those of access tokens, so a link that a mail program
/// cut short is rejected without a database query.
const PREFIX: &str = "link";

/// Creates a link for `account`, to be sent to `sent_to` or else to the account's own address. It replaces the previous
/// link for the same purpose. `None` if the account is deleted or disabled, or its stamp is no longer `stamp`.
///
/// The link uses the public URL from the settings, never a request header (S27).
///
/// # Errors
/// If the database fails.
pub async fn issue(
    db: &Db,
    settings: &Settings,
    (account, stamp): (Uuid, Option<Stamp>),
    purpose: Purpose,
    sent_to: Option<String>,
) -> Result<Option<Url>, Problem> {
    issue_unless(db, settings, (account, stamp), (purpose, sent_to), None).await
}

/// Like [`issue`] to the account's own address, but returns `None` if the previous link is valid for at least half of
/// its lifetime.
///
/// # Errors
/// If the database fails.
pub async fn issue_if_old(
    db: &Db,
    settings: &Settings,
    account: Uuid,
    purpose: Purpose,
) -> Result<Option<Url>, Problem> {
    let good_until = db.now() + purpose.lifetime(settings) / 2;
    issue_unless(db, settings, (account, None), (purpose, None), Some(good_until)).await
}

async fn issue_unless(
    db: &Db,
    settings: &Settings,
    (account, stamp): (Uuid, Option<Stamp>),
    (purpose, sent_to): (Purpose, Option<String>),
    good_until: Option<Timestamp>,
) -> Result<Option<Url>, Problem> {
    let secret = Secret::generate(PREFIX).map_err(|error| Problem::Internal(error.to_string()))?;
    let expires_at = db.now() + purpose.lifetime(settings);
    let link = (purpose.as_str(), secret.hash(), sent_to, expires_at);
    let made = store::replace(db, (account, stamp), link, good_until).await?;
    let mut url = settings.server.public_url.clone();
    url.set_path(&format!("/{}/{}", purpose.as_str(), secret.reveal()));
    Ok((made > 0).then_some(url))
}

/// Finds the link with `token`, if it is valid. This does not use it up: mail scanners open every link.
///
/// # Errors
/// If the database fails.
pub async fn find(db: &Db, purpose: Purpose, token: &SecretString) -> Result<Option<Link>, Problem> {
    let Some(secret) = Secret::parse(PREFIX, token.expose_secret()) else { return Ok(None) };
    Ok(store::find(db, purpose.as_str(), secret.hash(), db.now()).await?)
}

/// Uses up the link with `token`. Of two concurrent calls, one gets it.
///
/// # Errors
/// If the database fails.
pub async fn consume(db: &Db, purpose: Purpose, token: &SecretString) -> Result<Option<Link>, Problem> {
    let Some(secret) = Secret::parse(PREFIX, token.expose_secret()) else { return Ok(None) };
    Ok(store::consume(db, purpose.as_str(), secret.hash(), db.now()).await?)
}

/// The valid link for `purpose` of `account`.
///
/// # Errors
/// If the database fails.
pub async fn pending(db: &Db, account: Uuid, purpose: Purpose) -> Result<Option<Pending>, Problem> {
    Ok(store::pending(db, account, purpose.as_str(), db.now()).await?)
}

/// Revokes the valid link for `purpose` of `account`. Returns how many there were, one at most.
///
/// # Errors
/// If the database fails.
pub async fn cancel(db: &Db, account: Uuid, purpose: Purpose) -> Result<u64, Problem> {
    Ok(store::cancel(db, account, purpose.as_str(), db.now()).await?)
}

/// Deletes up to `batch` expired links and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now(), batch).await
}

/// Revokes every valid link and returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn void_all(db: &Db) -> Result<u64, Problem> {
    // Few enough to hold SQLite's writer for milliseconds only.
    const BATCH: i64 = 500;
    let (now, mut count) = (db.now(), 0);
    loop {
        let voided = store::void(db, now, BATCH).await?;
        if voided == 0 {
            return Ok(count);
        }
        count += voided;
    }
}

/// Answers with 410 Gone. A link that never existed looks the same.
pub async fn expired_page(context: PageContext, purpose: Purpose) -> Response {
    use leptos::prelude::*;
    let (href, label) = purpose.renewal();
    let view = move || view! { <view::ExpiredView href label /> };
    context.page(StatusCode::GONE, "This link has expired", view).await
}
