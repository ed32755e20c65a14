//! `POST login/recovery_code`

use axum::{Json, extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{
        AuthSession, TakesPasswords,
        sign_in::{Factor, PendingCookie},
    },
    features::accounts::sign_in::{
        finish::{LoggedIn, SignedIn},
        steps::{self, BrowserStep, TokenStep},
    },
    http::{
        client::Client,
        extract::Body,
        openapi::refusals::{BodyRefused, StepRefused, TokenStepRefused},
        problem::Problem,
    },
    state::AppState,
};

/// The route of the session mount.
pub(super) fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(session_step))
}

/// The route of the token mount.
pub(super) fn token_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_step))
}

/// Sign in: use a recovery code
///
/// Goes on after `login` has answered `second_factor_required`. A code works once, and after five wrong ones the sign-in
/// begins anew.
#[utoipa::path(
    post, path = "/login/recovery_code", operation_id = "loginRecoveryCode", tag = "Signing in",
    request_body = TokenStep,
    responses(
        (status = CREATED, body = LoggedIn, description = "The new token. It is shown only once."),
        BodyRefused, TokenStepRefused,
    ),
)]
async fn token_step(
    _takes: TakesPasswords,
    State(state): State<AppState>,
    client: Client,
    Body(step): Body<TokenStep>,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    steps::at_token_door(&state, &client, Factor::RecoveryCode, &step).await
}

/// Sign in: use a recovery code
///
/// Goes on after `login` has answered `second_factor_required`. A code works once, and after five wrong ones the sign-in
/// begins anew.
#[utoipa::path(
    post, path = "/login/recovery_code", operation_id = "loginRecoveryCode", tag = "Signing in",
    request_body = BrowserStep,
    responses(
        (status = OK, body = SignedIn, description = "Signed in. The session cookie is set.", headers(("Set-Cookie"))),
        BodyRefused, StepRefused,
    ),
)]
async fn session_step(
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    Body(step): Body<BrowserStep>,
) -> Result<Json<SignedIn>, Problem> {
    steps::in_browser(&state, &mut auth, &pending, &client, (Factor::RecoveryCode, &step)).await
}
