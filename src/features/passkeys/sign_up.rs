//! Signing up with a passkey in place of a password, by the form of the sign-up page, which the page's script fills in.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{api::Options, service};
use crate::{
    auth::{AuthSession, page::PageContext, sign_in::PendingCookie},
    features::accounts::page::signed_up,
    http::{
        client::Client,
        extract::{Body, Form},
        openapi::refusals::{BodyRefused, PasskeysLimited},
        problem::Problem,
    },
    state::AppState,
};

/// The routes of the session mount.
pub(super) fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin_sign_up))
}

/// Who signs up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeySignUp, examples(json!({"name": "Ada", "email": "ada@example.org"})))]
struct Newcomer {
    /// The name of the account.
    name: String,
    /// Its email address.
    email: String,
}

/// Begin to sign up with a passkey
///
/// Returns what the browser has to be asked. Its answer is taken by the form of the sign-up page for five minutes, once.
#[utoipa::path(
    post, path = "/sign-up/passkey/options", operation_id = "beginPasskeySignUp", tag = "Signing in",
    request_body = Newcomer,
    responses((status = OK, body = Options, description = "What to ask the browser."), BodyRefused, PasskeysLimited),
)]
async fn begin_sign_up(
    State(state): State<AppState>,
    client: Client,
    Body(Newcomer { name, email }): Body<Newcomer>,
) -> Result<Json<Options>, Problem> {
    Ok(Json(Options { public_key: service::begin_sign_up(&state, &client, &name, &email).await? }))
}

/// `POST /passkeys/sign-up`, from the sign-up page.
///
/// # Errors
/// If the session cannot be written. Other problems are shown on the sign-up page.
pub(super) async fn post_sign_up(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let credential: Value = serde_json::from_str(&form.text("credential")).unwrap_or_default();
    let who = (form.text("name"), form.text("email"));
    let proven = service::sign_up(&state, &client, (&who.0, &who.1), &credential).await;
    signed_up(context, &state, (&mut auth, &pending), &client, &form, proven).await
}
