//! `/forgot` and `/reset/{token}`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    service,
    view::{AskedView, ForgotView, ResetDoneView, ResetView},
};
use crate::{
    auth::{AuthSession, known_devices, page::PageContext},
    db::Db,
    features::{
        accounts::{
            one_time_links::{self, Link, Purpose},
            page::later,
        },
        browser_sessions,
    },
    http::{
        client::Client,
        extract::Form,
        forms::{ShownOnce, shown},
        problem::Problem,
    },
    settings::Settings,
    state::AppState,
    ui::FormState,
};

/// `GET /forgot`
pub async fn forgot(visit: PageContext, State(settings): State<Arc<Settings>>) -> Response {
    if visit.to_show(ASKED).is_some() {
        return shown(asked(visit, StatusCode::OK, settings.accounts.reset_minutes).await);
    }
    forgot_form(visit, StatusCode::OK, FormState::default()).await
}

/// What `POST /forgot` leaves for the page it leads to.
const ASKED: &str = "asked";

/// `POST /forgot`. The answer is the same whoever is asked for. To a script, 202 says that more is to come.
///
/// # Errors
/// The database's.
pub async fn post_forgot(
    visit: PageContext,
    State(state): State<AppState>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let typed = form.text("email");
    if let Err(problem) = service::ask(&state, &client, &typed).await {
        let form = FormState::default().with("email", typed).with_errors(&problem);
        return Ok(later(&problem, forgot_form(visit, problem.status(), form).await));
    }
    match visit.show_at("/forgot", ShownOnce::new(ASKED, "")) {
        Some(elsewhere) => Ok(elsewhere),
        None => Ok(asked(visit, StatusCode::ACCEPTED, state.settings.accounts.reset_minutes).await),
    }
}

async fn asked(visit: PageContext, status: StatusCode, minutes: u32) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Look into your mail", move || view! { <AskedView minutes /> }).await
}

async fn forgot_form(visit: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Forgot your password?", move || view! { <ForgotView form=form.clone() /> }).await
}

/// `GET /reset/{token}`. It changes nothing: programs that check mail follow every link before its reader does.
///
/// # Errors
/// The database's.
pub async fn reset(visit: PageContext, State(db): State<Db>, Path(token): Path<String>) -> Result<Response, Problem> {
    let found = one_time_links::find(&db, Purpose::Reset, &token).await?;
    let form = FormState::default().with("tokens", "on");
    Ok(match found {
        Some(link) => reset_form(visit, StatusCode::OK, token, link, form).await,
        None => dead(visit).await,
    })
}

/// `POST /reset/{token}`. It leads to the sign-in page, not in: whoever uses the link has shown that they read the mail
/// of the account, and the next step shows that they know the new password.
///
/// # Errors
/// The database's.
pub async fn post_reset(
    mut visit: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut auth: AuthSession,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let tokens_too = form.ticked("tokens");
    let link = match service::reset(&state, &client, &token, form.text("password"), tokens_too).await {
        Ok(Some(link)) => link,
        Ok(None) => return Ok(dead(visit).await),
        Err(problem) => {
            let Some(link) = one_time_links::find(&state.db, Purpose::Reset, &token).await? else {
                return Ok(dead(visit).await);
            };
            let typed = if tokens_too { FormState::default().with("tokens", "on") } else { FormState::default() };
            return Ok(reset_form(visit, problem.status(), token, link, typed.with_errors(&problem)).await);
        }
    };
    known_devices::recognise(&state.db, link.account_id, &client);
    // This browser's sign-in has ended with all the others.
    if auth.user.as_ref().is_some_and(|signed_in| signed_in.account.id == link.account_id) {
        browser_sessions::service::end(&state.db, &mut auth, &client).await?;
        visit.caller = None;
    }
    match visit.show_at("/sign-in", ShownOnce::new(RESET, if tokens_too { "tokens" } else { "" })) {
        Some(elsewhere) => Ok(elsewhere),
        None => Ok(done(visit, tokens_too).await),
    }
}

/// What `POST /reset/{token}` leaves for the page it leads to: whether the tokens ended too.
pub(in crate::features::accounts) const RESET: &str = "reset";

/// What `POST /reset/{token}` left to be shown.
pub(in crate::features::accounts) async fn show_done(visit: PageContext, tokens_too: bool) -> Response {
    shown(done(visit, tokens_too).await)
}

async fn done(visit: PageContext, tokens_too: bool) -> Response {
    use leptos::prelude::*;
    visit.page(StatusCode::OK, "Your password is new", move || view! { <ResetDoneView tokens_too /> }).await
}

async fn reset_form(visit: PageContext, status: StatusCode, token: String, link: Link, form: FormState) -> Response {
    use leptos::prelude::*;
    let content = move || {
        let (token, email, form) = (token.clone(), link.email.clone(), form.clone());
        view! { <ResetView token email form /> }
    };
    visit.page(status, "Choose a new password", content).await
}

async fn dead(visit: PageContext) -> Response {
    one_time_links::dead(visit, "/forgot", "Ask for a new link").await
}
