//! The JSON API of signing in: `reauthenticate` on both mounts, and each mount's own `login` and `logout`. That of the
//! account itself is in [`super::settings::api`].

use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    reauthentication, security, settings,
    sign_in::{
        finish::{self, LoggedIn, SignedIn},
        steps::token_name,
    },
};
use crate::{
    auth::{
        Allowed, Anything, AuthSession, Credential, Scope, TakesPasswords,
        dpop::SentProof,
        sign_in::{At, PendingCookie, Wants},
        verify_password::{missing_credentials, verify_password},
    },
    db::Db,
    features::{
        browser_sessions,
        tokens::{self, TokensManage},
    },
    http::{
        client::Client,
        extract::Unvalidated,
        openapi::refusals::{BodyRefused, LoginRefused, PasswordRefused},
        problem::Problem,
    },
    state::AppState,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    settings::api::routes().merge(security::api::routes()).merge(reauthentication::api::routes())
}

/// The routes of the token mount that require a token.
pub fn token_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_logout)).routes(routes!(token_logout_all))
}

/// The route of the token mount that exchanges a password for a token.
pub fn unauthenticated_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_login))
}

/// The routes of the session mount that sign in and out.
pub fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(session_login)).routes(routes!(session_logout))
}

/// Credentials to sign in with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    as = Login,
    examples(json!({"email": "ada@example.org", "password": "correct horse battery staple", "name": "phone"}))
)]
struct TokenLogin {
    /// The account's email address.
    email: String,
    /// The account's password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
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

/// Credentials to sign in with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"email": "ada@example.org", "password": "correct horse battery staple", "name": "phone"})))]
struct Login {
    /// The account's email address.
    email: String,
    /// The account's password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    #[schema(schema_with = token_name)]
    #[expect(dead_code, reason = "taken so that a client may send the same at both doors")]
    name: Option<String>,
    /// Whether to stay signed in for longer.
    #[serde(default)]
    remember: bool,
}

/// Sign in
///
/// Exchanges a password for a token. Only for the site's own single-page app, which people already trust with their
/// password. Other clients should use a token created on the tokens page (RFC 9700 section 2.4). A setting turns this
/// endpoint off. With a proof of a key in the `DPoP` header (RFC 9449), the token is bound to this key. If the account
/// has two-factor authentication, the answer is `second_factor_required`: go on with one of the steps in `next`.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "Signing in",
    request_body = TokenLogin,
    responses(
        (status = CREATED, body = LoggedIn, description = "The new token. It is shown only once."),
        BodyRefused, LoginRefused,
    ),
)]
async fn token_login(
    _takes: TakesPasswords,
    State(state): State<AppState>,
    client: Client,
    proof: SentProof,
    login: Unvalidated<TokenLogin>,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    let login = login.validate(|login| {
        let mut errors = missing_credentials(&login.email, &login.password);
        let (name, scopes) = (login.name.as_deref(), login.scopes.as_deref());
        errors.extend(tokens::service::login_errors(&state.site.scopes, name, scopes));
        errors
    })?;
    let key_thumbprint = proof.verify_for_login().await?.map(String::from);
    let proven = verify_password(db, hasher, &settings.throttle, &client, &login.email, login.password).await?;
    let wants = Wants::of_token(login.remember, login.name, login.scopes, &state.site.scopes, key_thumbprint);
    let admitted = state.sign_ins.proceed(proven, At::Client(None), wants.clone(), &client).await?;
    finish::with_token(&state, &client, &admitted, wants).await
}

/// Revoke the calling token
///
/// A token can always revoke itself, whatever its scopes.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "Signing in",
    responses((status = NO_CONTENT, description = "The token was revoked.")),
    security(("caller" = [])),
)]
async fn token_logout(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<Anything>,
    client: Client,
) -> Result<StatusCode, Problem> {
    let actor = caller.acting(client);
    if let Credential::Token(token) = caller.credential {
        tokens::service::revoke(&db, &actor, token.id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke all tokens of the account
// It requires `tokens:manage`, or a leaked read-only token could lock out every client.
#[utoipa::path(
    post, path = "/logout-all", operation_id = "logoutAll", tag = "Signing in",
    responses((status = NO_CONTENT, description = "The tokens were revoked.")),
    security(("caller" = ["tokens:manage"])),
)]
async fn token_logout_all(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
) -> Result<StatusCode, Problem> {
    tokens::service::revoke_all(&db, &caller.acting(client)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign in
///
/// Exchanges a password for the session cookie. If the account has two-factor authentication, the answer is
/// `second_factor_required`: go on with one of the steps in `next`.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "Signing in",
    request_body = Login,
    responses(
        (status = OK, body = SignedIn, description = "Signed in. The session cookie is set.", headers(("Set-Cookie"))),
        BodyRefused, PasswordRefused,
    ),
)]
async fn session_login(
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    login: Unvalidated<Login>,
) -> Result<Json<SignedIn>, Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    let login = login.validate(|login| missing_credentials(&login.email, &login.password))?;
    let proven = verify_password(db, hasher, &settings.throttle, &client, &login.email, login.password).await?;
    let wants = Wants::in_browser(login.remember);
    let admitted = state.sign_ins.proceed(proven, At::Browser(&pending), wants, &client).await?;
    let account = finish::in_browser(&state, &mut auth, admitted, login.remember, &client).await?;
    Ok(Json(SignedIn { account }))
}

/// Sign out
///
/// Ends the session and removes its cookie. What your page has stored in the browser stays: delete what belongs to the
/// person.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "Signing in",
    responses((status = NO_CONTENT, description = "Signed out.", headers(("Set-Cookie")))),
    security(("caller" = [])),
)]
async fn session_logout(State(db): State<Db>, client: Client, mut auth: AuthSession) -> Result<StatusCode, Problem> {
    if auth.user.is_none() {
        return Err(Problem::NotSignedIn);
    }
    browser_sessions::service::end(&db, &mut auth, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}
