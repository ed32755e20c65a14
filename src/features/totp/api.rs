//! `POST login/totp`

use axum::{Json, extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service;
use crate::{
    auth::{
        Allowed, AuthSession, TakesPasswords,
        activity::Kind,
        reauthentication::Reauthentication,
        sign_in::{Factor, PendingCookie},
    },
    features::accounts::{
        scopes::AccountWrite,
        security,
        sign_in::{
            finish::{LoggedIn, SignedIn},
            steps::{self, BrowserStep, TokenStep},
        },
    },
    http::{
        client::Client,
        extract::Body,
        openapi::refusals::{BodyRefused, ReauthenticationRequired, StepRefused, TokenStepRefused},
        problem::Problem,
    },
    state::AppState,
};

/// The route of both mounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(remove))
}

/// Remove the authenticator app
///
/// The password alone is enough to sign in afterwards, and the recovery codes end. It is no error if there is none. The
/// password must have been given recently.
#[utoipa::path(
    delete, path = "/factors/totp", operation_id = "removeTotp", tag = "Account",
    responses((status = NO_CONTENT, description = "There is no authenticator app any more."), ReauthenticationRequired),
    security(("caller" = ["account:write"])),
)]
async fn remove(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
    reauthentication: Reauthentication,
) -> Result<StatusCode, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    if service::remove(&state.db, caller.account.id).await? {
        let actor = caller.acting(client);
        security::service::changed(&state, &caller.account, &actor, (Kind::FactorRemoved, service::NAME)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The route of the session mount.
pub(super) fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(session_step))
}

/// The route of the token mount.
pub(super) fn token_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_step))
}

/// Sign in: enter a code of the authenticator app
///
/// Goes on after `login` has answered `second_factor_required`. A code works once, and after five wrong ones the sign-in
/// begins anew.
#[utoipa::path(
    post, path = "/login/totp", operation_id = "loginTotp", tag = "Signing in",
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
    steps::at_token_door(&state, &client, Factor::Totp, &step).await
}

/// Sign in: enter a code of the authenticator app
///
/// Goes on after `login` has answered `second_factor_required`. A code works once, and after five wrong ones the sign-in
/// begins anew.
#[utoipa::path(
    post, path = "/login/totp", operation_id = "loginTotp", tag = "Signing in",
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
    steps::in_browser(&state, &mut auth, &pending, &client, (Factor::Totp, &step)).await
}
