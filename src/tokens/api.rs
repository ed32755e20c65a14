//! `token`, `tokens` and `tokens/{id}`, on both JSON mounts.

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{delete, get},
};
use serde::Serialize;

use super::{Token, service};
use crate::{
    client::Client,
    db::Db,
    doors::{Allowed, Anything, Credential, TokensManage},
    extract::PathId,
    problem::Problem,
};

/// The routes.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Db: FromRef<S>,
{
    Router::new().route("/token", get(show)).route("/tokens", get(list)).route("/tokens/{id}", delete(revoke))
}

/// The token that made the call. A sign-in has none.
async fn show(Allowed { caller, .. }: Allowed<Anything>) -> Result<Json<Token>, Problem> {
    match caller.credential {
        Credential::Token(token) => Ok(Json(token)),
        Credential::SignIn(_) => Err(Problem::NotFound),
    }
}

#[derive(Serialize)]
struct List {
    items: Vec<Token>,
}

/// Metadata only, never the secrets.
async fn list(State(db): State<Db>, Allowed { caller, .. }: Allowed<TokensManage>) -> Result<Json<List>, Problem> {
    let items = service::list(&db, caller.account.id).await?;
    Ok(Json(List { items }))
}

async fn revoke(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    service::revoke(&db, &caller.acting(client), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
