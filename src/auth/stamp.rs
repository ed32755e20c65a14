//! What ties a credential to the password it was made with.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};

use crate::http::problem::Problem;

/// An account's `auth_stamp` as it was when a credential was proven or a link was mailed: random, and replaced with the
/// password and when the account is disabled. What is made or spent later depends on it still being this one (S59,
/// S61).
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Stamp(pub(crate) Vec<u8>);

/// It stays out of logs.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stamp(…)")
    }
}

/// A new stamp, random.
///
/// # Errors
/// [`Problem::Internal`] where the operating system has no randomness.
pub fn new_stamp() -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![0; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(bytes)
}
