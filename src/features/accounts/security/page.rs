//! `/account/security`

use axum::{extract::State, http::StatusCode, response::Response};

use super::{PATH, service, view::SecurityView};
use crate::{
    auth::{known_devices, page::PageContext, sign_in::NextPage, store::accounts},
    db::Db,
    features::accounts::factor_reset,
    http::{
        client::Client,
        extract::PathId,
        problem::Problem,
        redirect::{revoked, see_other},
    },
    state::AppState,
};

/// `GET /account/security`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn show(context: PageContext, State(state): State<AppState>) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let owner = context.signed_in()?.account;
    let (account, must) = (owner.id, state.sign_ins.must_set_up(&owner).await?);
    let is_required = state.sign_ins.is_required(account).await?;
    let mut summaries = Vec::new();
    for second in state.sign_ins.factors().iter().filter(|second| second.factor.is_second()) {
        summaries.push((second.summary)(&state.db, account).await?);
    }
    let trusted = known_devices::trusted(&state.db, account).await?;
    let has_password = accounts::has_password(&state.db, account).await?;
    let reset_at = factor_reset::service::due_at(&state.db, account).await?;
    let view = move || view! { <SecurityView must is_required has_password summaries trusted reset_at /> };
    Ok(context.page(StatusCode::OK, "Security", view).await)
}

/// `POST /account/security/trusted/{id}/revoke`. Revoking twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn end_trust(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let actor = context.signed_in()?.acting(client);
    revoked(service::end_trust(&db, &actor, id).await, PATH)
}

/// After a second factor was added: the page that a factor wants to show, or the security page.
pub(crate) fn after_change(context: &PageContext, next: Option<NextPage>) -> Response {
    let shown = next.map(|NextPage { path, shown }| context.show_at(path, shown).unwrap_or_else(|| see_other(path)));
    shown.unwrap_or_else(|| see_other(PATH))
}
