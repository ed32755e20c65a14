//! The rules of accounts.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};
use uuid::Uuid;

use super::{
    Account,
    passwords::{Hasher, objection},
    store,
};
use crate::{
    db::{Db, is_unique_violation},
    problem::{FieldError, Problem},
    settings::{Accounts, Confirm},
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
}

impl Proven {
    /// Refuses whoever has to confirm their address first.
    ///
    /// # Errors
    /// [`Problem::AddressNotConfirmed`]
    pub fn admitted(self, settings: &Accounts) -> Result<Self, Problem> {
        let must = settings.confirm == Confirm::Required;
        if must && !self.confirmed { Err(Problem::AddressNotConfirmed) } else { Ok(self) }
    }
}

/// Makes an account.
///
/// # Errors
/// [`Problem::Validation`] per field, the address being taken among them; [`Problem::Unavailable`].
pub async fn sign_up(db: &Db, hasher: &Hasher, form: SignUp) -> Result<Proven, Problem> {
    let (name, email) = validated(&form)?;
    let password_hash = hasher.hash(form.password).await?;
    let auth_stamp = stamp()?;
    let account = Account { id: Uuid::now_v7(), email, name, created_at: db.now() };
    let account = store::insert(db, account, password_hash, auth_stamp.clone()).await.map_err(|error| {
        if is_unique_violation(&error) {
            return Problem::field("email", "There is an account with this address already. Sign in instead.");
        }
        error.into()
    })?;
    tracing::info!(event = "account_created", account = %account.id);
    Ok(Proven { account, auth_stamp, confirmed: false })
}

/// Proves a password. A wrong one and an unknown address are the same answer after the same work (S25).
///
/// # Errors
/// [`Problem::InvalidCredentials`]; [`Problem::Unavailable`].
pub async fn prove(db: &Db, hasher: &Hasher, email: &str, password: String) -> Result<Proven, Problem> {
    let email = normalized(email);
    // What is no address is nobody's, and may hold what a database cannot take, such as NUL.
    let found = if is_address(&email) { store::credentials(db, &email).await? } else { None };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let right = hasher.verify(password, hash).await?;
    let Some(found) = found.filter(|_| right) else {
        tracing::warn!(event = "sign_in_failed", "wrong address or password");
        return Err(Problem::InvalidCredentials);
    };
    let account = Account { id: found.id, email: found.email, name: found.name, created_at: found.created_at };
    Ok(Proven { account, auth_stamp: found.auth_stamp, confirmed: found.confirmed_at.is_some() })
}

/// The name and the address of a new account.
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
    if let Some(message) = objection(&form.password, &email) {
        errors.push(FieldError::new("password", message));
    }
    if errors.is_empty() { Ok((name, email)) } else { Err(Problem::Validation(errors)) }
}

/// What is wrong with `name`, if anything is.
pub(super) fn name_objection(name: &str) -> Option<&'static str> {
    let wrong = name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control);
    wrong.then_some("Tell us what to call you, in 1 to 100 characters.")
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
