//! The rules for removing all second factors of an account.

use secrecy::SecretString;
use time::Duration;
use uuid::Uuid;

use super::store;
use crate::{
    auth::{
        activity::{Actor, Kind},
        sign_in::SignIns,
        store::accounts,
    },
    db::Db,
    features::accounts::{
        emails,
        one_time_links::{self, Link, Purpose},
    },
    http::{client::Client, problem::Problem},
    mail::Mailer,
    settings::Settings,
    state::AppState,
    timestamp::Timestamp,
};

/// After how long a removal that failed is tried again.
const RETRY: Duration = Duration::minutes(10);

/// Asks for the removal of all second factors of `account`, whose address is `email`, and tells the owner. Returns when
/// it is due. Asked for twice, the first one counts.
///
/// # Errors
/// [`Problem::NotFound`] if the account is deleted or disabled; [`Problem::Conflict`] if it has no second factor; or if
/// the database fails.
pub async fn ask(
    (db, settings, mailer): (&Db, &Settings, &Mailer),
    sign_ins: &SignIns,
    (account, email): (Uuid, &str),
) -> Result<Timestamp, Problem> {
    if let Some(due_at) = due_at(db, account).await? {
        return Ok(due_at);
    }
    if !sign_ins.has_second(account).await? {
        return Err(Problem::Conflict("the account has no second factor"));
    }
    let whose = (account, None);
    let link = one_time_links::issue(db, settings, whose, Purpose::KeepFactors, None).await?;
    let link = link.ok_or(Problem::NotFound)?;
    let now = db.now();
    let due_at = now + Duration::hours(settings.factors.reset_hours.into());
    let has_password = accounts::has_password(db, account).await?;
    store::insert(db, account, now, due_at).await?;
    Actor::operator(account).record(db, Kind::FactorResetAsked, None);
    mailer.send(emails::factor_reset_asked(settings, email, (due_at, has_password), link)).await;
    Ok(due_at)
}

/// When the second factors of `account` will be removed, if an operator asked for it.
///
/// # Errors
/// If the database fails.
pub async fn due_at(db: &Db, account: Uuid) -> Result<Option<Timestamp>, Problem> {
    Ok(store::due_at(db, account).await?)
}

/// Stops the removal that waits, if there is one.
///
/// # Errors
/// If the database fails.
pub(super) async fn stop(db: &Db, actor: &Actor) -> Result<(), Problem> {
    if store::delete(db, actor.account).await? > 0 {
        actor.record(db, Kind::FactorResetStopped, None);
    }
    Ok(())
}

/// Stops the removal with the link `token` that was mailed. `None` if the link is no longer valid.
///
/// # Errors
/// If the database fails.
pub(super) async fn stop_by_link(db: &Db, client: &Client, token: &SecretString) -> Result<Option<Link>, Problem> {
    let Some(link) = one_time_links::consume(db, Purpose::KeepFactors, token).await? else { return Ok(None) };
    stop(db, &Actor::by_password(link.account_id, client)).await?;
    Ok(Some(link))
}

/// Removes the second factors of up to `batch` accounts whose waiting time is over, and tells the owners. Returns how
/// many there were.
///
/// # Errors
/// If the database fails.
pub async fn remove_due(state: &AppState, batch: i64) -> sqlx::Result<u64> {
    let AppState { db, settings, mailer, sign_ins, .. } = state;
    let now = db.now();
    let mut removed = 0;
    for (account,) in store::claim(db, now, now + RETRY, batch).await? {
        if let Err(problem) = sign_ins.remove_all(account).await {
            tracing::error!(%problem, %account, "second factors not removed; tried again in ten minutes");
            continue;
        }
        if store::delete(db, account).await? == 0 {
            continue;
        }
        removed += 1;
        Actor::operator(account).record_named(db, Kind::FactorRemoved, "all, by the operator");
        if let Some(owner) = accounts::credentials_of(db, account).await? {
            mailer.send(emails::factors_reset(settings, &owner.email, owner.password_hash.is_some())).await;
        }
    }
    Ok(removed)
}
