//! The passkeys page and its forms.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde_json::{Value, json};

use super::{
    service,
    view::{PasskeysView, Signals},
};
use crate::{
    auth::{Account, activity::Actor, page::PageContext, reauthentication::Reauthentication},
    http::{
        client::Client,
        extract::{Form, PathId},
        problem::Problem,
        redirect::{revoked, see_other},
    },
    settings::Settings,
    state::AppState,
};

/// The path of the page.
pub(super) const PAGE: &str = "/account/passkeys";

/// `GET /account/passkeys`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn index(context: PageContext, State(state): State<AppState>) -> Result<Response, Problem> {
    page(context, &state, StatusCode::OK, None).await
}

/// `POST /account/passkeys/{id}/rename`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`] if the account has no such passkey; or if the database fails.
pub async fn rename(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut reauthentication: Reauthentication,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let (account, actor) = changing(&context, client)?;
    match service::rename(&state, (&account, &actor), id, &form.text("name")).await {
        Ok(()) => Ok(see_other(PAGE)),
        Err(problem @ Problem::Validation(_)) => page(context, &state, problem.status(), Some(problem)).await,
        Err(problem) => Err(problem),
    }
}

/// `POST /account/passkeys/{id}/remove`. Removing twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn remove(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut reauthentication: Reauthentication,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let (account, actor) = changing(&context, client)?;
    match service::remove(&state, (&account, &actor), id).await {
        Err(problem @ Problem::Conflict(_)) => page(context, &state, problem.status(), Some(problem)).await,
        result => revoked(result, PAGE),
    }
}

fn changing(context: &PageContext, client: Client) -> Result<(Account, Actor), Problem> {
    let caller = context.signed_in()?;
    let actor = caller.acting(client);
    Ok((caller.account, actor))
}

async fn page(
    context: PageContext,
    state: &AppState,
    status: StatusCode,
    refused: Option<Problem>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let AppState { db, settings, .. } = state;
    let account = context.signed_in()?.account;
    let passkeys = service::list(db, account.id).await?;
    let rp_id = settings.passkeys.rp_id(&settings.server.public_url).unwrap_or_default();
    let credential_ids = passkeys.iter().map(|passkey| passkey.credential_id.clone()).collect();
    let (signals, script) = (Signals { rp_id, account, credential_ids }, context.asset("passkeys.js"));
    let notice = refused.map(|problem| match problem.errors() {
        [only, ..] => only.message.clone(),
        [] => problem.detail(),
    });
    let view = move || view! { <PasskeysView passkeys signals notice script /> };
    Ok(context.page(status, "Passkeys", view).await)
}

/// `GET /.well-known/passkey-endpoints`: where password managers send people to add a passkey and to manage them (W3C,
/// *A Well-Known URL for Relying Party Passkey Endpoints*).
pub async fn endpoints(State(settings): State<Arc<Settings>>) -> Json<Value> {
    let page = format!("{}{PAGE}", settings.origin());
    Json(json!({"enroll": page, "manage": page}))
}
