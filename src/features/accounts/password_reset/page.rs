//! `/forgot` and `/reset/{token}`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use secrecy::SecretString;

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
            sign_in_form::later,
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
pub async fn forgot(context: PageContext, State(settings): State<Arc<Settings>>) -> Response {
    if context.to_show(ASKED).is_some() {
        return shown(asked(context, StatusCode::OK, settings.accounts.reset_minutes).await);
    }
    forgot_form(context, StatusCode::OK, FormState::default()).await
}

/// The kind of [`ShownOnce`] that `POST /forgot` leaves for the page it redirects to.
const ASKED: &str = "asked";

/// `POST /forgot`. The answer is the same whether or not there is an account: a redirect for a browser, 202 for a
/// script.
///
/// # Errors
/// If the database fails.
pub async fn post_forgot(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let typed = form.text("email");
    if let Err(problem) = service::ask(&state, &client, &typed).await {
        let form = FormState::default().with("email", typed).with_errors(&problem);
        return Ok(later(&problem, forgot_form(context, problem.status(), form).await));
    }
    match context.show_at("/forgot", ShownOnce::new(ASKED, "")) {
        Some(redirect) => Ok(redirect),
        None => Ok(asked(context, StatusCode::ACCEPTED, state.settings.accounts.reset_minutes).await),
    }
}

async fn asked(context: PageContext, status: StatusCode, minutes: u32) -> Response {
    use leptos::prelude::*;
    context.page(status, "Check your email", move || view! { <AskedView minutes /> }).await
}

async fn forgot_form(context: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    context.page(status, "Forgot your password?", move || view! { <ForgotView form=form.clone() /> }).await
}

/// `GET /reset/{token}`. It changes nothing: mail scanners open every link before the person does.
///
/// # Errors
/// If the database fails.
pub async fn reset(
    context: PageContext,
    State(db): State<Db>,
    Path(token): Path<SecretString>,
) -> Result<Response, Problem> {
    let found = one_time_links::find(&db, Purpose::Reset, &token).await?;
    let form = FormState::default().with("tokens", "on");
    Ok(match found {
        Some(link) => reset_form(context, StatusCode::OK, token, link, form).await,
        None => one_time_links::expired_page(context, Purpose::Reset).await,
    })
}

/// `POST /reset/{token}`. It redirects to the sign-in page and does not sign in: the link shows only that its holder
/// can read the account's mail.
///
/// # Errors
/// If the database fails.
pub async fn post_reset(
    mut context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut auth: AuthSession,
    Path(token): Path<SecretString>,
    form: Form,
) -> Result<Response, Problem> {
    let tokens_too = form.ticked("tokens");
    let link = match service::reset(&state, &client, &token, form.text("password").into(), tokens_too).await {
        Ok(Some(link)) => link,
        Ok(None) => return Ok(one_time_links::expired_page(context, Purpose::Reset).await),
        Err(problem) => {
            let Some(link) = one_time_links::find(&state.db, Purpose::Reset, &token).await? else {
                return Ok(one_time_links::expired_page(context, Purpose::Reset).await);
            };
            let typed = if tokens_too { FormState::default().with("tokens", "on") } else { FormState::default() };
            return Ok(reset_form(context, problem.status(), token, link, typed.with_errors(&problem)).await);
        }
    };
    known_devices::recognise(&state.db, link.account_id, &client);
    // The reset ended this browser's session along with all others.
    if auth.user.as_ref().is_some_and(|signed_in| signed_in.account.id == link.account_id) {
        browser_sessions::service::end(&state.db, &mut auth, &client).await?;
        context.caller = None;
    }
    match context.show_at("/sign-in", ShownOnce::new(RESET, if tokens_too { "tokens" } else { "" })) {
        Some(redirect) => Ok(redirect),
        None => Ok(done(context, tokens_too).await),
    }
}

/// The kind of [`ShownOnce`] that `POST /reset/{token}` leaves for the sign-in page: whether the tokens were revoked
/// too.
pub(in crate::features::accounts) const RESET: &str = "reset";

/// The page that `POST /reset/{token}` redirected to.
pub(in crate::features::accounts) async fn show_done(context: PageContext, tokens_too: bool) -> Response {
    shown(done(context, tokens_too).await)
}

async fn done(context: PageContext, tokens_too: bool) -> Response {
    use leptos::prelude::*;
    context.page(StatusCode::OK, "Password changed", move || view! { <ResetDoneView tokens_too /> }).await
}

async fn reset_form(
    context: PageContext,
    status: StatusCode,
    token: SecretString,
    link: Link,
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    let view = move || {
        let (token, email, form) = (token.clone(), link.email.clone(), form.clone());
        view! { <ResetView token email form /> }
    };
    context.page(status, "Choose a new password", view).await
}
