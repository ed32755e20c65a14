//! The rules of tokens.

use time::Duration;
use uuid::Uuid;

use super::revocation::until_none;
use crate::{
    auth::{
        IssuedBy, Scopes, Token,
        activity::{Actor, Kind},
        store::tokens::{self, New},
        verify_password::{VerifiedPassword, why_refused},
    },
    db::Db,
    features::tokens::emails,
    http::{
        client::Client,
        problem::{FieldError, Problem},
    },
    mail::Mailer,
    secret::Secret,
    settings::{Settings as House, Tokens as Settings, check_origin},
    text::{is_blank, turns_direction},
    timestamp::Timestamp,
};

pub use super::revocation::{report, revoke, revoke_all, revoke_of_older_password, revoke_others};

/// How many origins one token may work from.
const ORIGINS_MAX: usize = 5;
/// How many of those that work are listed at most.
const SHOWN: i64 = 2_000;
/// How many of those that have ended are listed.
const ENDED_SHOWN: i64 = 100;
/// So many days before the end of a token its owner is told, the first mail first.
const WARNINGS: [u32; 2] = [7, 1];

/// What a token is made of.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its owner's name for it, 1 to 100 characters.
    pub name: String,
    /// At least one.
    pub scopes: Scopes,
    /// When it expires.
    pub expiry: Expiry,
    /// Whether each use lets it go on for as many days again, up to the longest a token may last.
    pub renew: bool,
    /// The origins whose pages it works from; from anywhere, where there is none.
    pub origins: Vec<String>,
}

/// When a token expires.
#[derive(Clone, Copy, Debug)]
pub enum Expiry {
    /// After so many days.
    Days(u32),
    /// Then.
    At(Timestamp),
}

/// A token just made, with the one sight of its secret.
#[derive(Debug)]
pub struct Issued {
    /// Shown once, kept nowhere.
    pub secret: Secret,
    /// What is kept.
    pub token: Token,
}

/// The token of `account` whose secret is `secret`, if it works.
///
/// # Errors
/// The database's.
pub async fn find(db: &Db, settings: &Settings, account: Uuid, secret: &str) -> Result<Option<Issued>, Problem> {
    let Some(secret) = Secret::parse(&settings.prefix, secret) else { return Ok(None) };
    let token = tokens::find(db, account, secret.hash(), db.now()).await?;
    Ok(token.map(|token| Issued { secret, token }))
}

/// Makes the token a person asked for, or a token that may manage tokens: `parent`.
///
/// What a token makes may do no more than that token, works from no other origin, and ends no later (S22): it is
/// bounded by when that one ends if it is used no more, so that no renewal that does not come leaves anything behind
/// (S60).
///
/// # Errors
/// [`Problem::Validation`] per field; [`Problem::ScopeMissing`] where `parent` lacks what it asks for;
/// [`Problem::NotSignedIn`] where the password of `actor` was changed meanwhile; [`Problem::Conflict`] where the
/// account has as many as it may have.
pub async fn create(
    db: &Db,
    settings: &Settings,
    actor: &Actor,
    parent: Option<&Token>,
    new: NewToken,
) -> Result<Issued, Problem> {
    if let Some(parent) = parent
        && let Some(lacking) = new.scopes.iter().find(|scope| !parent.scopes.contains(scope))
    {
        return Err(Problem::ScopeMissing(lacking.into()));
    }
    let now = db.now();
    let longest = now + Duration::days(settings.max_days.into());
    let mut errors = Vec::new();
    let name = checked_name(&new.name).map_err(|error| errors.push(error)).unwrap_or_default();
    if new.scopes.is_empty() {
        errors.push(FieldError::new("scopes", "Choose at least one thing the token may do."));
    }
    let origins = checked_origins(new.origins, parent).map_err(|error| errors.push(error)).unwrap_or_default();
    let expires_at = checked_expiry(new.expiry, now, longest, settings.max_days, parent);
    let expires_at = expires_at.map_err(|error| errors.push(error)).unwrap_or(now);
    let renew_days = match new.expiry {
        Expiry::Days(days) => Some(days),
        Expiry::At(_) => None,
    };
    if new.renew && renew_days.is_none() {
        let message = "Choose a number of days: a token that is renewed ends when it was not used for so long.";
        errors.push(FieldError::new("renew", message));
    }
    if !errors.is_empty() {
        return Err(Problem::Validation(errors));
    }

    let renew_days = renew_days.filter(|_| new.renew);
    let ends_at = match (renew_days, parent) {
        (None, _) => expires_at,
        (Some(_), None) => longest,
        (Some(_), Some(parent)) => longest.min(parent.expires_at),
    };
    let token = Token {
        id: Uuid::now_v7(),
        name,
        scopes: new.scopes,
        origins,
        issued_by: if parent.is_some() { IssuedBy::Token } else { IssuedBy::Person },
        created_at: now,
        expires_at,
        ends_at,
        renew_days,
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
    };
    let stamp = actor.stamp.clone().map(|stamp| stamp.0);
    let issued = issue(db, settings, actor, (parent, stamp.clone()), token, settings.per_account.into()).await?;
    if let Some(issued) = issued {
        return Ok(issued);
    }
    // Who asks may have been shut out while they asked.
    let stands = tokens::stands(db, actor.account, stamp).await?;
    match parent {
        None if !stands => Err(Problem::NotSignedIn),
        Some(parent) if !stands || !tokens::works(db, actor.account, parent.id, now).await? => {
            Err(Problem::TokenRevoked)
        }
        _ => Err(Problem::Conflict(
            "The account has as many tokens as it may have. Revoke one that is no longer needed.",
        )),
    }
}

/// Makes the token that `POST login` answers with: all scopes, since the password was just given, and short-lived. Where
/// there are as many of them as there may be, the oldest makes room. It ends with the password (S59).
///
/// # Errors
/// [`Problem::Validation`] where the name is too long; [`Problem::InvalidCredentials`] where the password was changed
/// meanwhile, [`Problem::AccountDisabled`].
pub async fn create_at_login(
    db: &Db,
    settings: &Settings,
    client: &Client,
    proven: &VerifiedPassword,
    scopes: Scopes,
    name: Option<&str>,
    remember: bool,
) -> Result<Issued, Problem> {
    let name = checked_name(name.unwrap_or("Login")).map_err(|error| Problem::Validation(vec![error]))?;
    let lifetime = if remember {
        Duration::days(settings.login_remember_days.into())
    } else {
        Duration::hours(settings.login_hours.into())
    };
    let now = db.now();
    let token = Token {
        id: Uuid::now_v7(),
        name,
        scopes,
        origins: Vec::new(),
        issued_by: IssuedBy::Login,
        created_at: now,
        expires_at: now + lifetime,
        ends_at: now + lifetime,
        renew_days: None,
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
    };
    let actor = Actor::by_password(proven.account.id, client);
    let (ours, settings, proven) = (db.clone(), settings.clone(), proven.clone());
    // To its end, so that whoever hangs up leaves no token more than there may be.
    db.run_to_completion(async move {
        let by = (None, Some(proven.auth_stamp.clone()));
        let Some(issued) = issue(&ours, &settings, &actor, by, token, i64::MAX).await? else {
            return Err(why_refused(&ours, &proven).await?);
        };
        let kept = settings.per_account.into();
        until_none(&ours, &actor, || tokens::revoke_old_logins(&ours, actor.account, kept, now)).await?;
        Ok(issued)
    })
    .await
}

async fn issue(
    db: &Db,
    settings: &Settings,
    actor: &Actor,
    (parent, stamp): (Option<&Token>, Option<Vec<u8>>),
    token: Token,
    limit: i64,
) -> Result<Option<Issued>, Problem> {
    let secret = Secret::generate(&settings.prefix).map_err(|error| Problem::Internal(error.to_string()))?;
    let (account, parent, hash, warn_days) = (actor.account, parent.map(|token| token.id), secret.hash(), warn(&token));
    let made = tokens::insert(db, New { account, stamp, parent, token, hash, warn_days, limit }).await?;
    let Some(token) = made else { return Ok(None) };
    actor.record(db, Kind::TokenCreated, Some((token.id, &token.name)));
    Ok(Some(Issued { secret, token }))
}

/// How many days before its end the owner is told first: not so many as it lasts in all, and never of a login, which ends
/// with the day.
fn warn(token: &Token) -> i64 {
    let lasts = token.ends_at - token.created_at;
    let first = WARNINGS.into_iter().find(|days| lasts > Duration::days((*days).into()));
    first.filter(|_| token.issued_by != IssuedBy::Login).map_or(0, i64::from)
}

/// The account's tokens that work, the newest first, then those that have ended lately.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<Token>, Problem> {
    let now = db.now();
    let mut tokens = tokens::at_work(db, account, now, SHOWN).await?;
    tokens.extend(tokens::ended(db, account, now, ENDED_SHOWN).await?);
    Ok(tokens)
}

/// Tells the owners of up to `batch` tokens that they end soon, as many as the mailer has room for, and says of how many. Each
/// is told once at most for each number of days, whichever instance does it (S46): what is claimed here and cannot be mailed
/// is not tried again, and stands in the log as `mail_failed`; but of a token that lasts for more than a week there are two.
///
/// # Errors
/// The database's.
pub async fn tell_of_end(db: &Db, state: &House, mailer: &Mailer, batch: i64) -> sqlx::Result<u64> {
    let now = db.now();
    let mut told = 0;
    for (index, days) in WARNINGS.into_iter().enumerate() {
        let room = mailer.room().min(batch);
        if room == 0 {
            break;
        }
        let next = WARNINGS.get(index + 1).copied().unwrap_or_default();
        let after = |days: u32| now + Duration::days(days.into());
        let due = tokens::claim_warnings(db, days.into(), next.into(), (after(next), after(days)), room).await?;
        for token in due {
            mailer.post_in_background(emails::ends_soon(state, &token.email, token.created_at, token.ends_at, now));
            told += 1;
        }
    }
    Ok(told)
}

/// Deletes up to `batch` tokens of each kind that ended more than `days` ago and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    tokens::sweep(db, db.now() + -Duration::days(days.into()), batch).await
}

fn checked_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    if is_blank(name) || name.chars().count() > 100 || name.contains(char::is_control) {
        return Err(FieldError::new("name", "Give the token a name of 1 to 100 characters."));
    }
    if turns_direction(name) {
        return Err(FieldError::new("name", "Leave out the characters that turn the direction of the text."));
    }
    Ok(name.to_owned())
}

/// The origins as they are kept. What a token makes works from that one's, if it is left open.
fn checked_origins(given: Vec<String>, parent: Option<&Token>) -> Result<Vec<String>, FieldError> {
    let wrong = |message: String| FieldError::new("origins", message);
    let mut origins: Vec<String> = Vec::new();
    for origin in given {
        check_origin(&origin).map_err(|why| wrong(format!("{why}.")))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > ORIGINS_MAX {
        return Err(wrong(format!("Name {ORIGINS_MAX} origins at most.")));
    }
    let theirs = parent.map(|parent| parent.origins.as_slice()).unwrap_or_default();
    if theirs.is_empty() {
        return Ok(origins);
    }
    if origins.is_empty() {
        return Ok(theirs.to_vec());
    }
    match origins.iter().find(|origin| !theirs.contains(origin)) {
        Some(other) => Err(wrong(format!("{other:?} is no origin of the token that asks."))),
        None => Ok(origins),
    }
}

fn checked_expiry(
    expiry: Expiry,
    now: Timestamp,
    longest: Timestamp,
    max_days: u32,
    parent: Option<&Token>,
) -> Result<Timestamp, FieldError> {
    let (field, expires_at) = match expiry {
        Expiry::Days(days) if (1..=max_days).contains(&days) => ("days", now + Duration::days(days.into())),
        Expiry::Days(_) => return Err(FieldError::new("days", format!("Choose between 1 and {max_days} days."))),
        Expiry::At(at) if at > now && at <= longest => ("expires_at", at),
        Expiry::At(_) => {
            let message = format!("Choose a day to come, within the next {max_days} days.");
            return Err(FieldError::new("expires_at", message));
        }
    };
    match parent {
        Some(parent) if expires_at > parent.expires_at => {
            let message = format!("The token that asks ends at {}. What it makes ends no later.", parent.expires_at);
            Err(FieldError::new(field, message))
        }
        _ => Ok(expires_at),
    }
}
