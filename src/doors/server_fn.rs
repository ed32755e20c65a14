//! Who is calling a server function: the session door again, for Leptos.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use super::{Caller, session};
use crate::{
    problem::{Details, Problem, describe},
    request_id::RequestId,
};

/// The signed-in person who calls the server function at hand.
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub fn caller() -> Result<Caller, Problem> {
    let parts = use_context::<Parts>().ok_or(Problem::NotSignedIn)?;
    session::identify(&parts.extensions)
}

/// What the browser is told of `problem`.
pub fn failure(problem: Problem) -> Details {
    let id = use_context::<Parts>().map(|parts| RequestId::of(&parts.extensions)).unwrap_or_default();
    if problem.status().is_server_error() {
        tracing::error!(%problem, "server function failed");
    }
    describe(&problem, &id)
}
