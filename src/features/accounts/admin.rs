//! Administration of accounts, on the command line.

use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::service::{SignUp, make, validated};
use crate::{
    auth::{
        activity::{Actor, Kind},
        new_stamp,
        passwords::{Hasher, PasswordContext, password_error},
        store::accounts::{self, AccountDetails},
    },
    db::Db,
    features::{
        accounts::one_time_links::{self, Purpose},
        browser_sessions,
    },
    http::problem::Problem,
    settings::Settings,
};

/// The first `limit` accounts after the one with the ID `after`, the oldest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, after: Uuid, limit: u32) -> Result<Vec<AccountDetails>, Problem> {
    Ok(accounts::list(db, after, limit.into()).await?)
}

/// Finds the account with the email address or the id `who`.
///
/// # Errors
/// [`Problem::NotFound`]; or if the database fails.
pub async fn find(db: &Db, who: &str) -> Result<AccountDetails, Problem> {
    let id = who.parse().unwrap_or(Uuid::nil());
    accounts::find(db, id, who).await?.ok_or(Problem::NotFound)
}

/// Creates an account. With `confirmed`, its email address counts as confirmed.
///
/// # Errors
/// [`Problem::Validation`] with an error for each invalid field; or if the database fails.
pub async fn create(db: &Db, hasher: &Hasher, form: SignUp, confirmed: bool) -> Result<AccountDetails, Problem> {
    let (name, email) = validated(&form)?;
    if let Some(rejection) = hasher.rejection(&form.password, PasswordContext::new(&email, &name)).await? {
        return Err(password_error("password", &form.password, rejection).into());
    }
    let hash = hasher.hash(form.password).await?;
    let account = make(db, Uuid::now_v7(), (name, email), Some(hash)).await?.account;
    Actor::operator(account.id).record(db, Kind::SignedUp, None);
    if confirmed {
        accounts::confirm(db, account.id, account.email, db.now()).await?;
    }
    find(db, &account.id.to_string()).await
}

/// Disables `account` from its next request on: its browser sessions end for good, and its tokens do not work until
/// [`enable`]. Returns `false` if it was already disabled.
///
/// # Errors
/// If the database fails.
pub async fn disable(db: &Db, account: Uuid) -> Result<bool, Problem> {
    let disabled = accounts::disable(db, account, new_stamp()?, db.now()).await? > 0;
    let actor = Actor::operator(account);
    if disabled {
        actor.record(db, Kind::Disabled, None);
    }
    browser_sessions::service::revoke_others(db, &actor, Uuid::nil()).await?;
    Ok(disabled)
}

/// Enables `account` again; its owner has to sign in anew. Returns `false` if it was not disabled.
///
/// # Errors
/// If the database fails.
pub async fn enable(db: &Db, account: Uuid) -> Result<bool, Problem> {
    let enabled = accounts::enable(db, account).await? > 0;
    if enabled {
        Actor::operator(account).record(db, Kind::Enabled, None);
    }
    Ok(enabled)
}

/// Deletes `account` and everything that belongs to it.
///
/// # Errors
/// [`Problem::NotFound`] if it was already deleted; or if the database fails.
pub async fn delete(db: &Db, account: Uuid) -> Result<(), Problem> {
    if accounts::delete(db, account, None).await? == 0 {
        return Err(Problem::NotFound);
    }
    // The account's activity is deleted with it; the operator log keeps a record.
    tracing::info!(event = "account_deleted", %account, credential = "operator");
    Ok(())
}

/// Creates a password reset link for `account`, for the operator to hand over. It works like one that is sent by email,
/// and replaces it.
///
/// # Errors
/// [`Problem::NotFound`] if the account is deleted or disabled; or if the database fails.
pub async fn reset_link(db: &Db, settings: &Settings, account: Uuid) -> Result<Url, Problem> {
    let link =
        one_time_links::issue(db, settings, (account, None), Purpose::Reset, None).await?.ok_or(Problem::NotFound)?;
    Actor::operator(account).record(db, Kind::ResetLinkMade, None);
    Ok(link)
}

/// How much [`lockdown`] revoked.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ended {
    /// Browsers that were signed out.
    pub browsers: usize,
    /// Tokens that were active.
    pub tokens: usize,
    /// One-time links that were still valid.
    pub links: u64,
}

/// Revokes everything that gives access without a password: all browser sessions, tokens and one-time links.
///
/// The stamps are renewed first, so that requests in flight with an old credential create nothing that outlives this
/// (S59).
///
/// # Errors
/// If the database fails. What was revoked until then stays revoked; run it again.
pub async fn lockdown(db: &Db) -> Result<Ended, Problem> {
    // Few enough to hold SQLite's writer for milliseconds only.
    const BATCH: i64 = 500;
    let mut last = Uuid::nil();
    while let Some((id,)) = accounts::renew_stamps(db, last, BATCH).await?.into_iter().max() {
        last = id;
    }
    let links = one_time_links::void_all(db).await?;
    let browsers = browser_sessions::service::revoke_everybody(db).await?;
    let tokens = crate::features::tokens::admin::revoke_everybody(db).await?;
    Ok(Ended { browsers, tokens, links })
}
