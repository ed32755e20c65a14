//! `me` on both JSON mounts, and each mount's own `login` and `logout`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Account,
    page::{CLEAR_SITE_DATA, CLEARED},
    passwords::Hasher,
    service,
};
use crate::{
    activity::Actor,
    client::Client,
    db::Db,
    doors::{AccountRead, Allowed, Anything, AuthSession, Credential, TokensManage},
    extract::Body,
    problem::Problem,
    settings::Settings,
    sign_ins,
    timestamp::Timestamp,
    tokens::{self, Scopes},
};

/// `me`, behind either door.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/me", get(me))
}

/// The token door's own: a password for a token.
pub fn token_routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Db: FromRef<S>,
    Hasher: FromRef<S>,
    Arc<Settings>: FromRef<S>,
{
    Router::new()
        .route("/login", post(token_login))
        .route("/logout", post(token_logout))
        .route("/logout-all", post(token_logout_all))
}

/// The session door's own: a password for the cookie.
pub fn session_routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Db: FromRef<S>,
    Hasher: FromRef<S>,
    Arc<Settings>: FromRef<S>,
{
    Router::new().route("/login", post(session_login)).route("/logout", post(session_logout))
}

async fn me(Allowed { caller, .. }: Allowed<AccountRead>) -> Json<Account> {
    Json(caller.account)
}

/// No `Debug`: it holds a password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    password: String,
    name: Option<String>,
    #[serde(default)]
    remember: bool,
}

/// The only JSON that holds a token.
#[derive(Serialize)]
struct LoggedIn {
    token: String,
    id: Uuid,
    name: String,
    scopes: Scopes,
    expires_at: Timestamp,
    account: Account,
}

async fn token_login(
    State(db): State<Db>,
    State(hasher): State<Hasher>,
    State(settings): State<Arc<Settings>>,
    client: Client,
    Body(login): Body<Login>,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    let proven = service::prove(&db, &hasher, &settings.throttle, &client, &login.email, login.password).await?;
    let proven = proven.admitted(&settings.accounts)?;
    let account = proven.account;
    let (actor, name) = (Actor::by_password(account.id, &client), login.name.as_deref());
    let issued = tokens::service::create_at_login(&db, &settings.tokens, &actor, name, login.remember).await?;
    let body = LoggedIn {
        token: issued.secret.reveal().to_owned(),
        id: issued.token.id,
        name: issued.token.name,
        scopes: issued.token.scopes,
        expires_at: issued.token.expires_at,
        account,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Ends the token that made the call. It needs no scope: every token may end itself.
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

/// Ends every token of the account. It needs `tokens:manage`, or a leaked token that may only read could lock out every
/// client.
async fn token_logout_all(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
) -> Result<StatusCode, Problem> {
    tokens::service::revoke_all(&db, &caller.acting(client)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct SignedIn {
    account: Account,
}

async fn session_login(
    State(db): State<Db>,
    State(hasher): State<Hasher>,
    State(settings): State<Arc<Settings>>,
    mut auth: AuthSession,
    client: Client,
    Body(login): Body<Login>,
) -> Result<Json<SignedIn>, Problem> {
    let proven = service::prove(&db, &hasher, &settings.throttle, &client, &login.email, login.password).await?;
    let proven = proven.admitted(&settings.accounts)?;
    let account = proven.account.clone();
    sign_ins::service::begin(&db, &settings.sessions, &mut auth, proven, login.remember, &client).await?;
    Ok(Json(SignedIn { account }))
}

async fn session_logout(State(db): State<Db>, client: Client, mut auth: AuthSession) -> Result<Response, Problem> {
    if auth.user.is_none() {
        return Err(Problem::NotSignedIn);
    }
    sign_ins::service::end(&db, &mut auth, &client).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(CLEAR_SITE_DATA, CLEARED)])).into_response())
}
