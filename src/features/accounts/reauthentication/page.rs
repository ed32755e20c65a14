//! `/account/confirm`: asks for the password again before a page that requires it.

use axum::{http::StatusCode, response::Response};

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
        redirect::{ReturnTo, see_other},
    },
    ui::FormState,
};

/// `GET /account/confirm`
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub async fn confirm(visit: PageContext, Query(next): Query<ReturnTo>) -> Result<Response, Problem> {
    question(visit, StatusCode::OK, FormState::default(), next).await
}

/// `POST /account/confirm`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn post_confirm(visit: PageContext, mut proof: Reauthentication, form: Form) -> Result<Response, Problem> {
    let account = visit.signed_in()?.account;
    let next = ReturnTo { next: form.text("next") };
    match proof.give(&account, form.text(PROOF).into()).await {
        Ok(()) => Ok(see_other(next.or("/account"))),
        Err(Problem::NotSignedIn) => Err(Problem::NotSignedIn),
        Err(problem) => question(visit, problem.status(), refusal(&problem), next).await,
    }
}

async fn question(
    visit: PageContext,
    status: StatusCode,
    form: FormState,
    next: ReturnTo,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let email = visit.signed_in()?.account.email;
    let content = move || {
        let (email, next, form) = (email.clone(), next.next.clone(), form.clone());
        view! { <ProofView email next form /> }
    };
    Ok(visit.page(status, "Confirm it's you", content).await)
}
