//! What those who run the house do with accounts, on the command line.

use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::service::{SignUp, make, validated};
use crate::{
    auth::{
        activity::{Actor, Kind},
        new_stamp,
        passwords::{About, Hasher},
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

/// The account with the address or the id `who`.
///
/// # Errors
/// [`Problem::NotFound`]; the database's.
pub async fn find(db: &Db, who: &str) -> Result<AccountDetails, Problem> {
    let id = who.parse().unwrap_or(Uuid::nil());
    accounts::find(db, id, who).await?.ok_or(Problem::NotFound)
}

/// Makes an account. With `confirmed`, the operator answers for its address.
///
/// # Errors
/// [`Problem::Validation`] per field; the database's.
pub async fn create(db: &Db, hasher: &Hasher, form: SignUp, confirmed: bool) -> Result<AccountDetails, Problem> {
    let (name, email) = validated(&form)?;
    if let Some(message) = hasher.objection(&form.password, About::new(&email, &name)).await? {
        return Err(Problem::field("password", &message));
    }
    let hash = hasher.hash(form.password).await?;
    let account = make(db, name, email, hash).await?.account;
    Actor::operator(account.id).record(db, Kind::SignedUp, None);
    if confirmed {
        accounts::confirm(db, account.id, account.email, db.now()).await?;
    }
    find(db, &account.id.to_string()).await
}

/// Keeps the owner of `account` out, at both doors, from their next requests on: their sign-ins end for good, their
/// tokens do not work until [`enable`]. Says whether they were not kept out already.
///
/// # Errors
/// The database's.
pub async fn disable(db: &Db, account: Uuid) -> Result<bool, Problem> {
    let disabled = accounts::disable(db, account, new_stamp()?, db.now()).await? > 0;
    let actor = Actor::operator(account);
    if disabled {
        actor.record(db, Kind::Disabled, None);
    }
    browser_sessions::service::revoke_others(db, &actor, Uuid::nil()).await?;
    Ok(disabled)
}

/// Lets the owner of `account` in again, who has to sign in anew. Says whether they were kept out.
///
/// # Errors
/// The database's.
pub async fn enable(db: &Db, account: Uuid) -> Result<bool, Problem> {
    let enabled = accounts::enable(db, account).await? > 0;
    if enabled {
        Actor::operator(account).record(db, Kind::Enabled, None);
    }
    Ok(enabled)
}

/// Deletes `account` and all it has.
///
/// # Errors
/// [`Problem::NotFound`] where it is gone already; the database's.
pub async fn delete(db: &Db, account: Uuid) -> Result<(), Problem> {
    if accounts::delete(db, account, None).await? == 0 {
        return Err(Problem::NotFound);
    }
    // What is kept of it stands in the operators' log.
    tracing::info!(event = "account_deleted", %account, credential = "operator");
    Ok(())
}

/// A link by which the owner of `account` chooses a new password, to be handed over by the operator. It is as good as
/// one that is mailed, and takes its place.
///
/// # Errors
/// [`Problem::NotFound`] where the account is gone or disabled; the database's.
pub async fn reset_link(db: &Db, settings: &Settings, account: Uuid) -> Result<Url, Problem> {
    let link =
        one_time_links::issue(db, settings, (account, None), Purpose::Reset, None).await?.ok_or(Problem::NotFound)?;
    Actor::operator(account).record(db, Kind::ResetLinkMade, None);
    Ok(link)
}

/// What [`lockdown`] has ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ended {
    /// Browsers that were signed in.
    pub browsers: usize,
    /// Tokens that worked.
    pub tokens: usize,
    /// Links in mails that were still good.
    pub links: u64,
}

/// Ends everything that opens an account without its password: signed-in browsers, tokens, and links that were mailed.
///
/// The stamps come first: what is in flight at this moment, with a credential of before, makes nothing that outlives this
/// (S59).
///
/// # Errors
/// The database's. What was ended until then stays ended; it may be done again.
pub async fn lockdown(db: &Db) -> Result<Ended, Problem> {
    // Few enough to hold the writer for milliseconds only.
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
