//! `/email-codes/sign-in` and `/email-codes/enter`: signing in with a code, without JavaScript.

use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    ASK, ENTER, service,
    view::{AskView, EnterView, SHOW, with_next},
};
use crate::{
    auth::{
        AuthSession,
        page::PageContext,
        sign_in::{ANSWER_FIELD, At, PendingCookie, Proven, Wants},
    },
    features::accounts::{
        sign_in::{begin, later},
        unsent::carried_pairs,
    },
    http::{
        client::Client,
        extract::{Form, Query},
        problem::Problem,
        redirect::{ReturnTo, see_other},
    },
    state::AppState,
    ui::FormState,
};

/// `GET /email-codes/sign-in`
pub(super) async fn ask(context: PageContext, Query(next): Query<ReturnTo>) -> Response {
    if context.caller.is_some() {
        return see_other(next.or(context.home()));
    }
    ask_page(context, StatusCode::OK, carried(&next), FormState::default()).await
}

/// `POST /email-codes/sign-in`: sends the code, if there is an account.
///
/// # Errors
/// If the database fails. Other problems are shown in the form.
pub(super) async fn post_ask(
    context: PageContext,
    State(state): State<AppState>,
    pending: PendingCookie,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let (carried, email) = (carried_pairs(&form), form.text("email"));
    if !form.text(SHOW).is_empty() {
        return Ok(ask_page(context, StatusCode::OK, carried, FormState::default()).await);
    }
    let wants = Wants::in_browser(false);
    match service::ask(&state, &client, &email, At::Browser(&pending), &wants).await {
        Ok(_) if carried.iter().all(|(name, _)| name == "next") => Ok(see_other(&with_next(ENTER, &form.text("next")))),
        Ok(_) => Ok(enter_page(context, StatusCode::OK, carried, FormState::default()).await),
        Err(problem @ (Problem::Validation(_) | Problem::RateLimited { .. })) => {
            let form = FormState::default().with("email", email).with_errors(&problem);
            Ok(later(&problem, ask_page(context, problem.status(), carried, form).await))
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /email-codes/enter`. Where no code was asked for, it leads to where one is.
///
/// # Errors
/// If the database fails.
pub(super) async fn enter(
    context: PageContext,
    State(state): State<AppState>,
    pending: PendingCookie,
    Query(next): Query<ReturnTo>,
) -> Result<Response, Problem> {
    if !service::is_waiting(&state.db, At::Browser(&pending)).await? {
        return Ok(see_other(&with_next(ASK, &next.next)));
    }
    Ok(enter_page(context, StatusCode::OK, carried(&next), FormState::default()).await)
}

/// `POST /email-codes/enter`: signs in, or asks for the second factor.
///
/// # Errors
/// If the session cannot be written. Other problems are shown in the form.
pub(super) async fn post_enter(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let carried = carried_pairs(&form);
    let result = service::prove(&state, &client, At::Browser(&pending), &form.text(ANSWER_FIELD)).await;
    let problem = match result {
        Ok(Some((proven, _))) => {
            let proven = Ok::<Proven, Problem>(proven);
            return begin(context, &state, (&mut auth, &pending), &client, &form, proven).await;
        }
        Ok(None) => Problem::SignInExpired,
        Err(problem) => problem,
    };
    let typed =
        if form.ticked("remember") { FormState::default().with("remember", "on") } else { FormState::default() };
    let typed = typed.with_errors(&problem);
    match problem {
        Problem::Validation(_) => Ok(enter_page(context, problem.status(), carried, typed).await),
        Problem::SignInExpired => Ok(ask_page(context, problem.status(), carried, typed).await),
        problem => Err(problem),
    }
}

fn carried(next: &ReturnTo) -> Vec<(String, String)> {
    if next.next.is_empty() { Vec::new() } else { vec![("next".into(), next.next.clone())] }
}

async fn ask_page(
    context: PageContext,
    status: StatusCode,
    carried: Vec<(String, String)>,
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    context.page(status, "Sign in with a code", move || view! { <AskView carried form /> }).await
}

async fn enter_page(
    context: PageContext,
    status: StatusCode,
    carried: Vec<(String, String)>,
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    context.page(status, "Check your email", move || view! { <EnterView carried form /> }).await
}
