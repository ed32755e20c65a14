//! The rules for the parameters of a token.

use time::Duration;

use crate::{
    auth::{Scope, ScopeInfo, Scopes, Token},
    http::{
        names::name_error,
        problem::{FieldCode, FieldError},
    },
    settings::{Tokens, check_origin},
    timestamp::Timestamp,
};

/// The maximum number of origins of a token.
const ORIGINS_MAX: usize = 5;

/// How many unknown scopes one answer names.
const ERRORS_MAX: usize = 20;

/// The parameters of a new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// Its scopes, at least one.
    pub scopes: Scopes,
    /// When it expires.
    pub expiry: Expiry,
    /// Whether each use extends it by the same number of days, up to the maximum lifetime.
    pub renew: bool,
    /// The origins whose pages can use it. If empty, it works everywhere.
    pub origins: Vec<String>,
    /// The thumbprint of the key that it is bound to, if any.
    pub key_thumbprint: Option<String>,
}

/// When a token expires.
#[derive(Clone, Copy, Debug)]
pub enum Expiry {
    /// After this many days.
    Days(u32),
    /// At this time.
    At(Timestamp),
}

/// What is wrong with the scopes that a request names: there are none, or one that no feature declares.
pub fn scope_errors(declared: &[ScopeInfo], named: &[Scope]) -> Vec<FieldError> {
    if named.is_empty() {
        return vec![FieldError::required("scopes", "Choose at least one scope.")];
    }
    let unknown = named.iter().enumerate().filter(|(_, scope)| !declared.iter().any(|known| known.name == scope.0));
    let error = |(index, Scope(unknown)): (usize, &Scope)| {
        let (field, shown): (_, String) = (format!("scopes[{index}]"), unknown.chars().take(100).collect());
        FieldError::new(&field, format!("There is no scope “{shown}”.")).code(FieldCode::InvalidChoice)
    };
    unknown.take(ERRORS_MAX).map(error).collect()
}

/// What is wrong with the name of a token.
pub fn name_errors(name: &str) -> Vec<FieldError> {
    checked_name(name).err().into_iter().collect()
}

/// What is wrong with what a login asks of its token.
pub fn login_errors(declared: &[ScopeInfo], name: Option<&str>, scopes: Option<&[Scope]>) -> Vec<FieldError> {
    let scopes = scopes.map(|named| scope_errors(declared, named));
    [scopes, name.map(name_errors)].into_iter().flatten().flatten().collect()
}

/// What is wrong with the parameters of a new token, but for their scopes. `caller` limits its origins, `parent` how
/// long it lasts.
pub fn errors(
    settings: &Tokens,
    now: Timestamp,
    (caller, parent): (Option<&Token>, Option<&Token>),
    new: &NewToken,
) -> Vec<FieldError> {
    let mut errors = name_errors(&new.name);
    errors.extend(checked_origins(&new.origins, caller).err());
    errors.extend(checked_expiry(settings, new.expiry, now, parent).err());
    if new.renew && matches!(new.expiry, Expiry::At(_)) {
        let message = "Choose a number of days. A renewed token expires if it is not used for that long.";
        errors.push(FieldError::new("renew", message).code(FieldCode::Exclusive));
    }
    errors
}

/// The name to store.
///
/// # Errors
/// What is wrong with it.
pub(super) fn checked_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    match name_error(name) {
        Some(error) => Err(error),
        None => Ok(name.to_owned()),
    }
}

/// The origins to store. By default, a token created by another has the origins of its parent.
///
/// # Errors
/// What is wrong with them.
pub(super) fn checked_origins(given: &[String], parent: Option<&Token>) -> Result<Vec<String>, FieldError> {
    let wrong = |message: String| FieldError::new("origins", message);
    let mut origins: Vec<String> = Vec::new();
    for origin in given {
        check_origin(origin).map_err(|why| wrong(format!("{why}.")))?;
        if !origins.contains(origin) {
            origins.push(origin.clone());
        }
    }
    if origins.len() > ORIGINS_MAX {
        let message = format!("Enter at most {ORIGINS_MAX} origins.");
        return Err(FieldError::too_long("origins", message, ORIGINS_MAX, origins.len()));
    }
    let theirs = parent.map(|parent| parent.origins.as_slice()).unwrap_or_default();
    if theirs.is_empty() {
        return Ok(origins);
    }
    if origins.is_empty() {
        return Ok(theirs.to_vec());
    }
    match origins.iter().find(|origin| !theirs.contains(origin)) {
        Some(other) => Err(wrong(format!("{other:?} is not an origin of the calling token."))),
        None => Ok(origins),
    }
}

/// When the token expires.
///
/// # Errors
/// What is wrong with it.
pub(super) fn checked_expiry(
    settings: &Tokens,
    expiry: Expiry,
    now: Timestamp,
    parent: Option<&Token>,
) -> Result<Timestamp, FieldError> {
    let (max_days, longest) = (settings.max_days, now + Duration::days(settings.max_days.into()));
    let (field, expires_at) = match expiry {
        Expiry::Days(days) if (1..=max_days).contains(&days) => ("days", now + Duration::days(days.into())),
        Expiry::Days(_) => {
            let message = format!("Choose between 1 and {max_days} days.");
            return Err(FieldError::out_of_range("days", message, 1, max_days.into()));
        }
        Expiry::At(at) if at > now && at <= longest => ("expires_at", at),
        Expiry::At(_) => {
            let message = format!("Choose a date in the future, within the next {max_days} days.");
            return Err(FieldError::new("expires_at", message).code(FieldCode::OutOfRange));
        }
    };
    match parent {
        Some(parent) if expires_at > parent.expires_at => {
            let end = parent.expires_at;
            let message = format!(
                "The calling token expires at {end}, and what it creates no later. Send `password`, the account’s, to \
                 create a token that outlives it."
            );
            Err(FieldError::new(field, message).code(FieldCode::OutOfRange))
        }
        _ => Ok(expires_at),
    }
}
