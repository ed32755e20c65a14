//! The rules of accounts.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};
use uuid::Uuid;

use super::{
    Account,
    passwords::{About, Hasher},
    store, tries,
};
use crate::{
    activity::{Actor, Kind},
    client::Client,
    db::{Db, is_unique_violation},
    problem::{FieldError, Problem},
    settings::{Accounts, Confirm, Throttle},
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
    /// Whether the address was shown to be theirs.
    pub confirmed: bool,
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
        if must && !self.confirmed { Err(Problem::AddressNotConfirmed) } else { Ok(self) }
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
    let auth_stamp = stamp()?;
    let account = Account { id: Uuid::now_v7(), email, name, created_at: db.now() };
    let account = store::insert(db, account, password_hash, auth_stamp.clone()).await.map_err(|error| {
        if is_unique_violation(&error) {
            return Problem::field("email", "There is an account with this address already. Sign in instead.");
        }
        error.into()
    })?;
    Ok(Proven { account, auth_stamp, confirmed: false, disabled: false })
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
    let (ours, hasher, email) = (db.clone(), hasher.of(client), normalized(email));
    let (limits, client) = (*limits, client.clone());
    // To its end, or whoever hangs up before the answer would guess without being counted, or be counted without guessing.
    db.finish(async move {
        let counted = tries::sign_in(&ours, &limits, &client, &email).await?;
        let result = check(&ours, &hasher, &client, &email, password).await;
        match &result {
            Ok(_) => counted.succeeded(&ours).await,
            Err(Problem::InvalidCredentials) => {}
            Err(_) => counted.give_back(&ours).await,
        }
        result
    })
    .await
}

async fn check(db: &Db, hasher: &Hasher, client: &Client, email: &str, password: String) -> Result<Proven, Problem> {
    // What is no address is nobody's, and may hold what a database cannot take, such as NUL.
    let found = if is_address(email) { store::credentials(db, email).await? } else { None };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let outdated = hash.clone().filter(|hash| hasher.is_outdated(hash)).map(|hash| (hash, password.clone()));
    let right = hasher.verify(password, hash).await?;
    let Some(found) = found else {
        let (address, browser) = (client.address(), client.browser());
        tracing::warn!(event = "sign_in_failed", address, browser, "no such account");
        return Err(Problem::InvalidCredentials);
    };
    if !right {
        Actor::by_password(found.id, client).did(db, Kind::SignInFailed, None);
        return Err(Problem::InvalidCredentials);
    }
    if let Some((verified, password)) = outdated {
        let (ours, hasher) = (db.clone(), hasher.clone());
        db.later(async move {
            if let Err(problem) = rehash(&ours, &hasher, found.id, verified, password).await {
                tracing::warn!(%problem, account = %found.id, "password not hashed anew; the next sign-in tries again");
            }
        });
    }
    let account = Account { id: found.id, email: found.email, name: found.name, created_at: found.created_at };
    let (confirmed, disabled) = (found.confirmed_at.is_some(), found.disabled_at.is_some());
    Ok(Proven { account, auth_stamp: found.auth_stamp, confirmed, disabled })
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
    let wrong = name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control);
    wrong.then_some("Tell us what to call you, in 1 to 100 characters.")
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

/// Addresses are compared without regard to case, as every large provider delivers them.
pub(super) fn normalized(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether mail could be sent there; whether it arrives, only a mail can tell.
pub(super) fn is_address(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let plain =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    plain(local) && plain(domain) && email.len() <= 254 && !domain.starts_with('.') && !domain.ends_with('.')
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
}
