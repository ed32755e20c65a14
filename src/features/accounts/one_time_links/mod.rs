//! Links in mails: single-use, short-lived, hashed at rest (S27).

mod store;
mod view;

use axum::{http::StatusCode, response::Response};
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

/// What a link's token begins with. Its form and its checksum are those of tokens, so a link cut short by a mail program
/// is told from others without asking the database.
const PREFIX: &str = "link";

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The address of a new account is its owner's.
    Confirm,
    /// So is the address an account is to have instead.
    Email,
    /// A new password in place of a forgotten one.
    Reset,
}

impl Purpose {
    /// How it is called, in the path of its links as well.
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
}

/// What a good link leads to.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Link {
    /// Whose it is.
    pub account_id: Uuid,
    /// Where it was sent.
    pub sent_to: String,
    /// The account's address.
    pub email: String,
    /// The account's stamp when it was mailed: what it is spent on depends on it (S61).
    pub auth_stamp: Stamp,
}

/// A new link for `account`, to be mailed to `sent_to`, or to the account's own address. It takes the place of the one
/// before. With a stamp, it is for whoever had proven that one. `None` where the account is gone or disabled, or has
/// another stamp by now.
///
/// It leads to the public URL from the settings: a header of some request has no say (S27).
///
/// # Errors
/// The database's.
pub async fn issue(
    db: &Db,
    settings: &Settings,
    (account, stamp): (Uuid, Option<Stamp>),
    purpose: Purpose,
    sent_to: Option<String>,
) -> Result<Option<Url>, Problem> {
    issue_unless(db, settings, (account, stamp), (purpose, sent_to), None).await
}

/// The same to the account's own address, where the one before is not good for half of its time still. `None` where it is.
///
/// # Errors
/// The database's.
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

/// Where the link with `token` leads, if it is still good. Looking changes nothing: mail scanners look at every link.
///
/// # Errors
/// The database's.
pub async fn find(db: &Db, purpose: Purpose, token: &str) -> Result<Option<Link>, Problem> {
    let Some(secret) = Secret::parse(PREFIX, token) else { return Ok(None) };
    Ok(store::find(db, purpose.as_str(), secret.hash(), db.now()).await?)
}

/// Uses the link with `token` up. Of two who come at once, one gets it.
///
/// # Errors
/// The database's.
pub async fn consume(db: &Db, purpose: Purpose, token: &str) -> Result<Option<Link>, Problem> {
    let Some(secret) = Secret::parse(PREFIX, token) else { return Ok(None) };
    Ok(store::consume(db, purpose.as_str(), secret.hash(), db.now()).await?)
}

/// Deletes up to `batch` links that are over and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now(), batch).await
}

/// Voids every link that is still good, whoever has it, and says how many there were.
///
/// # Errors
/// The database's.
pub async fn void_all(db: &Db) -> Result<u64, Problem> {
    // Few enough to hold the writer for milliseconds only.
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

/// 410: what was there is gone. A link that never was looks the same.
pub async fn dead(visit: PageContext, another: &'static str, label: &'static str) -> Response {
    use leptos::prelude::*;
    let content = move || view! { <view::DeadLink another label /> };
    visit.page(StatusCode::GONE, "This link is over", content).await
}
