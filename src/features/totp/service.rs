//! The rules for authenticator apps.

use rand::{TryRngCore, rngs::OsRng};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    code::{matching_step, parsed, used_at},
    store,
};
use crate::{
    auth::sign_in::{ANSWER_FIELD, FactorContext, Summary},
    db::Db,
    http::problem::{FieldError, Problem},
};

/// 160 bits, as RFC 4226 section 4 recommends.
const SECRET_BYTES: usize = 20;

/// The name of the factor, for people.
pub(super) const NAME: &str = "Authenticator app";

/// What an account has.
pub(super) enum State {
    /// Nothing.
    Off,
    /// A secret that waits for its first code.
    Waiting(Vec<u8>),
    /// An authenticator app.
    On,
}

/// What `account` has.
///
/// # Errors
/// If the database fails.
pub(super) async fn state(db: &Db, account: Uuid) -> Result<State, Problem> {
    Ok(match store::find(db, account).await? {
        None => State::Off,
        Some(row) if row.enabled_at.is_some() => State::On,
        Some(row) => State::Waiting(row.secret),
    })
}

/// Whether `account` has an authenticator app.
///
/// # Errors
/// If the database fails.
pub(super) async fn is_on(db: &Db, account: Uuid) -> Result<bool, Problem> {
    Ok(matches!(state(db, account).await?, State::On))
}

/// Creates a secret that counts once its first code is entered. If there is an authenticator app, it stays.
///
/// # Errors
/// If the database fails.
pub(super) async fn begin(db: &Db, account: Uuid) -> Result<(), Problem> {
    let mut secret = vec![0; SECRET_BYTES];
    OsRng.try_fill_bytes(&mut secret).map_err(|error| Problem::Internal(error.to_string()))?;
    store::begin(db, account, secret, db.now()).await?;
    Ok(())
}

/// Turns the authenticator app on with its first code. Returns `false` if there is no secret that waits for one.
///
/// # Errors
/// [`Problem::Validation`] if the code is wrong; or if the database fails.
pub(super) async fn enable(db: &Db, account: Uuid, typed: &str) -> Result<bool, Problem> {
    let code = parsed(typed).ok_or_else(no_code)?;
    let State::Waiting(secret) = state(db, account).await? else { return Ok(false) };
    let Some(step) = matching_step(&secret, db.now(), 0, code) else {
        let message = "The code is wrong. Enter the one that the app shows now, and check that your phone's clock is \
                       right.";
        return Err(FieldError::incorrect(ANSWER_FIELD, message).into());
    };
    Ok(store::enable(db, account, secret, step, db.now()).await? > 0)
}

/// Whether `typed` is a code of the account's app that was not used yet. It is used up.
///
/// # Errors
/// [`Problem::Validation`] if it is not six digits; or if the database fails.
pub(super) async fn check(context: &FactorContext, account: Uuid, typed: &str) -> Result<bool, Problem> {
    let (db, code) = (&context.db, parsed(typed).ok_or_else(no_code)?);
    let Some(row) = store::find(db, account).await?.filter(|row| row.enabled_at.is_some()) else { return Ok(false) };
    let Some(step) = matching_step(&row.secret, db.now(), row.last_step, code) else { return Ok(false) };
    Ok(store::take(db, account, row.secret, step).await? > 0)
}

/// Removes the authenticator app, or the secret that waits for its first code. Returns whether there was an app.
///
/// # Errors
/// If the database fails.
pub(super) async fn remove(db: &Db, account: Uuid) -> Result<bool, Problem> {
    let was_on = is_on(db, account).await?;
    Ok(store::delete(db, account).await? > 0 && was_on)
}

/// What the security page shows.
///
/// # Errors
/// If the database fails.
pub(super) async fn summary(db: &Db, account: Uuid) -> Result<Summary, Problem> {
    let row = store::find(db, account).await?;
    let since = row.as_ref().and_then(|row| row.enabled_at);
    let link = if since.is_some() { "Remove" } else { "Set up" };
    Ok(Summary {
        title: NAME,
        state: "Codes from an app on your phone, asked for after your password.".into(),
        since,
        last_used_at: row.filter(|_| since.is_some()).and_then(|row| used_at(row.last_step)),
        links: vec![(super::PATH, link)],
    })
}

/// What the data export holds: since when there is an app and when it was last used, and no secret. Null without one.
///
/// # Errors
/// If the database fails.
pub(super) async fn exported(db: &Db, account: Uuid) -> Result<Option<Value>, Problem> {
    let Summary { since, last_used_at, .. } = summary(db, account).await?;
    Ok(since.map(|added_at| json!({"added_at": added_at, "last_used_at": last_used_at})))
}

fn no_code() -> Problem {
    FieldError::new(ANSWER_FIELD, "Enter the six digits that your app shows.").into()
}
