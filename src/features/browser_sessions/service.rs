//! The rules for browser sessions.

use uuid::Uuid;

use crate::{
    auth::{
        AuthSession, Credential, Stamp,
        activity::{Actor, ActorCredential, Kind},
        browser_session::{BrowserSession, BrowserSessionWithOwner},
        session::{self, CurrentSession},
        sign_in::Admitted,
        store::browser_sessions,
        verify_password::why_refused,
    },
    db::Db,
    http::{
        client::{Client, browser_name},
        problem::Problem,
    },
    settings::Sessions,
};

/// How many rows one statement reads or deletes for an operator: few enough to hold SQLite's writer for milliseconds
/// only.
const BATCH: i64 = 500;
/// The maximum number of browsers that are listed.
const SHOWN: i64 = 1_000;
/// If many browsers are signed out at once, how many get an activity event of their own.
const TOLD: usize = 100;

/// Signs in this browser: stores a row, then a session record that points to it. Ends the session it had before.
///
/// # Errors
/// The same as [`record`].
pub async fn begin(
    db: &Db,
    settings: &Sessions,
    auth: &mut AuthSession,
    admitted: Admitted,
    remember: bool,
    client: &Client,
) -> Result<(), Problem> {
    let actor = admitted.acting(client);
    let sign_in = record(db, settings, &admitted, remember, client).await?;
    if let Some(before) = auth.user.take() {
        sign_out(db, &before, client).await?;
    }
    let signed_in = CurrentSession {
        id: sign_in.id,
        account: admitted.account().clone(),
        remembered: remember,
        last_seen_at: sign_in.last_seen_at,
        ends_at: sign_in.ends_at,
        bound_at: None,
        proven_until: None,
        stamp: Stamp(admitted.auth_stamp().to_vec()),
        last_change: None,
    };
    session::begin(auth, &signed_in).await?;
    actor.record(db, Kind::SignedIn, Some((sign_in.id, "")));
    Ok(())
}

/// Stores the row of a signed-in browser, for somebody who is let in. At the limit, the oldest browser is
/// signed out (ASVS 7.1.2).
///
/// # Errors
/// [`Problem::InvalidCredentials`] if the password was changed meanwhile; [`Problem::AccountDisabled`] (S59);
/// [`Problem::Unavailable`].
pub async fn record(
    db: &Db,
    settings: &Sessions,
    admitted: &Admitted,
    remember: bool,
    client: &Client,
) -> Result<BrowserSession, Problem> {
    let now = db.now();
    let (idle, whole) = settings.lifetime(remember);
    let row = BrowserSession {
        id: Uuid::now_v7(),
        user_agent: client.user_agent.clone(),
        address: client.address(),
        remembered: remember,
        created_at: now,
        last_seen_at: now,
        expires_at: now + idle.min(whole),
        ends_at: now + whole,
        bound_at: None,
    };
    let (ours, kept, stamp) = (db.clone(), i64::from(settings.per_account), admitted.auth_stamp().to_vec());
    let actor = admitted.acting(client);
    // Run to completion, so that a client that disconnects leaves no browser above the limit.
    db.run_to_completion(async move {
        let Some(sign_in) = browser_sessions::insert(&ours, actor.account, stamp, row).await? else {
            return Err(why_refused(&ours, actor.account).await?);
        };
        let displaced = browser_sessions::delete_oldest(&ours, actor.account, kept, now).await?;
        tell_ended(&ours, &actor, Kind::SignInDisplaced, &displaced);
        Ok(sign_in)
    })
    .await
}

/// Records an event for each browser, up to a limit, and one event with the number of the others.
fn tell_ended(db: &Db, actor: &Actor, kind: Kind, ended: &[BrowserSession]) {
    for sign_in in ended.iter().take(TOLD) {
        actor.record(db, kind, Some((sign_in.id, &sign_in.browser())));
    }
    if let Some(next) = ended.get(TOLD) {
        actor.record(db, kind, Some((next.id, &format!("{} more browsers", ended.len() - TOLD))));
    }
}

/// Signs out this browser. Deletes the row first, since it alone decides.
///
/// # Errors
/// [`Problem::Unavailable`]; the browser is still signed in.
pub async fn end(db: &Db, auth: &mut AuthSession, client: &Client) -> Result<(), Problem> {
    if let Some(signed_in) = &auth.user {
        sign_out(db, signed_in, client).await?;
    }
    session::end(auth).await;
    Ok(())
}

async fn sign_out(db: &Db, signed_in: &CurrentSession, client: &Client) -> Result<(), Problem> {
    let (account, id) = (signed_in.account.id, signed_in.id);
    // Two concurrent calls record one event.
    if browser_sessions::delete(db, account, id).await?.is_some() {
        let actor = Actor { account, means: ActorCredential::Session(id), client: client.clone(), stamp: None };
        actor.record(db, Kind::SignedOut, Some((id, "")));
    }
    Ok(())
}

/// The account's signed-in browsers, newest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<BrowserSession>, Problem> {
    newest(db, account, SHOWN).await
}

/// The newest `limit` of the account's signed-in browsers, newest first.
///
/// # Errors
/// If the database fails.
pub async fn newest(db: &Db, account: Uuid, limit: i64) -> Result<Vec<BrowserSession>, Problem> {
    Ok(browser_sessions::list(db, account, db.now(), limit).await?)
}

/// Signs out another browser of the account, from its next request on.
///
/// # Errors
/// [`Problem::NotFound`] if the account has no such browser.
pub async fn revoke(db: &Db, actor: &Actor, id: Uuid) -> Result<(), Problem> {
    let ended = browser_sessions::delete(db, actor.account, id).await?.ok_or(Problem::NotFound)?;
    actor.record(db, Kind::SignInRevoked, Some((id, &ended.browser())));
    Ok(())
}

/// Signs out every browser of the account but `kept`, from their next requests on. Returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn revoke_others(db: &Db, actor: &Actor, kept: Uuid) -> Result<usize, Problem> {
    let ended = browser_sessions::delete_others(db, actor.account, kept).await?;
    tell_ended(db, actor, Kind::SignInRevoked, &ended);
    Ok(ended.len())
}

/// The first `limit` signed-in browsers of `account`, or of all accounts, that are older than the one with the ID
/// `before`, the newest first.
///
/// # Errors
/// If the database fails.
pub async fn list_all(
    db: &Db,
    account: Option<Uuid>,
    before: Uuid,
    limit: u32,
) -> Result<Vec<BrowserSessionWithOwner>, Problem> {
    Ok(browser_sessions::list_all(db, account, db.now(), before, limit.into()).await?)
}

/// Signs out the browser `id` for an operator, from its next request on.
///
/// # Errors
/// [`Problem::NotFound`]; or if the database fails.
pub async fn revoke_any(db: &Db, id: Uuid) -> Result<(), Problem> {
    let (account, browser) = browser_sessions::delete_any(db, id).await?.ok_or(Problem::NotFound)?;
    Actor::operator(account).record(db, Kind::SignInRevoked, Some((id, &browser_name(&browser))));
    Ok(())
}

/// Signs out all browsers of all accounts for an operator, from their next requests on (S6). Returns how many there
/// were.
///
/// # Errors
/// If the database fails.
pub async fn revoke_everybody(db: &Db) -> Result<usize, Problem> {
    let (now, mut count) = (db.now(), 0);
    loop {
        let ended = browser_sessions::delete_before(db, now, BATCH).await?;
        if ended.is_empty() {
            return Ok(count);
        }
        count += ended.len();
        for (id, account, browser) in ended {
            Actor::operator(account).record(db, Kind::SignInRevoked, Some((id, &browser_name(&browser))));
        }
        db.wait_idle().await;
    }
}

/// Deletes up to `batch` expired rows and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    browser_sessions::delete_expired(db, db.now(), batch).await
}

/// Whether `sign_in` is the calling browser.
pub fn is_this_one(sign_in: &BrowserSession, credential: &Credential) -> bool {
    matches!(credential, Credential::Session(id) if *id == sign_in.id)
}
