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
    let ways_in = context.ways_in();
    let view = move || view! { <SignInView form=form.clone() ways_in=ways_in.clone() /> };
    context.page(status, "Sign in", view).await
}

/// `page`, with a `Retry-After` header if `problem` has one.
pub(crate) fn later(problem: &Problem, mut page: Response) -> Response {
    if let Some(seconds) = problem.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}
