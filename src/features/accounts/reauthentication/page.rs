//! `/account/confirm`: asks once more who somebody is before a page that requires it.

use axum::{http::StatusCode, response::Response};

use crate::{
    auth::{
        page::PageContext,
        reauthentication::{Question, Reauthentication, view::ReauthenticateView},
    },
    http::{
        extract::{Form, Query},
        problem::Problem,
        redirect::{ReturnTo, see_other},
    },
};

/// `GET /account/confirm`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn confirm(
    context: PageContext,
    reauthentication: Reauthentication,
    Query(next): Query<ReturnTo>,
) -> Result<Response, Problem> {
    let question = reauthentication.question(&context.signed_in()?.account, None).await?;
    show(context, question, next).await
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
    match reauthentication.asked(&account, &form).await? {
        None => Ok(see_other(next.or("/account"))),
        Some(question) => show(context, question, next).await,
    }
}

async fn show(context: PageContext, question: Question, ReturnTo { next }: ReturnTo) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let (email, status) = (context.signed_in()?.account.email, question.status().unwrap_or(StatusCode::OK));
    Ok(context.page(status, "Confirm it's you", move || view! { <ReauthenticateView email next question /> }).await)
}
