//! The rules for creating and listing tokens.

use time::Duration;
use uuid::Uuid;

use super::{
    revocation::until_none,
    rules::{checked_expiry, checked_name, checked_origins},
};
use crate::{
    auth::{
        IssuedBy, Stamp, Token,
        activity::{Actor, Kind},
        sign_in::{Admitted, Wants},
        store::{
            accounts,
            tokens::{self, New},
        },
        verify_password::why_refused,
    },
    db::Db,
    features::tokens::emails,
    http::{
        client::Client,
        problem::{FieldError, Problem},
    },
    mail::Mailer,
    secret::Secret,
    settings::{Settings, Tokens},
    timestamp::Timestamp,
};

pub use super::{
    renewal::{expires_in, renew, renewable_until},
    revocation::{report, revoke, revoke_all, revoke_of_older_password, revoke_others},
    rules::{Expiry, NewToken, errors, login_errors, name_errors, scope_errors},
};

/// The maximum number of active tokens that are listed.
const SHOWN: i64 = 2_000;
/// The maximum number of expired and revoked tokens that are listed.
const ENDED_SHOWN: i64 = 100;
/// How many days before a token expires its owner is told, earliest first.
const WARNINGS: [u32; 2] = [7, 1];

/// A new token with its secret.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The secret. It is shown once and not stored.
    pub secret: Secret,
    /// The metadata, which is stored.
    pub token: Token,
}

/// The active token of `account` with this `secret`.
///
/// # Errors
/// If the database fails.
pub async fn find(db: &Db, settings: &Tokens, account: Uuid, secret: &str) -> Result<Option<Issued>, Problem> {
    let Some(secret) = Secret::parse(&settings.prefix, secret) else { return Ok(None) };
    let token = tokens::find(db, account, secret.hash(), db.now()).await?;
    Ok(token.map(|token| Issued { secret, token }))
}

/// Creates a token for a person, or for a token that can manage tokens: `parent`.
///
/// A token created by another has no more scopes than its parent, works from no other origin, expires no later, and is
/// bound to the same key if the parent is bound (S22, S82). The limit is when the parent expires if it is not used
/// again, so that nothing outlives a parent that is not renewed (S60).
///
/// # Errors
/// [`Problem::Validation`] with an error for each invalid field; [`Problem::ScopeMissing`] if `parent` lacks a
/// requested scope; [`Problem::NotSignedIn`] if the password of `actor` was changed meanwhile; [`Problem::Conflict`] if
/// the account has reached its limit; [`Problem::DpopProofInvalid`] if it demands a key and the token has none.
pub async fn create(
    db: &Db,
    settings: &Tokens,
    actor: &Actor,
    parent: Option<&Token>,
    new: NewToken,
) -> Result<Issued, Problem> {
    let token = checked(settings, db.now(), (parent, parent), new)?;
    store(db, settings, actor, parent, token).await
}

/// Creates a token for a person who gives their password to a client with the token `caller`. It has no more scopes
/// than `caller` and works from no other origin, but it is the person's own: it may expire later, and is not revoked
/// with `caller`. `proof` verifies the password and returns the account's stamp; it runs once everything else is valid
/// (S62).
///
/// # Errors
/// The same as [`create`]; those of `proof`.
pub async fn create_with_password(
    db: &Db,
    settings: &Tokens,
    (actor, caller): (Actor, &Token),
    new: NewToken,
    proof: impl Future<Output = Result<Option<Stamp>, Problem>>,
) -> Result<Issued, Problem> {
    let token = checked(settings, db.now(), (Some(caller), None), new)?;
    let actor = Actor { stamp: proof.await?, ..actor };
    store(db, settings, &actor, None, token).await.map_err(|problem| match problem {
        // It was changed meanwhile.
        Problem::NotSignedIn => FieldError::incorrect("password", "The password is wrong.").into(),
        problem => problem,
    })
}

/// The token `new` as it is to be stored. `caller` limits its scopes and origins, and binds it to its own key; `parent`
/// limits how long it lasts.
fn checked(
    settings: &Tokens,
    now: Timestamp,
    (caller, parent): (Option<&Token>, Option<&Token>),
    new: NewToken,
) -> Result<Token, Problem> {
    if let Some(caller) = caller
        && let Some(lacking) = new.scopes.iter().find(|scope| !caller.scopes.contains(scope))
    {
        return Err(Problem::ScopeMissing(lacking.into()));
    }
    let no_scope = new.scopes.is_empty().then(|| FieldError::required("scopes", "Choose at least one scope."));
    let errors = errors(settings, now, (caller, parent), &new).into_iter().chain(no_scope).collect();
    Problem::unless(errors, ())?;
    let name = checked_name(&new.name)?;
    let origins = checked_origins(&new.origins, caller)?;
    let expires_at = checked_expiry(settings, new.expiry, now, parent)?;
    let longest = now + Duration::days(settings.max_days.into());
    let renew_days = match new.expiry {
        Expiry::Days(days) if new.renew => Some(days),
        _ => None,
    };
    let ends_at = match (renew_days, parent) {
        (None, _) => expires_at,
        (Some(_), None) => longest,
        (Some(_), Some(parent)) => longest.min(parent.expires_at),
    };
    Ok(Token {
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
        key_thumbprint: caller.and_then(|caller| caller.key_thumbprint.clone()).or(new.key_thumbprint),
    })
}

async fn store(
    db: &Db,
    settings: &Tokens,
    actor: &Actor,
    parent: Option<&Token>,
    token: Token,
) -> Result<Issued, Problem> {
    let (now, is_bound) = (token.created_at, token.key_thumbprint.is_some());
    let stamp = actor.stamp.clone().map(|stamp| stamp.0);
    let issued = issue(db, settings, actor, (parent, stamp.clone()), token, settings.per_account.into()).await?;
    if let Some(issued) = issued {
        return Ok(issued);
    }
    // The account or the parent may have lost access meanwhile.
    let stands = tokens::stands(db, actor.account, stamp).await?;
    match parent {
        None if !stands => Err(Problem::NotSignedIn),
        Some(parent) if !stands || !tokens::works(db, actor.account, parent.id, now).await? => {
            Err(Problem::TokenRevoked)
        }
        _ if !is_bound && accounts::requires_key(db, actor.account).await? => Err(key_required()),
        _ => Err(Problem::Conflict("The account has reached its limit of tokens. Revoke one that you no longer need.")),
    }
}

/// Creates the token for `POST login`: short-lived, but [`renew`] prolongs it for a while. At the limit, the oldest
/// login token is revoked. It ends when the password changes (S59).
///
/// # Errors
/// [`Problem::Validation`] if the name is invalid; [`Problem::InvalidCredentials`] if the password was changed
/// meanwhile; [`Problem::AccountDisabled`]; [`Problem::DpopProofInvalid`] as in [`create`].
pub async fn create_at_login(
    db: &Db,
    settings: &Tokens,
    client: &Client,
    admitted: &Admitted,
    wants: Wants,
) -> Result<Issued, Problem> {
    let Wants { remember, name, scopes, key_thumbprint } = wants;
    let name = checked_name(name.as_deref().unwrap_or("Login"))?;
    let (lasts, in_all) = settings.login_lifetime(remember);
    let (now, is_bound) = (db.now(), key_thumbprint.is_some());
    let token = Token {
        id: Uuid::now_v7(),
        name,
        scopes,
        origins: Vec::new(),
        issued_by: IssuedBy::Login,
        created_at: now,
        expires_at: now + lasts,
        ends_at: now + in_all,
        renew_days: None,
        last_used_at: None,
        last_used_from: None,
        revoked_at: None,
        key_thumbprint,
    };
    let actor = admitted.acting(client);
    let (ours, settings, stamp) = (db.clone(), settings.clone(), admitted.auth_stamp().to_vec());
    // Run to completion, so that a client that disconnects leaves no token above the limit.
    db.run_to_completion(async move {
        let by = (None, Some(stamp));
        let Some(issued) = issue(&ours, &settings, &actor, by, token, i64::MAX).await? else {
            let is_demanded = !is_bound && accounts::requires_key(&ours, actor.account).await?;
            return Err(if is_demanded { key_required() } else { why_refused(&ours, actor.account).await? });
        };
        let kept = settings.per_account.into();
        until_none(&ours, &actor, || tokens::revoke_old_logins(&ours, actor.account, kept, now)).await?;
        Ok(issued)
    })
    .await
}

/// The account demands tokens that are bound to a key.
fn key_required() -> Problem {
    let detail = "This account takes only tokens that are bound to a key, and the request has no `DPoP` header.";
    Problem::DpopProofInvalid(detail.into())
}

async fn issue(
    db: &Db,
    settings: &Tokens,
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

/// How many days before it expires the owner is first told: fewer than its lifetime. 0 for login tokens, which are
/// short-lived: the owner is not told.
fn warn(token: &Token) -> i64 {
    let lasts = token.ends_at - token.created_at;
    let first = WARNINGS.into_iter().find(|days| lasts > Duration::days((*days).into()));
    first.filter(|_| token.issued_by != IssuedBy::Login).map_or(0, i64::from)
}

/// The account's active tokens, newest first, then those that expired or were revoked recently.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<Token>, Problem> {
    let now = db.now();
    let mut tokens = tokens::at_work(db, account, now, SHOWN).await?;
    tokens.extend(tokens::ended(db, account, now, ENDED_SHOWN).await?);
    Ok(tokens)
}

/// Tells the owners of up to `batch` tokens that they expire soon. Returns how many were told. Each mail is stored at
/// most once, across all instances (S46). A token that lasts longer than a week has two such mails.
///
/// # Errors
/// If the database fails.
pub async fn tell_of_end(db: &Db, settings: &Settings, mailer: &Mailer, batch: i64) -> sqlx::Result<u64> {
    let now = db.now();
    let mut told = 0;
    for (index, days) in WARNINGS.into_iter().enumerate() {
        let next = WARNINGS.get(index + 1).copied().unwrap_or_default();
        let after = |days: u32| now + Duration::days(days.into());
        let due = tokens::claim_warnings(db, days.into(), next.into(), (after(next), after(days)), batch).await?;
        for token in due {
            mailer.send(emails::ends_soon(settings, &token.email, token.created_at, token.ends_at, now)).await;
            told += 1;
        }
    }
    Ok(told)
}

/// Deletes up to `batch` tokens that were revoked, and as many that expired, more than `days` ago. Returns the larger
/// of the two numbers (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    tokens::delete_expired(db, db.now() + -Duration::days(days.into()), batch).await
}
