//! `/account/confirm`: the password again, on the way to a page that wants it.

use axum::{http::StatusCode, response::Response};
use serde::Deserialize;

use crate::{
    auth::{
        page::PageContext,
        reauthentication::{
            Reauthentication, refusal,
            view::{PROOF, ProofView},
        },
    },
    http::{
        extract::{Form, Query},
        problem::Problem,
        redirect::{local_path, see_other},
    },
    ui::FormState,
};

/// `?next=`
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /account/confirm`
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub async fn confirm(visit: PageContext, Query(Next { next }): Query<Next>) -> Result<Response, Problem> {
    question(visit, StatusCode::OK, FormState::default(), next).await
}

/// `POST /account/confirm`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn post_confirm(visit: PageContext, mut proof: Reauthentication, form: Form) -> Result<Response, Problem> {
    let account = visit.signed_in()?.account;
    let next = form.text("next");
    match proof.give(&account, form.text(PROOF)).await {
        Ok(()) => Ok(see_other(match local_path(&next) {
            "/" => "/account",
            next => next,
        })),
        Err(Problem::NotSignedIn) => Err(Problem::NotSignedIn),
        Err(problem) => question(visit, problem.status(), refusal(&problem), next).await,
    }
}

async fn question(visit: PageContext, status: StatusCode, form: FormState, next: String) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let email = visit.signed_in()?.account.email;
    let content = move || {
        let (email, next, form) = (email.clone(), next.clone(), form.clone());
        view! { <ProofView email next form /> }
    };
    Ok(visit.page(status, "Is it you?", content).await)
}
