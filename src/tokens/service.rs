//! The rules of tokens.

use time::Duration;
use uuid::Uuid;

use super::{Scopes, Token, format::Secret, store};
use crate::{
    activity::{Actor, Kind},
    db::Db,
    problem::{FieldError, Problem},
    settings::Tokens as Settings,
};

/// What a token made on the tokens page is made of.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// Its owner's name for it, 1 to 100 characters.
    pub name: String,
    /// At least one.
    pub scopes: Scopes,
    /// Days until it expires.
    pub days: u32,
}

/// A token just made, with the one sight of its secret.
#[derive(Debug)]
pub struct Issued {
    /// Shown once, kept nowhere.
    pub secret: Secret,
    /// What is kept.
    pub token: Token,
}

/// Makes the token a person asked for on the tokens page.
///
/// # Errors
/// [`Problem::Validation`] per field.
pub async fn create(db: &Db, settings: &Settings, actor: &Actor, new: NewToken) -> Result<Issued, Problem> {
    let mut errors = Vec::new();
    let name = checked_name(&new.name).map_err(|error| errors.push(error)).unwrap_or_default();
    if new.scopes.is_empty() {
        errors.push(FieldError::new("scopes", "Choose at least one thing the token may do."));
    }
    if !(1..=settings.max_days).contains(&new.days) {
        let message = format!("Choose between 1 and {} days.", settings.max_days);
        errors.push(FieldError::new("days", message));
    }
    if !errors.is_empty() {
        return Err(Problem::Validation(errors));
    }
    issue(db, settings, actor, name, new.scopes, Duration::days(new.days.into()), "person").await
}

/// Makes the token that `POST login` answers with: all scopes, since the password was just given, and short-lived.
///
/// # Errors
/// [`Problem::Validation`] where the name is too long.
pub async fn create_at_login(
    db: &Db,
    settings: &Settings,
    actor: &Actor,
    name: Option<&str>,
    remember: bool,
) -> Result<Issued, Problem> {
    let name = checked_name(name.unwrap_or("Login")).map_err(|error| Problem::Validation(vec![error]))?;
    let lifetime = if remember {
        Duration::days(settings.login_remember_days.into())
    } else {
        Duration::hours(settings.login_hours.into())
    };
    issue(db, settings, actor, name, Scopes::all(), lifetime, "login").await
}

async fn issue(
    db: &Db,
    settings: &Settings,
    actor: &Actor,
    name: String,
    scopes: Scopes,
    lifetime: Duration,
    issued_by: &'static str,
) -> Result<Issued, Problem> {
    let secret = Secret::generate(&settings.prefix).map_err(|error| Problem::Internal(error.to_string()))?;
    let now = db.now();
    let token =
        Token { id: Uuid::now_v7(), name, scopes, created_at: now, expires_at: now + lifetime, last_used_at: None };
    let token = store::insert(db, actor.account, token, secret.hash(), issued_by).await?;
    actor.did(db, Kind::TokenCreated, Some((token.id, &token.name)));
    Ok(Issued { secret, token })
}

/// The account's tokens that were not revoked, the newest first. Expired ones are among them.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<Token>, Problem> {
    Ok(store::list(db, account).await?)
}

/// Ends a token, from its next request on.
///
/// # Errors
/// [`Problem::NotFound`] where the account has no such token, or has revoked it before.
pub async fn revoke(db: &Db, actor: &Actor, id: Uuid) -> Result<(), Problem> {
    let token = store::revoke(db, actor.account, id, db.now()).await?.ok_or(Problem::NotFound)?;
    actor.did(db, Kind::TokenRevoked, Some((id, &token.name)));
    Ok(())
}

/// Ends every token of the account.
///
/// # Errors
/// The database's.
pub async fn revoke_all(db: &Db, actor: &Actor) -> Result<(), Problem> {
    for token in store::revoke_all(db, actor.account, db.now()).await? {
        actor.did(db, Kind::TokenRevoked, Some((token.id, &token.name)));
    }
    Ok(())
}

fn checked_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
        return Err(FieldError::new("name", "Give the token a name of 1 to 100 characters."));
    }
    Ok(name.to_owned())
}
