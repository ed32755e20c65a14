//! `/account/security/totp`: setting up and removing the authenticator app.

use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    PATH,
    qr::{qr, uri},
    service::{self, NAME, State as Totp},
    view::{OffView, OnView, SetUpView},
};
use crate::{
    auth::{activity::Kind, page::PageContext, reauthentication::Reauthentication, sign_in::ANSWER_FIELD},
    features::accounts::security,
    http::{client::Client, extract::Form, problem::Problem, redirect::see_other},
    state::AppState,
    ui::FormState,
};

/// `GET /account/security/totp`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn show(
    context: PageContext,
    State(state): State<AppState>,
    reauthentication: Reauthentication,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_page(&context).await? {
        return Ok(question);
    }
    page(context, &state, StatusCode::OK, FormState::default()).await
}

/// `POST /account/security/totp`: creates the secret, which the page shows.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn begin(
    context: PageContext,
    State(state): State<AppState>,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    service::begin(&state.db, context.signed_in()?.account.id).await?;
    Ok(see_other(PATH))
}

/// `POST /account/security/totp/confirm`: turns it on with the first code.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn confirm(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let caller = context.signed_in()?;
    match service::enable(&state.db, caller.account.id, &form.text(ANSWER_FIELD)).await {
        Ok(true) => {
            let actor = caller.acting(client);
            security::service::changed(&state, &caller.account, &actor, (Kind::FactorAdded, NAME))
                .await
                .map(|next| security::page::after_change(&context, next))
        }
        Ok(false) => Ok(see_other(PATH)),
        Err(problem) => {
            let form = FormState::default().with_errors(&problem);
            page(context, &state, problem.status(), form).await
        }
    }
}

/// `POST /account/security/totp/remove`. Removing twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn remove(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let caller = context.signed_in()?;
    if service::remove(&state.db, caller.account.id).await? {
        let actor = caller.acting(client);
        security::service::changed(&state, &caller.account, &actor, (Kind::FactorRemoved, NAME)).await?;
    }
    Ok(see_other(security::PATH))
}

async fn page(
    context: PageContext,
    state: &AppState,
    status: StatusCode,
    form: FormState,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let account = context.signed_in()?.account;
    let title = "Authenticator app";
    Ok(match service::state(&state.db, account.id).await? {
        Totp::Off => context.page(status, title, || view! { <OffView /> }).await,
        Totp::On => context.page(status, title, || view! { <OnView /> }).await,
        Totp::Waiting(secret) => {
            let host = state.settings.server.public_url.host_str().unwrap_or_default();
            let code = qr(&uri(host, &account.email, &secret));
            context.page(status, title, move || view! { <SetUpView secret code form /> }).await
        }
    })
}
