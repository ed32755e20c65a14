//! The sign-in page, which several handlers answer with.

use axum::{
    http::{StatusCode, header},
    response::Response,
};

use super::view::SignInView;
use crate::{auth::page::PageContext, http::problem::Problem, ui::FormState};

/// Answers with the sign-in page.
pub(super) async fn sign_in_form(context: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    context.page(status, "Sign in", move || view! { <SignInView form=form.clone() /> }).await
}

/// `page`, with a `Retry-After` header if `problem` has one.
pub(super) fn later(problem: &Problem, mut page: Response) -> Response {
    if let Some(seconds) = problem.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}
