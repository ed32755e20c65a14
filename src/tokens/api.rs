//! `token`, `tokens` and `tokens/{id}`, on both JSON mounts.

use axum::{
    Json,
    extract::{FromRef, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Scope, Token, service};
use crate::{
    client::Client,
    db::Db,
    doors::{Allowed, Anything, Credential, TokensManage},
    extract::PathId,
    openapi::{examples, refusals::NotFound},
    problem::Problem,
};

/// The routes.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Db: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(list)).routes(routes!(revoke))
}

pub(super) fn example() -> Token {
    Token {
        id: examples::id(2),
        name: "phone".into(),
        scopes: [Scope::NotesRead, Scope::NotesWrite].into_iter().collect(),
        created_at: examples::moment(0),
        expires_at: examples::moment(30 * 24 * 60 * 60),
        last_used_at: Some(examples::moment(60)),
    }
}

/// The token that makes the call
///
/// A sign-in has none: 404 at the session door.
#[utoipa::path(
    get, path = "/token", operation_id = "getToken", tag = "Tokens",
    responses((status = OK, body = Token, description = "What is known of it."), NotFound),
    security(("caller" = [])),
)]
async fn show(Allowed { caller, .. }: Allowed<Anything>) -> Result<Json<Token>, Problem> {
    match caller.credential {
        Credential::Token(token) => Ok(Json(token)),
        Credential::SignIn(_) => Err(Problem::NotFound),
    }
}

/// The account's tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenList)]
struct List {
    /// The newest first.
    items: Vec<Token>,
}

/// List the account's tokens
///
/// What is known of them, never the tokens themselves.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "Tokens",
    responses((status = OK, body = List, description = "Those that were not revoked.")),
    security(("caller" = ["tokens:manage"])),
)]
async fn list(State(db): State<Db>, Allowed { caller, .. }: Allowed<TokensManage>) -> Result<Json<List>, Problem> {
    let items = service::list(&db, caller.account.id).await?;
    Ok(Json(List { items }))
}

/// Revoke a token
///
/// It is refused from its next request on.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revokeToken", tag = "Tokens",
    params(("id" = Uuid, Path, description = "The token's id.")),
    responses((status = NO_CONTENT, description = "It has ended."), NotFound),
    security(("caller" = ["tokens:manage"])),
)]
async fn revoke(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    service::revoke(&db, &caller.acting(client), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
