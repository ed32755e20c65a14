//! The rules for signing up.

use secrecy::SecretString;
use uuid::Uuid;

pub(super) use crate::text::email_address::{is_address, normalized};
use crate::{
    auth::{
        Account,
        activity::{Actor, Kind},
        new_stamp,
        passwords::{Hasher, PasswordContext, password_error},
        rate_limit::account_attempts,
        store::accounts,
        verify_password::VerifiedPassword,
    },
    db::{Db, is_unique_violation},
    http::{
        client::Client,
        names::name_error,
        problem::{FieldCode, FieldError, Problem},
    },
    settings::Throttle,
};

/// The input for a new account.
#[derive(Clone, Debug, Default)]
pub struct SignUp {
    /// The owner's name.
    pub name: String,
    /// The email address to sign in with.
    pub email: String,
    /// The password, as typed.
    pub password: SecretString,
}

/// Creates an account.
///
/// # Errors
/// [`Problem::Validation`] with an error for each invalid field, or if the address is taken; [`Problem::RateLimited`];
/// [`Problem::Unavailable`].
pub async fn sign_up(
    db: &Db,
    hasher: &Hasher,
    throttle: &Throttle,
    client: &Client,
    form: SignUp,
) -> Result<VerifiedPassword, Problem> {
    let (name, email) = validated(&form)?;
    let (password_hash, counted) =
        hash_for_sign_up((db, hasher, throttle), client, (&name, &email), form.password).await?;
    let proven = match make(db, Uuid::now_v7(), (name, email), Some(password_hash)).await {
        Ok(proven) => proven,
        Err(problem) => {
            counted.mailed_nobody(db).await;
            return Err(problem);
        }
    };
    Actor::by_password(proven.account.id, client).record(db, Kind::SignedUp, None);
    Ok(proven)
}

/// Stores a new account with the id `id`, without a password if there is no hash.
///
/// # Errors
/// [`Problem::Validation`] if the address is taken; or if the database fails.
pub(super) async fn make(
    db: &Db,
    id: Uuid,
    (name, email): (String, String),
    password_hash: Option<String>,
) -> Result<VerifiedPassword, Problem> {
    let message = "There is already an account with this email address. Sign in instead.";
    let taken = || FieldError::new("email", message).code(FieldCode::Taken).into();
    // An account of 0.1.0 may use another spelling of the address, which the unique index does not catch. New accounts
    // use one spelling, so there is no race.
    if accounts::credentials(db, &email).await?.is_some() {
        return Err(taken());
    }
    let auth_stamp = new_stamp()?;
    let account = Account { id, email, email_confirmed: false, name, created_at: db.now() };
    let account = accounts::insert(db, account, password_hash, auth_stamp.clone())
        .await
        .map_err(|error| if is_unique_violation(&error) { taken() } else { error.into() })?;
    Ok(VerifiedPassword { account, auth_stamp, disabled: false })
}

/// Counts an attempt to sign up, then rates and hashes the password. After too many attempts it does neither (S62).
pub(super) async fn hash_for_sign_up(
    (db, hasher, throttle): (&Db, &Hasher, &Throttle),
    client: &Client,
    (name, email): (&str, &str),
    password: SecretString,
) -> Result<(String, account_attempts::SignUp), Problem> {
    let counted = account_attempts::sign_up(db, throttle, client, email).await?;
    let hasher = hasher.of(client);
    let outcome = match hasher.rejection(&password, PasswordContext::new(email, name)).await {
        Ok(Some(message)) => {
            counted.mailed_nobody(db).await;
            return Err(password_error("password", &password, message).into());
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

/// Returns the name and the address of a new account, after all checks that cost no noticeable time.
pub(super) fn validated(form: &SignUp) -> Result<(String, String), Problem> {
    let (name, email, mut errors) = checked(&form.name, &form.email);
    if let Some(message) = Hasher::quick_rejection(&form.password, &PasswordContext::new(&email, &name)) {
        errors.push(password_error("password", &form.password, message));
    }
    if errors.is_empty() { Ok((name, email)) } else { Err(Problem::Validation(errors)) }
}

/// The name and the address of a new account as they are stored, and what is wrong with them.
pub(super) fn checked(name: &str, email: &str) -> (String, String, Vec<FieldError>) {
    let (name, email) = (name.trim().to_owned(), normalized(email));
    let mut errors: Vec<_> = name_error(&name).into_iter().collect();
    if !is_address(&email) {
        errors.push(FieldError::new("email", "Enter an email address, such as ada@example.org."));
    }
    (name, email, errors)
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
