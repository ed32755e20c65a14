//! The rules for recovery codes.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{KIND, PATH, code, emails, store};
use crate::{
    auth::{
        sign_in::{ANSWER_FIELD, FactorContext, NextPage, Summary},
        store::accounts,
    },
    db::Db,
    http::{
        forms::ShownOnce,
        problem::{FieldError, Problem},
    },
};

/// How many codes a set has.
const CODES: usize = 10;
/// With how many codes left the owner is told.
const FEW: i64 = 2;

/// How many codes `account` has left.
///
/// # Errors
/// If the database fails.
pub(super) async fn left(db: &Db, account: Uuid) -> Result<i64, Problem> {
    Ok(store::count(db, account).await?.0)
}

/// Makes a new set of codes, in place of the others. Each is a line.
///
/// # Errors
/// If the database fails.
pub(super) async fn renew(db: &Db, account: Uuid) -> Result<String, Problem> {
    let codes = (0..CODES).map(|_| code::generate()).collect::<Result<Vec<_>, _>>()?;
    let (ours, made, now) = (db.clone(), codes.clone(), db.now());
    // To the end, so that no set is left incomplete.
    db.run_to_completion(async move {
        store::delete(&ours, account).await?;
        for letters in made.iter().filter_map(|code| code::parsed(code)) {
            store::insert(&ours, account, code::hash(account, &letters), now).await?;
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(codes.join("\n"))
}

/// Whether `typed` is a code of `account` that was not used yet. It is used up.
///
/// # Errors
/// [`Problem::Validation`] if it cannot be a code; or if the database fails.
pub(super) async fn check(context: &FactorContext, account: Uuid, typed: &str) -> Result<bool, Problem> {
    let FactorContext { db, settings, mailer, .. } = context;
    let no_code = || {
        FieldError::new(ANSWER_FIELD, "Enter one of your recovery codes, with all its groups of letters and digits.")
    };
    let letters = code::parsed(typed).ok_or_else(no_code)?;
    if store::take(db, account, code::hash(account, &letters)).await? == 0 {
        return Ok(false);
    }
    if left(db, account).await? == FEW
        && let Some(owner) = accounts::credentials_of(db, account).await?
    {
        mailer.send(emails::few_left(settings, &owner.email, FEW)).await;
    }
    Ok(true)
}

/// After the second factors have changed: the first one brings recovery codes, and without one they mean nothing.
///
/// # Errors
/// If the database fails.
pub(super) async fn follow(db: &Db, account: Uuid, is_required: bool) -> Result<Option<NextPage>, Problem> {
    if !is_required {
        store::delete(db, account).await?;
        return Ok(None);
    }
    if left(db, account).await? > 0 {
        return Ok(None);
    }
    let codes = renew(db, account).await?;
    Ok(Some(NextPage { path: PATH, shown: ShownOnce::new(KIND, &codes) }))
}

/// What the security page shows.
///
/// # Errors
/// If the database fails.
pub(super) async fn summary(db: &Db, account: Uuid) -> Result<Summary, Problem> {
    let (left, since) = store::count(db, account).await?;
    let state = match left {
        0 => "Codes to print or save, for when you do not have your phone.".into(),
        1 => "1 code left. Create new codes before you run out.".into(),
        left => format!("{left} codes left, for when you do not have your phone."),
    };
    Ok(Summary { title: "Recovery codes", state, since, last_used_at: None, links: vec![(PATH, "View")] })
}

/// What the data export holds: how many there are and since when, and no code.
///
/// # Errors
/// If the database fails.
pub(super) async fn exported(db: &Db, account: Uuid) -> Result<Value, Problem> {
    let (left, created_at) = store::count(db, account).await?;
    Ok(json!({"left": left, "created_at": created_at}))
}

/// Removes all codes of `account`.
///
/// # Errors
/// If the database fails.
pub(super) async fn remove(db: &Db, account: Uuid) -> Result<(), Problem> {
    store::delete(db, account).await?;
    Ok(())
}
