//! The rules of accounts.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};
use uuid::Uuid;

use super::{
    Account,
    passwords::{About, Hasher, Match},
    store, tries,
};
pub(super) use crate::address::{is_address, normalized};
use crate::{
    activity::{Actor, Kind},
    address::may_be_known,
    client::Client,
    db::{Db, is_unique_violation},
    problem::{FieldError, Problem},
    settings::{Accounts, Confirm, Throttle},
    text::{is_blank, turns_direction},
};

/// What a new account needs.
#[derive(Clone, Default)]
pub struct SignUp {
    /// What to call them.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
    /// As typed.
    pub password: String,
}

impl fmt::Debug for SignUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignUp(…)")
    }
}

/// An account whose password was just proven.
#[derive(Clone)]
pub struct Proven {
    /// Whose.
    pub account: Account,
    /// Remembered by the sessions of this password.
    pub auth_stamp: Vec<u8>,
    /// Whether an operator keeps them out.
    pub disabled: bool,
}

impl Proven {
    /// Refuses whoever an operator keeps out, and whoever has to confirm their address first. Only who knows the password
    /// learns of either.
    ///
    /// # Errors
    /// [`Problem::AccountDisabled`], [`Problem::AddressNotConfirmed`]
    pub fn admitted(self, settings: &Accounts) -> Result<Self, Problem> {
        if self.disabled {
            return Err(Problem::AccountDisabled);
        }
        let must = settings.confirm == Confirm::Required;
        if must && !self.account.email_confirmed { Err(Problem::AddressNotConfirmed) } else { Ok(self) }
    }
}

/// Makes an account.
///
/// # Errors
/// [`Problem::Validation`] per field, the address being taken among them; [`Problem::RateLimited`];
/// [`Problem::Unavailable`].
pub async fn sign_up(
    db: &Db,
    hasher: &Hasher,
    limits: &Throttle,
    client: &Client,
    form: SignUp,
) -> Result<Proven, Problem> {
    let (name, email) = validated(&form)?;
    let (password_hash, counted) =
        hash_for_sign_up((db, hasher, limits), client, (&name, &email), form.password).await?;
    let proven = match make(db, name, email, password_hash).await {
        Ok(proven) => proven,
        Err(problem) => {
            counted.mailed_nobody(db).await;
            return Err(problem);
        }
    };
    Actor::by_password(proven.account.id, client).did(db, Kind::SignedUp, None);
    Ok(proven)
}

/// Puts a new account down.
///
/// # Errors
/// [`Problem::Validation`] where the address is taken; the database's.
pub(super) async fn make(db: &Db, name: String, email: String, password_hash: String) -> Result<Proven, Problem> {
    let taken = || Problem::field("email", "There is an account with this address already. Sign in instead.");
    // An account of 0.1.0 may have another spelling of it, which the index takes for another. None is made any more, so no
    // one can come in between.
    if store::credentials(db, &email).await?.is_some() {
        return Err(taken());
    }
    let auth_stamp = stamp()?;
    let account = Account { id: Uuid::now_v7(), email, email_confirmed: false, name, created_at: db.now() };
    let account = store::insert(db, account, password_hash, auth_stamp.clone())
        .await
        .map_err(|error| if is_unique_violation(&error) { taken() } else { error.into() })?;
    Ok(Proven { account, auth_stamp, disabled: false })
}

/// Counts a try to make an account, then judges and hashes its password: neither is done for whoever has tried too often
/// (S62).
pub(super) async fn hash_for_sign_up(
    (db, hasher, limits): (&Db, &Hasher, &Throttle),
    client: &Client,
    (name, email): (&str, &str),
    password: String,
) -> Result<(String, tries::SignUp), Problem> {
    let counted = tries::sign_up(db, limits, client, email).await?;
    let hasher = hasher.of(client);
    let outcome = match hasher.objection(&password, About::new(email, name)).await {
        Ok(Some(message)) => {
            counted.mailed_nobody(db).await;
            return Err(Problem::field("password", &message));
        }
        Ok(None) => hasher.hash(password).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(hash) => Ok((hash, counted)),
        Err(problem) => {
            counted.give_back(db).await;
            Err(problem)
        }
    }
}

/// Proves a password. A wrong one and an unknown address are the same answer after the same work (S25).
///
/// # Errors
/// [`Problem::InvalidCredentials`]; [`Problem::RateLimited`]; [`Problem::Unavailable`].
pub async fn prove(
    db: &Db,
    hasher: &Hasher,
    limits: &Throttle,
    client: &Client,
    email: &str,
    password: String,
) -> Result<Proven, Problem> {
    prove_who(db, hasher, limits, client, (email.to_owned(), None), password).await
}

/// Proves the password of the account `id`, whoever has its address by now (S61). `email` is the address it had when
/// the request began; tries are counted by it.
///
/// # Errors
/// As [`prove`].
pub async fn prove_account(
    db: &Db,
    hasher: &Hasher,
    limits: &Throttle,
    client: &Client,
    (id, email): (Uuid, &str),
    password: String,
) -> Result<Proven, Problem> {
    prove_who(db, hasher, limits, client, (email.to_owned(), Some(id)), password).await
}

async fn prove_who(
    db: &Db,
    hasher: &Hasher,
    limits: &Throttle,
    client: &Client,
    (email, id): (String, Option<Uuid>),
    password: String,
) -> Result<Proven, Problem> {
    let (ours, hasher) = (db.clone(), hasher.of(client));
    let (limits, client) = (*limits, client.clone());
    // To its end, or whoever hangs up before the answer would guess without being counted, or be counted without guessing.
    db.finish(async move {
        let counted = tries::sign_in(&ours, &limits, &client, &normalized(&email)).await?;
        let result = check(&ours, &hasher, &client, (&email, id), password).await;
        match &result {
            Ok(_) => counted.succeeded(&ours).await,
            Err(Problem::InvalidCredentials) => {}
            Err(_) => counted.give_back(&ours).await,
        }
        result
    })
    .await
}

async fn check(
    db: &Db,
    hasher: &Hasher,
    client: &Client,
    (email, id): (&str, Option<Uuid>),
    password: String,
) -> Result<Proven, Problem> {
    let found = match id {
        Some(id) => store::credentials_of(db, id).await?,
        // What is no address is nobody's, and may hold what a database cannot take, such as NUL.
        None if may_be_known(email) => store::credentials(db, email).await?,
        None => None,
    };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let right = hasher.compare(password.clone(), hash.clone()).await?;
    let Some(found) = found else {
        let (address, browser) = (client.address(), client.browser());
        tracing::warn!(event = "sign_in_failed", address, browser, "no such account");
        return Err(Problem::InvalidCredentials);
    };
    if right == Match::No {
        Actor::by_password(found.id, client).did(db, Kind::SignInFailed, None);
        return Err(Problem::InvalidCredentials);
    }
    if let Some(verified) = hash.filter(|hash| right == Match::AsTyped || hasher.is_outdated(hash)) {
        let (ours, hasher) = (db.clone(), hasher.clone());
        db.later(async move {
            if let Err(problem) = rehash(&ours, &hasher, found.id, verified, password).await {
                tracing::warn!(%problem, account = %found.id, "password not hashed anew; the next sign-in tries again");
            }
        });
    }
    let account = Account {
        id: found.id,
        email: found.email,
        email_confirmed: found.confirmed_at.is_some(),
        name: found.name,
        created_at: found.created_at,
    };
    Ok(Proven { account, auth_stamp: found.auth_stamp, disabled: found.disabled_at.is_some() })
}

/// Why nothing was made with what was proven: the password was changed meanwhile, or the account disabled or deleted
/// (S59).
///
/// # Errors
/// The database's.
pub async fn why_refused(db: &Db, proven: &Proven) -> Result<Problem, Problem> {
    let found = store::credentials_of(db, proven.account.id).await?;
    Ok(match found {
        Some(found) if found.disabled_at.is_some() => Problem::AccountDisabled,
        _ => Problem::InvalidCredentials,
    })
}

/// The name and the address of a new account, and a look at its password: whatever costs nothing.
pub(super) fn validated(form: &SignUp) -> Result<(String, String), Problem> {
    let email = normalized(&form.email);
    let name = form.name.trim().to_owned();
    let mut errors = Vec::new();
    if let Some(message) = name_objection(&name) {
        errors.push(FieldError::new("name", message));
    }
    if !is_address(&email) {
        errors.push(FieldError::new("email", "Enter an e-mail address, such as ada@example.org."));
    }
    if let Some(message) = Hasher::objection_at_sight(&form.password, &About::new(&email, &name)) {
        errors.push(FieldError::new("password", message));
    }
    if errors.is_empty() { Ok((name, email)) } else { Err(Problem::Validation(errors)) }
}

/// What is wrong with `name`, if anything is.
pub(super) fn name_objection(name: &str) -> Option<&'static str> {
    if is_blank(name) || name.chars().count() > 100 || name.contains(char::is_control) {
        return Some("Tell us what to call you, in 1 to 100 characters.");
    }
    turns_direction(name).then_some("Leave out the characters that turn the direction of the text.")
}

/// Hashes a password anew that was just `verified`, with what the settings ask for now (S23). The `auth_stamp` stays: it
/// is the same password, and nobody is signed out (T6). Says whether the hash was still the verified one.
///
/// # Errors
/// [`Problem::Unavailable`]
pub async fn rehash(
    db: &Db,
    hasher: &Hasher,
    account: Uuid,
    verified: String,
    password: String,
) -> Result<bool, Problem> {
    let hash = hasher.hash(password).await?;
    let replaced = store::replace_hash(db, account, verified, hash).await? > 0;
    tracing::info!(event = "password_rehashed", %account, replaced);
    Ok(replaced)
}

pub(super) fn stamp() -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![0; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["ada@example.org", "a+b@x", "ü@bücher.example", "a@[127.0.0.1]"] {
            assert!(is_address(good), "{good:?}");
        }
        for bad in ["", "ada", "@x", "ada@", "a b@x", "a@b@c", "a@x.", "a\r\n@x", &format!("{}@x", "a".repeat(254))] {
            assert!(!is_address(bad), "{bad:?}");
        }
        assert_eq!(normalized(" Ada@Example.ORG "), "ada@example.org");
    }

    #[test]
    fn names_can_be_seen_and_stay_where_they_stand() {
        for good in ["Ada", "שרה\u{200f}", "می\u{200c}خواهم", "👩\u{200d}💻", "é"] {
            assert_eq!(name_objection(good), None, "{good:?}");
        }
        for bad in ["", "\u{200b}", "\u{3164}", "\u{2800} \u{2800}", "a\nb", "\u{202e}adA", "a\u{2066}b"] {
            assert!(name_objection(bad).is_some(), "{bad:?}");
        }
    }
}
