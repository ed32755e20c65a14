//! `/account/security/recovery-codes`

use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    KIND, PATH, emails, service,
    view::{CodesView, FreshCodesView},
};
use crate::{
    auth::{activity::Kind, page::PageContext, reauthentication::Reauthentication},
    features::accounts::security,
    http::{
        client::Client,
        extract::Form,
        forms::{ShownOnce, shown},
        problem::Problem,
        redirect::see_other,
    },
    state::AppState,
};

/// `GET /account/security/recovery-codes`. New codes are shown once.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn show(context: PageContext, State(state): State<AppState>) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let account = context.signed_in()?.account.id;
    if let Some(codes) = context.to_show(KIND) {
        return Ok(shown(fresh(context, StatusCode::OK, codes).await));
    }
    let left = service::left(&state.db, account).await?;
    let is_required = state.sign_ins.is_required(account).await?;
    let view = move || view! { <CodesView left is_required /> };
    Ok(context.page(StatusCode::OK, "Recovery codes", view).await)
}

/// `POST /account/security/recovery-codes`: makes new codes in place of the others.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn renew(
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
    if !state.sign_ins.is_required(caller.account.id).await? {
        return Ok(see_other(security::PATH));
    }
    let codes = service::renew(&state.db, caller.account.id).await?;
    caller.acting(client).record(&state.db, Kind::RecoveryCodesMade, None);
    state.mailer.send(emails::renewed(&state.settings, &caller.account.email)).await;
    match context.show_at(PATH, ShownOnce::new(KIND, &codes)) {
        Some(redirect) => Ok(redirect),
        None => Ok(fresh(context, StatusCode::CREATED, codes).await),
    }
}

async fn fresh(context: PageContext, status: StatusCode, codes: String) -> Response {
    use leptos::prelude::*;
    context.page(status, "Your recovery codes", move || view! { <FreshCodesView codes /> }).await
}
