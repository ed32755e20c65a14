//! `me` on both JSON mounts, and each mount's own `login` and `logout`.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::scopes::AccountRead;
use crate::{
    auth::{Account, Allowed, Anything, AuthSession, Credential, Scopes, reauthentication::Reauthentication},
    db::Db,
    features::{
        accounts::new_browser::notify_if_new,
        browser_sessions,
        tokens::{self, TokensManage},
    },
    http::{
        client::Client,
        extract::Body,
        openapi::{
            TokenText,
            refusals::{BodyRefused, LoginRefused, PasswordRefused},
        },
        problem::Problem,
        security_headers::{CLEAR_SITE_DATA, CLEARED},
    },
    state::AppState,
    timestamp::Timestamp,
};

/// `me`, behind either door.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me))
}

/// The token door's own, for whoever holds a token.
pub fn token_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_logout)).routes(routes!(token_logout_all))
}

/// The token door's own, for anybody: a password for a token.
pub fn unauthenticated_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token_login))
}

/// The session door's own: a password for the cookie.
pub fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(session_login)).routes(routes!(session_logout)).routes(routes!(session_proof))
}

/// Who is calling
#[utoipa::path(
    get, path = "/me", operation_id = "getMe", tag = "Account",
    responses((status = OK, body = Account, description = "The account.")),
    security(("caller" = ["account:read"])),
)]
async fn me(Allowed { caller, .. }: Allowed<AccountRead>) -> Json<Account> {
    Json(caller.account)
}

/// A password, and what to make of it.
// No `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"email": "ada@example.org", "password": "correct horse battery staple", "name": "phone"})))]
struct Login {
    /// The account's address.
    email: String,
    /// Its password.
    #[schema(format = Password)]
    password: String,
    /// What to call the token, 1 to 100 characters; "Login" if left out. A sign-in has no name.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*[^\\s\\u0000-\\u001f\\u007f-\\u009f\
            \\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\
            \\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8]\
            [^\\u0000-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$"
    )]
    name: Option<String>,
    /// Whether it should last longer.
    #[serde(default)]
    remember: bool,
}

/// A new token: the only answer but one that holds it.
#[derive(Serialize, ToSchema)]
struct LoggedIn {
    token: TokenText,
    /// Names it in `DELETE tokens/{id}`.
    id: Uuid,
    /// What it is called.
    name: String,
    /// What it may do.
    scopes: Scopes,
    /// When it stops working.
    expires_at: Timestamp,
    /// Whose it is.
    account: Account,
}

/// Sign in
///
/// A password for a token with all scopes. For the site's own single-page app only, which the person trusts with their
/// password anyway. Everybody else's client brings a token that was made on the tokens page (RFC 9700 section 2.4); where
/// there is no such app, a setting turns this off.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "Signing in",
    request_body = Login,
    responses((status = CREATED, body = LoggedIn, description = "The token, this once."), BodyRefused, LoginRefused),
)]
async fn token_login(
    State(state): State<AppState>,
    client: Client,
    Body(login): Body<Login>,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    if !settings.tokens.login {
        return Err(Problem::LoginDisabled);
    }
    let proven = crate::auth::verify_password::verify_password(
        db,
        hasher,
        &settings.throttle,
        &client,
        &login.email,
        login.password,
    )
    .await?;
    let proven = proven.admitted(&settings.accounts)?;
    notify_if_new(&state, &proven.account, &client);
    let name = login.name.as_deref();
    let issued = tokens::service::create_at_login(
        db,
        &settings.tokens,
        &client,
        &proven,
        Scopes::all(&state.site.scopes),
        name,
        login.remember,
    )
    .await?;
    let body = LoggedIn {
        token: TokenText(issued.secret.reveal().to_owned()),
        id: issued.token.id,
        name: issued.token.name,
        scopes: issued.token.scopes,
        expires_at: issued.token.expires_at,
        account: proven.account,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Revoke the token that makes the call
///
/// Every token may end itself, whatever its scopes.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "Signing in",
    responses((status = NO_CONTENT, description = "It has ended.")),
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

/// Revoke every token of the account
// It needs `tokens:manage`, or a leaked token that may only read could lock out every client.
#[utoipa::path(
    post, path = "/logout-all", operation_id = "logoutAll", tag = "Signing in",
    responses((status = NO_CONTENT, description = "They have ended.")),
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

/// Who is signed in now.
#[derive(Serialize, ToSchema)]
struct CurrentSession {
    /// Whose sign-in it is.
    account: Account,
}

/// Sign in
///
/// A password for the session cookie.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "Signing in",
    request_body = Login,
    responses(
        (status = OK, body = CurrentSession, description = "Signed in, by the cookie.", headers(("Set-Cookie"))),
        BodyRefused, PasswordRefused,
    ),
)]
async fn session_login(
    State(state): State<AppState>,
    mut auth: AuthSession,
    client: Client,
    Body(login): Body<Login>,
) -> Result<Json<CurrentSession>, Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    let proven = crate::auth::verify_password::verify_password(
        db,
        hasher,
        &settings.throttle,
        &client,
        &login.email,
        login.password,
    )
    .await?;
    let proven = proven.admitted(&settings.accounts)?;
    let account = proven.account.clone();
    notify_if_new(&state, &account, &client);
    browser_sessions::service::begin(db, &settings.sessions, &mut auth, proven, login.remember, &client).await?;
    Ok(Json(CurrentSession { account }))
}

/// The password, once more.
// No `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reauthentication, examples(json!({"password": "correct horse battery staple"})))]
struct ProofBody {
    /// The account's password.
    #[schema(format = Password)]
    password: String,
}

/// Prove that it is you
///
/// The password once more, for what asks for it with `reauthentication_required`. The browser gets a new session id with it.
#[utoipa::path(
    post, path = "/proof", operation_id = "prove", tag = "Signing in",
    request_body = ProofBody,
    responses(
        (status = NO_CONTENT, description = "For a while it is not asked for again.", headers(("Set-Cookie"))),
        BodyRefused, PasswordRefused,
    ),
    security(("caller" = [])),
)]
async fn session_proof(
    Allowed { caller, .. }: Allowed<Anything>,
    mut proof: Reauthentication,
    Body(ProofBody { password }): Body<ProofBody>,
) -> Result<StatusCode, Problem> {
    proof.give(&caller.account, password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "Signing in",
    responses((status = NO_CONTENT, description = "Signed out.", headers(("Set-Cookie"), ("Clear-Site-Data")))),
    security(("caller" = [])),
)]
async fn session_logout(State(db): State<Db>, client: Client, mut auth: AuthSession) -> Result<Response, Problem> {
    if auth.user.is_none() {
        return Err(Problem::NotSignedIn);
    }
    browser_sessions::service::end(&db, &mut auth, &client).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(CLEAR_SITE_DATA, CLEARED)])).into_response())
}
