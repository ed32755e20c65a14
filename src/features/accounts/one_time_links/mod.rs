//! One-time links sent by email: single-use, short-lived, stored as a hash (S27).

mod store;
mod view;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use url::Url;
use uuid::Uuid;

use crate::{
    auth::{Stamp, page::PageContext},
    db::Db,
    http::problem::Problem,
    secret::Secret,
    settings::{Accounts, Settings},
    timestamp::Timestamp,
};

/// The prefix of a link's token. The format and the checksum are those of access tokens, so a link that a mail program
/// cut short is rejected without a database query.
const PREFIX: &str = "link";

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Confirm the email address of a new account.
    Confirm,
    /// Confirm the new email address of an existing account, and change to it.
    Email,
    /// Choose a new password.
    Reset,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Confirm, Self::Email, Self::Reset];

    /// The name in the database, and the first segment of the link's path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Email => "email",
            Self::Reset => "reset",
        }
    }

    fn lifetime(self, settings: &Accounts) -> Duration {
        match self {
            Self::Confirm | Self::Email => Duration::hours(settings.confirm_hours.into()),
            Self::Reset => Duration::minutes(settings.reset_minutes.into()),
        }
    }

    /// Where to get another link, and the label of that button.
    fn renewal(self) -> (&'static str, &'static str) {
        match self {
            Self::Confirm | Self::Email => ("/account", "Go to your account"),
            Self::Reset => ("/forgot", "Request a new link"),
        }
    }

    /// The purpose of the links with this path.
    fn of_path(path: &str) -> Option<Self> {
        let (first, _token) = path.strip_prefix('/')?.split_once('/')?;
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == first)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Purpose {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of_path(parts.uri.path()).ok_or(Problem::NotFound)
    }
}

/// A link that is still valid.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Link {
    /// The account it belongs to.
    pub account_id: Uuid,
    /// The address it was sent to.
    pub sent_to: String,
    /// The account's email address.
    pub email: String,
    /// The account's stamp when the link was sent. Using the link requires that it is unchanged (S61).
    pub auth_stamp: Stamp,
}

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
    let good_until = db.now() + purpose.lifetime(&settings.accounts) / 2;
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
    let expires_at = db.now() + purpose.lifetime(&settings.accounts);
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

/// Deletes up to `batch` expired links and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn sweep(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now(), batch).await
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
pub async fn expired_page(visit: PageContext, purpose: Purpose) -> Response {
    use leptos::prelude::*;
    let (href, label) = purpose.renewal();
    let content = move || view! { <view::ExpiredView href label /> };
    visit.page(StatusCode::GONE, "This link has expired", content).await
}
