//! `/account/confirm`: asks for the password again before a page that requires it.

use axum::{http::StatusCode, response::Response};

use crate::{
    auth::{
        page::PageContext,
        reauthentication::{
            Reauthentication, refusal,
            view::{PASSWORD_FIELD, ReauthenticateView},
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
pub async fn confirm(context: PageContext, Query(next): Query<ReturnTo>) -> Result<Response, Problem> {
    question(context, StatusCode::OK, FormState::default(), next).await
}

/// `POST /account/confirm`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn post_confirm(
    context: PageContext,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    let account = context.signed_in()?.account;
    let next = ReturnTo { next: form.text("next") };
    match reauthentication.verify(&account, form.text(PASSWORD_FIELD).into()).await {
        Ok(()) => Ok(see_other(next.or("/account"))),
        Err(Problem::NotSignedIn) => Err(Problem::NotSignedIn),
        Err(problem) => question(context, problem.status(), refusal(&problem), next).await,
    }
}

async fn question(
    context: PageContext,
    status: StatusCode,
    form: FormState,
    next: ReturnTo,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let email = context.signed_in()?.account.email;
    let view = move || {
        let (email, next, form) = (email.clone(), next.next.clone(), form.clone());
        view! { <ReauthenticateView email next form /> }
    };
    Ok(context.page(status, "Confirm it's you", view).await)
}
