//! Proving who somebody is by their password.

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{
    Account,
    activity::{Actor, Kind},
    passwords::{Hasher, Match},
    rate_limit::account_attempts,
    sign_in::counted::{self, Step},
    store::accounts,
};
use crate::{
    db::Db,
    http::{
        client::Client,
        problem::{FieldError, Problem},
    },
    settings::Throttle,
    text::{
        email_address::{may_be_known, normalized},
        is_blank,
    },
};

/// An account whose password was just verified. It lets nobody in: [`super::sign_in::SignIns::proceed`] decides.
#[derive(Clone)]
pub struct VerifiedPassword {
    /// The account.
    pub account: Account,
    /// The account's stamp, which sessions of this password remember.
    pub auth_stamp: Vec<u8>,
    /// Whether an operator disabled the account.
    pub disabled: bool,
}

/// Verifies the password of the account with the address `email`. A wrong password and an unknown address give the same
/// answer after the same work (S25).
///
/// # Errors
/// [`Problem::InvalidCredentials`]; [`Problem::RateLimited`]; [`Problem::Unavailable`].
pub async fn verify_password(
    db: &Db,
    hasher: &Hasher,
    throttle: &Throttle,
    client: &Client,
    email: &str,
    password: SecretString,
) -> Result<VerifiedPassword, Problem> {
    prove_who(db, hasher, throttle, client, (email.to_owned(), None), password).await
}

/// Verifies the password of the account `id`, even if its address changed meanwhile (S61). `email` is the address it
/// had when the request began; attempts are counted by it.
///
/// # Errors
/// The same as [`verify_password`].
pub async fn verify_account_password(
    db: &Db,
    hasher: &Hasher,
    throttle: &Throttle,
    client: &Client,
    (id, email): (Uuid, &str),
    password: SecretString,
) -> Result<VerifiedPassword, Problem> {
    prove_who(db, hasher, throttle, client, (email.to_owned(), Some(id)), password).await
}

async fn prove_who(
    db: &Db,
    hasher: &Hasher,
    throttle: &Throttle,
    client: &Client,
    (email, id): (String, Option<Uuid>),
    password: SecretString,
) -> Result<VerifiedPassword, Problem> {
    let (ours, hasher) = (db.clone(), hasher.of(client));
    let (throttle, client) = (*throttle, client.clone());
    let step = if id.is_some() { Step::Reauthentication } else { Step::Password };
    // Run to completion: a client that disconnects must not guess uncounted, nor be counted without a guess.
    let result = db.run_to_completion(async move {
        let counted = match account_attempts::sign_in(&ours, &throttle, &client, &normalized(&email)).await {
            Ok(counted) => counted,
            Err(problem) => {
                if matches!(problem, Problem::RateLimited { .. }) {
                    // An unknown address costs the same.
                    let account = whose(&ours, &email, id).await?;
                    counted::log_refusal(step, account, &client, &problem);
                }
                return Err(problem);
            }
        };
        let result = check(&ours, &hasher, &client, (&email, id), password).await;
        match &result {
            Ok(_) => counted.succeeded(&ours).await,
            Err(Problem::InvalidCredentials) => {}
            Err(_) => counted.give_back(&ours).await,
        }
        result
    });
    let result = result.await;
    counted::count(step, &result);
    result
}

/// The account that somebody tries to sign in to.
async fn whose(db: &Db, email: &str, id: Option<Uuid>) -> sqlx::Result<Option<Uuid>> {
    match id {
        None if may_be_known(email) => Ok(accounts::credentials(db, email).await?.map(|found| found.id)),
        id => Ok(id),
    }
}

async fn check(
    db: &Db,
    hasher: &Hasher,
    client: &Client,
    (email, id): (&str, Option<Uuid>),
    password: SecretString,
) -> Result<VerifiedPassword, Problem> {
    let found = match id {
        Some(id) => accounts::credentials_of(db, id).await?,
        // Anything else belongs to no account, and may contain NUL, which PostgreSQL rejects.
        None if may_be_known(email) => accounts::credentials(db, email).await?,
        None => None,
    };
    let hash = found.as_ref().and_then(|found| found.password_hash.clone());
    let right = hasher.compare(password.clone(), hash.clone()).await?;
    let Some(found) = found else {
        let (address, browser) = (client.address(), client.browser());
        tracing::warn!(event = "sign_in_failed", address, browser, "no such account");
        return Err(Problem::InvalidCredentials);
    };
    if right == Match::No {
        Actor::by_password(found.id, client).record(db, Kind::SignInFailed, None);
        return Err(Problem::InvalidCredentials);
    }
    if let Some(verified) = hash.filter(|hash| right == Match::AsTyped || hasher.is_outdated(hash)) {
        let (ours, hasher) = (db.clone(), hasher.clone());
        db.spawn_detached(async move {
            if let Err(problem) = rehash(&ours, &hasher, found.id, verified, password).await {
                tracing::warn!(%problem, account = %found.id, "password not rehashed; the next sign-in will try again");
            }
        });
    }
    let account = Account {
        id: found.id,
        email: found.email,
        email_confirmed: found.email_verified_at.is_some(),
        name: found.name,
        created_at: found.created_at,
    };
    Ok(VerifiedPassword { account, auth_stamp: found.auth_stamp, disabled: found.disabled_at.is_some() })
}

/// What is missing of the credentials that somebody signs in with.
pub fn missing_credentials(email: &str, password: &SecretString) -> Vec<FieldError> {
    let email = is_blank(email).then(|| FieldError::required("email", "Enter your email address."));
    let password =
        password.expose_secret().is_empty().then(|| FieldError::required("password", "Enter your password."));
    email.into_iter().chain(password).collect()
}

/// Why nothing was created for an account that was proved: its password was changed meanwhile, or it was disabled or
/// deleted (S59).
///
/// # Errors
/// If the database fails.
pub async fn why_refused(db: &Db, account: Uuid) -> Result<Problem, Problem> {
    let found = accounts::credentials_of(db, account).await?;
    Ok(match found {
        Some(found) if found.disabled_at.is_some() => Problem::AccountDisabled,
        _ => Problem::InvalidCredentials,
    })
}

/// Replaces the hash of a password that was just verified with one that uses the current settings (S23). `verified` is
/// the old hash. The `auth_stamp` stays, so nobody is signed out (T6). Returns `false` if the stored hash is no longer
/// `verified`.
///
/// # Errors
/// [`Problem::Unavailable`]
pub async fn rehash(
    db: &Db,
    hasher: &Hasher,
    account: Uuid,
    verified: String,
    password: SecretString,
) -> Result<bool, Problem> {
    let hash = hasher.hash(password).await?;
    let replaced = accounts::replace_hash(db, account, verified, hash).await? > 0;
    tracing::info!(event = "password_rehashed", %account, replaced);
    Ok(replaced)
}
