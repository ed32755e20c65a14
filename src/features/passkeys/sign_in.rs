//! Signing in with a passkey alone: by the form of the sign-in page, which the page's script fills in, and by JSON at
//! the session door.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    api::{Options, answered},
    service,
};
use crate::{
    auth::{
        AuthSession,
        page::PageContext,
        sign_in::{At, PendingCookie, Wants},
    },
    features::accounts::sign_in::{
        begin,
        finish::{self, SignedIn},
    },
    http::{
        client::Client,
        extract::{Body, Form},
        openapi::refusals::{BodyRefused, PasskeyRefused, PasskeysLimited},
        problem::Problem,
    },
    state::AppState,
};

/// The routes of the session mount.
pub(super) fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin_login)).routes(routes!(login))
}

/// The answer of the browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyLogin, examples(json!({"credential": {"id": "AQIDBA", "type": "public-key"}, "remember": false})))]
struct Login {
    #[schema(schema_with = answered)]
    credential: Map<String, Value>,
    /// Whether to stay signed in for longer.
    #[serde(default)]
    remember: bool,
}

/// Begin to sign in with a passkey
///
/// Returns what the browser has to be asked. Its answer is taken by `POST login/passkey` for five minutes, once.
#[utoipa::path(
    post, path = "/login/passkey/options", operation_id = "beginPasskeyLogin", tag = "Signing in",
    responses((status = OK, body = Options, description = "What to ask the browser."), PasskeysLimited),
)]
async fn begin_login(State(state): State<AppState>, client: Client) -> Result<Json<Options>, Problem> {
    Ok(Json(Options { public_key: service::begin_sign_in(&state, &client).await? }))
}

/// Sign in with a passkey
///
/// Exchanges the answer of the browser to the challenge of `POST login/passkey/options` for the session cookie. A
/// passkey is enough, also for an account with two-factor authentication.
#[utoipa::path(
    post, path = "/login/passkey", operation_id = "loginWithPasskey", tag = "Signing in",
    request_body = Login,
    responses(
        (status = OK, body = SignedIn, description = "Signed in. The session cookie is set.", headers(("Set-Cookie"))),
        BodyRefused, PasskeyRefused,
    ),
)]
async fn login(
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    Body(Login { credential, remember }): Body<Login>,
) -> Result<Json<SignedIn>, Problem> {
    let proven = service::prove(&state, &client, &credential.into()).await?;
    let wants = Wants::in_browser(remember);
    let admitted = state.sign_ins.proceed(proven, At::Browser(&pending), wants, &client).await?;
    let account = finish::in_browser(&state, &mut auth, admitted, remember, &client).await?;
    Ok(Json(SignedIn { account }))
}

/// `POST /passkeys/sign-in`, from the sign-in page.
///
/// # Errors
/// If the session cannot be written. Other problems are shown on the sign-in page.
pub(super) async fn post_sign_in(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let credential = serde_json::from_str(&form.text("credential")).unwrap_or_default();
    let proven = service::prove(&state, &client, &credential).await;
    begin(context, &state, (&mut auth, &pending), &client, &form, proven).await
}
