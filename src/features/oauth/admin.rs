//! Administration of applications, on the command line.

pub use super::registration::{NewClient, Registered};

use super::{client::offered, registration, store};
use crate::{auth::ScopeInfo, db::Db, http::problem::Problem, secret::Secret};

/// Registers an application in the name of the operators, on a site with the scopes `declared`. Returns it
/// with its secret, if it has one.
///
/// # Errors
/// [`Problem::Validation`]; or if the database fails.
pub async fn add(db: &Db, declared: &[ScopeInfo], new: NewClient) -> Result<(Registered, Option<Secret>), Problem> {
    registration::register(db, (None, u32::MAX), declared, new).await
}

/// The names of the scopes that applications may have, of those `declared`.
pub fn scopes(declared: &[ScopeInfo]) -> Vec<String> {
    offered(declared).map(|scope| scope.name.to_owned()).collect()
}

/// The newest `limit` registered applications.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, limit: u32) -> Result<Vec<Registered>, Problem> {
    registration::list(db, None, limit).await
}

/// The name of the registered application `id`.
///
/// # Errors
/// [`Problem::NotFound`]; or if the database fails.
pub async fn name(db: &Db, id: &str) -> Result<String, Problem> {
    store::find_client(db, id).await?.map(|client| client.name).ok_or(Problem::NotFound)
}

/// Deletes an application, with everything that people let it do. Returns its name.
///
/// # Errors
/// [`Problem::NotFound`]; or if the database fails.
pub async fn remove(db: &Db, id: &str) -> Result<String, Problem> {
    registration::delete(db, None, id).await
}
