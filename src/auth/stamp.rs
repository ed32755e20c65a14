//! What ties a credential to the password it was made with.

use std::fmt;

use rand::{TryRngCore, rngs::OsRng};
use sqlx::{Database, Decode, Type, error::BoxDynError};

use crate::http::problem::Problem;

/// An account's `auth_stamp` as it was when a credential was proven or a link was mailed: random, and replaced with the
/// password and when the account is disabled. What is made or spent later depends on it still being this one (S59,
/// S61).
#[derive(Clone, PartialEq, Eq)]
pub struct Stamp(pub(crate) Vec<u8>);

/// It stays out of logs.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stamp(…)")
    }
}

impl<D: Database> Type<D> for Stamp
where
    Vec<u8>: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        Vec::<u8>::type_info()
    }

    fn compatible(ty: &D::TypeInfo) -> bool {
        Vec::<u8>::compatible(ty)
    }
}

impl<'r, D: Database> Decode<'r, D> for Stamp
where
    Vec<u8>: Decode<'r, D>,
{
    fn decode(value: D::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Vec::<u8>::decode(value).map(Self)
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
