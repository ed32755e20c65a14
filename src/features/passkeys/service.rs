//! The rules for passkeys.

use std::fmt;

use serde_json::Value;
use time::Duration;
use uuid::Uuid;

use super::{
    authenticators,
    ceremony::{Answer, Begun, Making, Refusal, RelyingParty, SignInAnswer},
    emails::{self, Change},
    model::{Passkey, Stored},
    store,
};
use crate::{
    auth::{
        Account, Caller,
        activity::{Actor, Kind},
        rate_limit::{
            attempts::{self, Rule, from_network},
            by_network::ByNetwork,
        },
        sign_in::{Factor, FactorContext, Proven, Summary, counted},
    },
    db::{Db, is_unique_violation},
    features::accounts::sign_up::{Newcomer, Store},
    http::{
        client::Client,
        names::name_error,
        problem::{Limit, Problem},
    },
    settings::Settings,
    state::AppState,
};

/// How long a challenge can be answered.
const LIFETIME: Duration = Duration::minutes(5);

/// The account's passkeys, the oldest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<Passkey>, Problem> {
    Ok(store::list(db, account).await?)
}

/// Begins to add a passkey to the account of `caller`, who has just proved who they are. Returns what the browser is
/// asked.
///
/// # Errors
/// [`Problem::Conflict`] if the account has as many as it may have; [`Problem::RateLimited`]; [`Problem::Unavailable`].
pub async fn begin_adding(state: &AppState, caller: &Caller) -> Result<Value, Problem> {
    let AppState { db, settings, .. } = state;
    let account = &caller.account;
    count_by_account(db, account).await?;
    let known = store::list(db, account.id).await?;
    if known.len() >= settings.passkeys.per_account as usize {
        return Err(full());
    }
    let known = known.into_iter().map(|passkey| passkey.credential_id).collect();
    let shown = (account.name.as_str(), account.email.as_str());
    let begun = RelyingParty::of(settings)?.begin_adding(account.id, shown, known, Making::ByOwner)?;
    keep(db, begun, Some(account.id)).await
}

/// Begins to add a passkey that the browser makes by itself, right after a sign-in with the password. `None` if the
/// account has one, or the settings turn it off.
///
/// # Errors
/// [`Problem::RateLimited`]; [`Problem::Unavailable`].
pub async fn begin_automatic(state: &AppState, caller: &Caller) -> Result<Option<Value>, Problem> {
    let AppState { db, settings, .. } = state;
    let account = &caller.account;
    if !settings.passkeys.automatic || store::count(db, account.id).await? > 0 {
        return Ok(None);
    }
    count_by_account(db, account).await?;
    let shown = (account.name.as_str(), account.email.as_str());
    let begun = RelyingParty::of(settings)?.begin_adding(account.id, shown, Vec::new(), Making::Automatic)?;
    keep(db, begun, Some(account.id)).await.map(Some)
}

/// Counts a challenge that somebody asks for to add a passkey.
async fn count_by_account(db: &Db, account: &Account) -> Result<(), Problem> {
    let rule = Rule { what: "passkey account", limit: Limit::Passkey, burst: 30, pace: Duration::minutes(1) };
    attempts::take(db, vec![rule.of(&[&account.id.to_string()])]).await.map(drop)
}

/// Adds the passkey that a browser made for the challenge of [`begin_adding`] or [`begin_automatic`].
///
/// # Errors
/// [`Problem::Validation`] if it is not accepted; [`Problem::Conflict`] if the account has as many as it may have;
/// [`Problem::NotSignedIn`] if the password was changed meanwhile (S59); [`Problem::Unavailable`].
pub async fn add(state: &AppState, caller: &Caller, client: &Client, credential: &Value) -> Result<Passkey, Problem> {
    let AppState { db, settings, mailer, .. } = state;
    let (account, actor) = (&caller.account, caller.acting(client.clone()));
    let not_accepted = |refusal: Refusal| {
        tracing::warn!(event = "passkey_not_added", account = %account.id, %refusal);
        Problem::field("credential", "The passkey could not be added. Try again.")
    };
    let answer = Answer::read(credential).map_err(not_accepted)?;
    let taken = store::take_challenge(db, answer.challenge.clone(), Some(account.id), db.now()).await?;
    let (asked,) = taken.ok_or_else(|| not_accepted(Refusal::Invalid(NO_CHALLENGE.into())))?;
    let new = RelyingParty::of(settings)?.added(&answer, &asked).map_err(not_accepted)?;
    let name = authenticators::name_of(&new.aaguid, &client.browser());
    let owner = (account.id, caller.stamp.clone().unwrap_or_default(), i64::from(settings.passkeys.per_account));
    let added = match store::insert(db, owner, (Uuid::now_v7(), name, new), db.now()).await {
        Ok(Some(added)) => added,
        Ok(None) if store::count(db, account.id).await? >= i64::from(settings.passkeys.per_account) => {
            return Err(full());
        }
        Ok(None) => return Err(Problem::NotSignedIn),
        Err(error) if is_unique_violation(&error) => {
            return Err(not_accepted(Refusal::Invalid("the passkey is registered already".into())));
        }
        Err(error) => return Err(error.into()),
    };
    actor.record(db, Kind::PasskeyAdded, Some((added.id, &added.name)));
    mailer.send(emails::changed(settings, &account.email, Change::Added, client)).await;
    Ok(added)
}

/// Begins to sign somebody up with a passkey. Returns what the browser is asked; the account that it names exists once
/// the answer is taken.
///
/// # Errors
/// [`Problem::Validation`]; [`Problem::RateLimited`]; [`Problem::Unavailable`].
pub(super) async fn begin_sign_up(
    state: &AppState,
    client: &Client,
    name: &str,
    email: &str,
) -> Result<Value, Problem> {
    let AppState { db, settings, .. } = state;
    let id = Uuid::now_v7();
    let newcomer = Newcomer::new(id, name, email)?;
    count_by_address(state, client).await?;
    keep(db, RelyingParty::of(settings)?.begin_adding(id, newcomer.shown(), Vec::new(), Making::ByOwner)?, None).await
}

/// Creates an account that signs in with the passkey which a browser made for the challenge of [`begin_sign_up`]. `None`
/// if its address has to be confirmed first.
///
/// # Errors
/// [`Problem::Validation`]; [`Problem::PasskeyRefused`] if the passkey is not accepted; [`Problem::RateLimited`];
/// [`Problem::Unavailable`].
pub(super) async fn sign_up(
    state: &AppState,
    client: &Client,
    (name, email): (&str, &str),
    credential: &Value,
) -> Result<Option<Proven>, Problem> {
    let AppState { db, settings, .. } = state;
    let refused = |refusal: Refusal| {
        tracing::warn!(event = "passkey_not_added", address = client.address(), %refusal, "at sign-up");
        Problem::PasskeyRefused
    };
    // What was typed comes first, so that a wrong address does not cost the passkey.
    Newcomer::new(Uuid::nil(), name, email)?;
    let answer = Answer::read(credential).map_err(refused)?;
    let taken = store::take_challenge(db, answer.challenge.clone(), None, db.now()).await?;
    let (asked,) = taken.ok_or_else(|| refused(Refusal::Invalid(NO_CHALLENGE.into())))?;
    let new = RelyingParty::of(settings)?.added(&answer, &asked).map_err(refused)?;
    let newcomer = Newcomer::new(new.account, name, email)?;
    let (title, limit) =
        (authenticators::name_of(&new.aaguid, &client.browser()), i64::from(settings.passkeys.per_account));
    let store: Store = Box::new(move |db, id, stamp| {
        Box::pin(async move {
            match store::insert(&db, (id, stamp, limit), (Uuid::now_v7(), title, new), db.now()).await {
                Ok(Some(_)) => Ok(()),
                Ok(None) => Err(Problem::PasskeyRefused),
                Err(error) if is_unique_violation(&error) => Err(Problem::PasskeyRefused),
                Err(error) => Err(error.into()),
            }
        })
    });
    newcomer.sign_up(state, client, (Factor::Passkey, store)).await
}

/// Gives a passkey another name.
///
/// # Errors
/// [`Problem::Validation`]; [`Problem::NotFound`] if the account has no such passkey; or if the database fails.
pub async fn rename(
    state: &AppState,
    (account, actor): (&Account, &Actor),
    id: Uuid,
    name: &str,
) -> Result<(), Problem> {
    let AppState { db, settings, mailer, .. } = state;
    let name = name.trim();
    if let Some(error) = name_error(name) {
        return Err(error.into());
    }
    if store::rename(db, account.id, id, name.to_owned()).await? == 0 {
        // The name it has already is no change.
        return if store::exists(db, account.id, id).await? { Ok(()) } else { Err(Problem::NotFound) };
    }
    actor.record(db, Kind::PasskeyRenamed, Some((id, name)));
    mailer.send(emails::changed(settings, &account.email, Change::Renamed, &actor.client)).await;
    Ok(())
}

/// Removes a passkey: nobody can sign in with it any more. An account always keeps a password or a passkey.
///
/// # Errors
/// [`Problem::Conflict`] if it is the last way to sign in; [`Problem::NotFound`] if the account has no such passkey; or if
/// the database fails.
pub async fn remove(state: &AppState, (account, actor): (&Account, &Actor), id: Uuid) -> Result<(), Problem> {
    let AppState { db, settings, mailer, .. } = state;
    let Some((name,)) = store::delete(db, account.id, id).await? else {
        let is_last = store::exists(db, account.id, id).await?;
        return Err(if is_last { Problem::Conflict(LAST) } else { Problem::NotFound });
    };
    actor.record(db, Kind::PasskeyRemoved, Some((id, &name)));
    mailer.send(emails::changed(settings, &account.email, Change::Removed, &actor.client)).await;
    Ok(())
}

/// Begins to sign somebody in. Returns what the browser is asked, which is the same for everybody but for its
/// challenge.
///
/// # Errors
/// [`Problem::RateLimited`]; [`Problem::Unavailable`].
pub async fn begin_sign_in(state: &AppState, client: &Client) -> Result<Value, Problem> {
    let refused = |problem: &Problem| counted::log_refusal(Factor::Passkey, None, client, problem);
    count_by_address(state, client).await.inspect_err(refused)?;
    keep(&state.db, RelyingParty::of(&state.settings)?.begin_sign_in()?, None).await
}

/// Counts a challenge that anybody may ask for.
async fn count_by_address(AppState { db, settings, .. }: &AppState, client: &Client) -> Result<(), Problem> {
    attempts::take(db, from_network(client, ByNetwork::Passkey.rule(&settings.throttle))).await.map(drop)
}

/// Whether `answer` to the challenge of [`begin_sign_in`] is by a passkey of `account`, whose password was given.
///
/// # Errors
/// If the database fails.
pub(super) async fn check(context: &FactorContext, account: Uuid, answer: &str) -> Result<bool, Problem> {
    let credential = serde_json::from_str(answer).unwrap_or_default();
    match verify(&context.db, &context.settings, &Client::default(), &credential).await {
        Ok(passkey) => Ok(passkey.account_id == account),
        Err(Problem::PasskeyRefused | Problem::PasskeyUnknown) => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// What the security page shows.
///
/// # Errors
/// If the database fails.
pub(super) async fn summary(db: &Db, account: Uuid) -> Result<Summary, Problem> {
    let passkeys = store::list(db, account).await?;
    let state = match passkeys.len() {
        0 => "Sign in with your face, finger or PIN in place of your password.".into(),
        1 => "1 passkey.".into(),
        number => format!("{number} passkeys."),
    };
    let since = passkeys.first().map(|passkey| passkey.created_at);
    let last_used_at = passkeys.iter().filter_map(|passkey| passkey.last_used_at).max();
    Ok(Summary { title: "Passkeys", state, since, last_used_at, links: vec![("/account/passkeys", "Manage")] })
}

/// Verifies the answer to the challenge of [`begin_sign_in`]: whose passkey it is has proved who they are. It is done to
/// the end, even if the client disconnects.
///
/// # Errors
/// [`Problem::PasskeyUnknown`]; [`Problem::PasskeyRefused`]; [`Problem::Unavailable`].
pub(super) async fn prove(state: &AppState, client: &Client, credential: &Value) -> Result<Proven, Problem> {
    let (db, settings) = (state.db.clone(), state.settings.clone());
    let (client, credential) = (client.clone(), credential.clone());
    let work = async move {
        let account = verify(&db, &settings, &client, &credential).await?.account_id;
        Proven::of(&db, account, Factor::Passkey).await?.ok_or(Problem::PasskeyUnknown)
    };
    let result = state.db.run_to_completion(work).await;
    counted::count(Factor::Passkey, &result);
    result
}

/// Verifies the answer to the challenge of [`begin_sign_in`], and returns the passkey that was used. It works once.
///
/// # Errors
/// The same as [`prove`].
async fn verify(db: &Db, settings: &Settings, client: &Client, credential: &Value) -> Result<Stored, Problem> {
    let refused = |refusal: &Refusal| {
        let (address, browser) = (client.address(), client.browser());
        tracing::warn!(event = "sign_in_failed", address, browser, %refusal, "passkey not accepted");
        Problem::PasskeyRefused
    };
    let answer = SignInAnswer::read(credential).map_err(|refusal| refused(&refusal))?;
    // First of all, so that no challenge is answered twice, whatever the answer is worth.
    let taken = store::take_challenge(db, answer.challenge.clone(), None, db.now()).await?;
    let (asked,) = taken.ok_or_else(|| refused(&Refusal::Invalid(NO_CHALLENGE.into())))?;
    let Some(passkey) = store::find(db, answer.credential_id()).await? else {
        refused(&Refusal::Invalid("there is no such passkey".into()));
        return Err(Problem::PasskeyUnknown);
    };
    let outcome = match RelyingParty::of(settings)?.signed_in(&answer, &asked, &passkey) {
        Ok(used) => match store::used(db, passkey.id, used.sign_count, used.backed_up, db.now()).await? {
            0 => Err(Refusal::CounterWentBack),
            _ => Ok(()),
        },
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => Ok(passkey),
        Err(refusal) => {
            let kind = match refusal {
                Refusal::CounterWentBack => Kind::PasskeyCounterWentBack,
                Refusal::Invalid(_) => Kind::PasskeyRefused,
            };
            Actor::by_passkey(passkey.account_id, client).record(db, kind, Some((passkey.id, &passkey.name)));
            Err(refused(&refusal))
        }
    }
}

const LAST: &str =
    "This passkey is the only way to sign in to the account. Set a password or add another passkey first.";
const NO_CHALLENGE: &str = "the challenge is unknown, was answered, or has expired";

/// Deletes up to `batch` expired challenges and returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now(), batch).await
}

/// Keeps the challenge of `begun`, and returns what the browser is asked.
async fn keep(db: &Db, begun: Begun, account: Option<Uuid>) -> Result<Value, Problem> {
    store::keep_challenge(db, begun.challenge, account, begun.state, db.now() + LIFETIME).await?;
    Ok(begun.options)
}

fn full() -> Problem {
    Problem::Conflict("The account has the maximum number of passkeys. Remove one first.")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CounterWentBack => f.write_str("its counter went back"),
            Self::Invalid(reason) => f.write_str(reason),
        }
    }
}
