//! The rules for codes by mail.

use uuid::Uuid;

use super::{code, emails, store, takeover};
use crate::{
    auth::{
        Account,
        rate_limit::account_attempts,
        sign_in::{ANSWER_FIELD, At, Factor, FactorContext, Proven, Summary, Wants, counted},
        store::accounts,
    },
    db::Db,
    http::{
        client::Client,
        problem::{FieldError, Problem},
    },
    secret::Secret,
    state::AppState,
    text::email_address::{is_address, may_be_known, normalized},
};

/// How many tries it takes.
const TRIES: i64 = 5;
/// The `door` of codes that prove an account which is known already.
const KNOWN: &str = "account";

/// What is wrong with an address to which a code should be sent.
pub(super) fn address_error(email: &str) -> Option<FieldError> {
    (!may_be_known(email)).then(|| FieldError::new("email", "Enter an email address, such as ada@example.org."))
}

/// Sends a code to the account with the address `email`, if there is one, and gives the browser or client at `at` the
/// handle with which alone it works.
///
/// Neither the answer nor its timing tells whether there is an account: a row is stored in both cases, and the mail is
/// sent after the answer (S25). After too many requests for one address from strangers the answer is the same as well,
/// and no mail is sent; requests from the owner's own browsers and networks are counted apart (S68).
///
/// # Errors
/// [`Problem::Validation`] if `email` is no address; [`Problem::RateLimited`]; or if the database fails.
pub(super) async fn ask(
    state: &AppState,
    client: &Client,
    email: &str,
    at: At<'_>,
    wants: &Wants,
) -> Result<Secret, Problem> {
    if let Some(error) = address_error(email) {
        return Err(error.into());
    }
    let AppState { db, settings, mailer, .. } = state;
    let few = account_attempts::code_for_anybody(db, &settings.throttle, client, &normalized(email)).await;
    let found = accounts::credentials(db, email).await?;
    let whose = found.as_ref().map(|found| found.id);
    let few = few.inspect_err(|problem| counted::log_refusal(Factor::EmailCode, whose, client, problem))?;
    let found = found.filter(|found| found.disabled_at.is_none() && is_address(&found.email));
    if let (false, Some(found)) = (few, &found) {
        tracing::warn!(event = "mail_withheld", kind = emails::CODE, account = %found.id);
    }
    let found = found.filter(|_| few);
    let (handle, text) = (at.new_handle()?, code::generate()?);
    let letters = code::parsed(&text).unwrap_or_default();
    let new = store::New {
        hash: code::key(handle.reveal()),
        code: code::hash(handle.reveal(), &letters),
        account: found.as_ref().map(|found| (found.id, found.auth_stamp.clone())),
        email: found.as_ref().map(|found| found.email.clone()).unwrap_or_default(),
        door: at.door(),
        wants: wants.to_text()?,
        expires_at: db.now() + code::LASTS,
    };
    store::insert(db, new).await?;
    if let Some(found) = found {
        tracing::info!(event = "email_code_asked", account = %found.id);
        mailer.post(emails::code(settings, &found.email, client, &text));
    }
    at.keep(&handle);
    Ok(handle)
}

/// Whether a code waits to be entered in this browser.
///
/// # Errors
/// If the database fails.
pub(super) async fn is_waiting(db: &Db, at: At<'_>) -> Result<bool, Problem> {
    let Some(handle) = at.sent() else { return Ok(false) };
    Ok(store::is_waiting(db, code::key(handle.reveal()), at.door(), TRIES, db.now()).await?)
}

/// Checks the code `typed` of somebody who signs in, and returns what they asked for. `None` if no code was asked for
/// with this handle. The address is confirmed by it. The check is done to the end, even if the client disconnects.
///
/// # Errors
/// [`Problem::SignInExpired`]; [`Problem::Validation`] if the code is wrong; or if the database fails.
pub(super) async fn prove(
    state: &AppState,
    client: &Client,
    at: At<'_>,
    typed: &str,
) -> Result<Option<(Proven, Wants)>, Problem> {
    if !is_waiting(&state.db, at).await? {
        return Ok(None);
    }
    let Some(handle) = at.sent() else { return Ok(None) };
    let letters = parsed(typed)?;
    let (ours, client, door) = (state.clone(), client.clone(), at.door());
    let work = async move {
        let used = used(&ours.db, handle.reveal(), &letters, door).await?;
        let wants = Wants::of_text(&used.wants);
        takeover::confirm(&ours, &client, (used.account_id, &used.auth_stamp)).await?;
        let proven = Proven::of(&ours.db, used.account_id, Factor::EmailCode).await?.ok_or(Problem::SignInExpired)?;
        Ok((proven, wants))
    };
    let result = state.db.run_to_completion(work).await;
    counted::count(Factor::EmailCode, &result);
    if matches!(result, Ok(_) | Err(Problem::SignInExpired)) {
        at.forget();
    }
    result.map(Some)
}

fn parsed(typed: &str) -> Result<String, Problem> {
    let error = || FieldError::new(ANSWER_FIELD, "Enter the code from the email, such as AB12-CD34.");
    code::parsed(typed).ok_or_else(|| error().into())
}

/// Uses up the code that is bound to `bound_to`, if `letters` are those of it.
async fn used(db: &Db, bound_to: &str, letters: &str, door: &'static str) -> Result<store::Used, Problem> {
    let (key, now) = (code::key(bound_to), db.now());
    let tries = store::count_try(db, key.clone(), door, TRIES, now).await?;
    let Some((tries,)) = tries else { return Err(Problem::SignInExpired) };
    match store::take(db, key.clone(), code::hash(bound_to, letters), door, now).await {
        Ok(Some(used)) => Ok(used),
        Ok(None) if tries < TRIES => {
            Err(FieldError::incorrect(ANSWER_FIELD, "The code is wrong, or was used before.").into())
        }
        Ok(None) => Err(Problem::SignInExpired),
        Err(error) => {
            store::give_back(db, key).await?;
            Err(error.into())
        }
    }
}

/// Sends a code to the owner of `account`, who has proved something else or is signed in.
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(super) async fn begin(context: &FactorContext, account: &Account, client: &Client) -> Result<(), Problem> {
    let FactorContext { db, settings, mailer, .. } = context;
    let counted =
        account_attempts::code_for_account(db, &settings.throttle, client, (account.id, &account.email)).await;
    counted.inspect_err(|problem| counted::log_refusal(Factor::EmailCode, Some(account.id), client, problem))?;
    let found = accounts::credentials_of(db, account.id).await?.ok_or(Problem::NotSignedIn)?;
    let (bound_to, text) = (bound_to(context, account.id), code::generate()?);
    let new = store::New {
        hash: code::key(&bound_to),
        code: code::hash(&bound_to, &code::parsed(&text).unwrap_or_default()),
        account: Some((account.id, found.auth_stamp)),
        email: found.email.clone(),
        door: KNOWN,
        wants: String::new(),
        expires_at: db.now() + code::LASTS,
    };
    store::insert(db, new).await?;
    mailer.send(emails::code(settings, &found.email, client, &text)).await;
    Ok(())
}

/// Whether `typed` is the code that [`begin`] has sent for `account`. It is used up.
///
/// # Errors
/// [`Problem::Validation`] if it cannot be a code; or if the database fails.
pub(super) async fn check(context: &FactorContext, account: Uuid, typed: &str) -> Result<bool, Problem> {
    let letters = parsed(typed)?;
    match used(&context.db, &bound_to(context, account), &letters, KNOWN).await {
        Ok(used) => Ok(used.account_id == account),
        Err(Problem::Validation(_) | Problem::SignInExpired) => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// What a code for a known account is bound to: the handle of the sign-in or of whatever else asks for it.
fn bound_to(context: &FactorContext, account: Uuid) -> String {
    format!("{account} {}", context.handle.as_deref().unwrap_or_default())
}

/// What the list of factors says.
pub(super) fn summary() -> Summary {
    let state = "We email you a code when you ask for one on the sign-in page.".into();
    Summary { title: "Code by email", state, since: None, last_used_at: None, links: Vec::new() }
}

/// Ends the codes that were sent to `account`.
///
/// # Errors
/// If the database fails.
pub(super) async fn remove(db: &Db, account: Uuid) -> Result<(), Problem> {
    store::delete_all_of(db, account).await?;
    Ok(())
}

/// Deletes up to `batch` expired codes and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now(), batch).await
}
