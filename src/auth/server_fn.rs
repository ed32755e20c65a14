//! The caller of a Leptos server function, by the session cookie.

use axum::http::request::Parts;
use leptos::prelude::use_context;
use uuid::Uuid;

use super::{Caller, session};
use crate::http::{
    problem::{Details, Problem, describe},
    request_id::RequestId,
};

/// The signed-in account that calls the current server function, from a page that was rendered `for_account`.
///
/// Another person may have signed in since, in another tab. Input from the page must not be saved to their account, nor
/// their data shown on it. Without `for_account` this is not checked: the caller is not one of our pages.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::AccountChanged`]
pub fn account(for_account: Option<Uuid>) -> Result<Uuid, Problem> {
    Ok(caller(for_account)?.account.id)
}

fn caller(for_account: Option<Uuid>) -> Result<Caller, Problem> {
    let parts = use_context::<Parts>().ok_or(Problem::NotSignedIn)?;
    let caller = session::identify(&parts.extensions)?;
    if for_account.is_some_and(|account| account != caller.account.id) {
        return Err(Problem::AccountChanged);
    }
    Ok(caller)
}

/// The error that a server function returns to the browser for `problem`.
pub fn failure(problem: Problem) -> Details {
    let id = use_context::<Parts>().map(|parts| RequestId::of(&parts.extensions)).unwrap_or_default();
    if problem.status().is_server_error() {
        tracing::error!(%problem, "server function failed");
    }
    describe(&problem, &id)
}
