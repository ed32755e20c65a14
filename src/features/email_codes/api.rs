//! `POST login/email_code/send` and `POST login/email_code`

use axum::{Json, extract::State, http::StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{code, service};
use crate::{
    auth::{
        AuthSession, Scope, TakesPasswords,
        dpop::SentProof,
        sign_in::{At, Factor, PendingCookie, Wants},
    },
    features::{
        accounts::sign_in::{
            finish::{self, LoggedIn, SignedIn},
            steps::{self, BrowserStep, TokenStep, token_name},
        },
        tokens::service::login_errors,
    },
    http::{
        client::Client,
        extract::{Body, Unvalidated},
        openapi::refusals::{
            BodyRefused, CodeAskRefused, CodeRefused, ProofRefused, TokenCodeAskRefused, TokenCodeRefused,
        },
        problem::Problem,
    },
    state::AppState,
};

/// The routes of the session mount.
pub(super) fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(session_send)).routes(routes!(session_login))
}

/// The routes of the token mount.
pub(super) fn token_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_send)).routes(routes!(token_login))
}

/// Whom to send a code, and what to sign in for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailCodeRequest, examples(json!({"email": "ada@example.org", "name": "phone"})))]
struct TokenAsk {
    /// The account's email address.
    email: String,
    #[schema(schema_with = token_name)]
    name: Option<String>,
    /// The scopes of the token, at least one. Without it, the token gets every scope that is not `sensitive` (see `GET
    /// scopes`).
    #[schema(min_items = 1)]
    scopes: Option<Vec<Scope>>,
    /// Whether to stay signed in for longer.
    #[serde(default)]
    remember: bool,
}

/// Whom to send a code, and what to sign in for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailCodeRequest, examples(json!({"email": "ada@example.org", "remember": false})))]
struct BrowserAsk {
    /// The account's email address.
    email: String,
    #[schema(schema_with = token_name)]
    #[expect(dead_code, reason = "taken so that a client may send the same at both doors")]
    name: Option<String>,
    /// Whether to stay signed in for longer.
    #[serde(default)]
    remember: bool,
}

/// A code is on its way, if there is an account with the address.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailCodeSent, examples(sent))]
struct Sent {
    /// What to send with the code. Null at the session door, where it is in a cookie.
    #[schema(value_type = Option<String>, format = Password)]
    pending: Option<String>,
    /// For how many seconds the code works.
    expires_in: i64,
}

fn sent() -> Value {
    json!({"pending": "pending_000000000000000000000000000000001k5k96", "expires_in": code::LASTS.whole_seconds()})
}

impl Sent {
    fn new(pending: Option<String>) -> (StatusCode, Json<Self>) {
        (StatusCode::ACCEPTED, Json(Self { pending, expires_in: code::LASTS.whole_seconds() }))
    }
}

/// Sign in: ask for a code by email
///
/// Sends a code to the account with this address, for `POST login/email_code`. The answer is the same if there is none.
/// The code works once, for ten minutes, for five tries, and only with `pending`. With a proof of a key in the `DPoP` header
/// (RFC 9449), the token will be bound to this key.
#[utoipa::path(
    post, path = "/login/email_code/send", operation_id = "sendLoginEmailCode", tag = "Signing in",
    request_body = TokenAsk,
    responses(
        (status = ACCEPTED, body = Sent, description = "A code is on its way, if there is such an account."),
        BodyRefused, TokenCodeAskRefused, ProofRefused,
    ),
)]
async fn token_send(
    _takes: TakesPasswords,
    State(state): State<AppState>,
    client: Client,
    proof: SentProof,
    ask: Unvalidated<TokenAsk>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let ask = ask.validate(|ask| {
        let email = service::address_error(&ask.email).into_iter();
        email.chain(login_errors(&state.site.scopes, ask.name.as_deref(), ask.scopes.as_deref())).collect()
    })?;
    let key_thumbprint = proof.verify_for_login().await?.map(String::from);
    let wants = Wants::of_token(ask.remember, ask.name, ask.scopes, &state.site.scopes, key_thumbprint);
    let handle = service::ask(&state, &client, &ask.email, At::Client(None), &wants).await?;
    Ok(Sent::new(Some(handle.reveal().to_owned())))
}

/// Sign in: ask for a code by email
///
/// Sends a code to the account with this address, for `POST login/email_code`. The answer is the same if there is none.
/// The code works once, for ten minutes, for five tries, and only in this browser.
#[utoipa::path(
    post, path = "/login/email_code/send", operation_id = "sendLoginEmailCode", tag = "Signing in",
    request_body = BrowserAsk,
    responses(
        (
            status = ACCEPTED, body = Sent, description = "A code is on its way, if there is such an account.",
            headers(("Set-Cookie")),
        ),
        BodyRefused, CodeAskRefused,
    ),
)]
async fn session_send(
    State(state): State<AppState>,
    pending: PendingCookie,
    client: Client,
    ask: Unvalidated<BrowserAsk>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let ask = ask.validate(|ask| service::address_error(&ask.email).into_iter().collect())?;
    let wants = Wants::in_browser(ask.remember);
    service::ask(&state, &client, &ask.email, At::Browser(&pending), &wants).await?;
    Ok(Sent::new(None))
}

/// Sign in: use a code by email
///
/// Goes on after `login/email_code/send`, or after `login` has answered `second_factor_required` with this step. If the
/// account has two-factor authentication, the first code is answered with `second_factor_required` as well.
#[utoipa::path(
    post, path = "/login/email_code", operation_id = "loginEmailCode", tag = "Signing in",
    request_body = TokenStep,
    responses(
        (status = CREATED, body = LoggedIn, description = "The new token. It is shown only once."),
        BodyRefused, TokenCodeRefused,
    ),
)]
async fn token_login(
    _takes: TakesPasswords,
    State(state): State<AppState>,
    client: Client,
    Body(step): Body<TokenStep>,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    let at = At::Client(Some(step.pending.expose_secret()));
    let Some((proven, wants)) = service::prove(&state, &client, at, step.code.expose_secret()).await? else {
        return steps::at_token_door(&state, &client, Factor::EmailCode, &step).await;
    };
    let admitted = state.sign_ins.proceed(proven, At::Client(None), wants.clone(), &client).await?;
    finish::with_token(&state, &client, &admitted, wants).await
}

/// Sign in: use a code by email
///
/// Goes on after `login/email_code/send`, or after `login` has answered `second_factor_required` with this step. If the
/// account has two-factor authentication, the first code is answered with `second_factor_required` as well.
#[utoipa::path(
    post, path = "/login/email_code", operation_id = "loginEmailCode", tag = "Signing in",
    request_body = BrowserStep,
    responses(
        (status = OK, body = SignedIn, description = "Signed in. The session cookie is set.", headers(("Set-Cookie"))),
        BodyRefused, CodeRefused,
    ),
)]
async fn session_login(
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    Body(step): Body<BrowserStep>,
) -> Result<Json<SignedIn>, Problem> {
    let at = At::Browser(&pending);
    let Some((proven, wants)) = service::prove(&state, &client, at, step.code.expose_secret()).await? else {
        return steps::in_browser(&state, &mut auth, &pending, &client, (Factor::EmailCode, &step)).await;
    };
    let admitted = state.sign_ins.proceed(proven, at, wants.clone(), &client).await?;
    let account = finish::in_browser(&state, &mut auth, admitted, wants.remember, &client).await?;
    Ok(Json(SignedIn { account }))
}
