//! The stamp that ties credentials to the password they were created with.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};

use crate::http::problem::Problem;

/// An account's `auth_stamp` at the time a password was verified or a link was sent. It is random, and replaced when
/// the password changes or the account is disabled. Whatever is created or used up later requires that it is unchanged
/// (S59, S61).
#[derive(Clone, Default, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Stamp(pub(crate) Vec<u8>);

/// Redacted, to keep it out of logs.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stamp(…)")
    }
}

/// A new stamp, random.
///
/// # Errors
/// [`Problem::Internal`] if the operating system has no randomness.
pub fn new_stamp() -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![0; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(bytes)
}
