//! Who is calling a server function: the session door again, for Leptos.

use axum::http::request::Parts;
use leptos::prelude::use_context;
use uuid::Uuid;

use super::{Caller, session};
use crate::http::{
    problem::{Details, Problem, describe},
    request_id::RequestId,
};

/// The signed-in person who calls the server function at hand from a page that was made `for_account`.
///
/// Somebody else may have signed in since, in another tab. What is typed on a page is never saved, and nothing is shown
/// on it, for another than it was made for.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::AccountChanged`]
pub fn caller(for_account: Option<Uuid>) -> Result<Caller, Problem> {
    let parts = use_context::<Parts>().ok_or(Problem::NotSignedIn)?;
    let caller = session::identify(&parts.extensions)?;
    if for_account.is_some_and(|account| account != caller.account.id) {
        return Err(Problem::AccountChanged);
    }
    Ok(caller)
}

/// What the browser is told of `problem`.
pub fn failure(problem: Problem) -> Details {
    let id = use_context::<Parts>().map(|parts| RequestId::of(&parts.extensions)).unwrap_or_default();
    if problem.status().is_server_error() {
        tracing::error!(%problem, "server function failed");
    }
    describe(&problem, &id)
}
