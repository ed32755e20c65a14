//! The JSON API of the calling token, `token` and `token/renew`, and of the scopes that tokens can have.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::service::{self, expires_in, renewable_until};
use crate::{
    auth::{Allowed, Anything, Credential, IssuedBy, Scopes, Token},
    db::Db,
    http::{
        conditional,
        openapi::{
            IfNoneMatch,
            examples::{id, moment},
            refusals::{CountedByAddress, FixedEnd, NotFound, TagRefused},
        },
        problem::Problem,
    },
    state::AppState,
    timestamp::Timestamp,
};

/// The route of both mounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The route of the token mount.
pub(super) fn token_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(renew))
}

/// The route of the session mount.
pub(super) fn session_routes() -> OpenApiRouter<AppState> {
    scope_routes()
}

/// The route that needs no credential.
pub(super) fn scope_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(scopes))
}

/// The calling token.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrentToken, examples(example))]
struct Current {
    /// The id of the token, for `DELETE tokens/{id}`.
    id: Uuid,
    /// The name its owner gave it.
    name: String,
    /// The scopes of the token.
    scopes: Scopes,
    /// The origins whose pages can use it. If empty, it works everywhere.
    origins: Vec<String>,
    /// How it was created.
    issued_by: IssuedBy,
    /// When it was created.
    created_at: Timestamp,
    /// When it expires, unless it is renewed.
    expires_at: Timestamp,
    /// In how many seconds it expires, unless it is renewed.
    expires_in: i64,
    /// Until when `POST token/renew` can prolong it; `null` if it has a fixed end.
    renewable_until: Option<Timestamp>,
    /// When it expires, even if it is renewed, by use or by `POST token/renew`.
    ends_at: Timestamp,
    /// How many days each use extends it by, up to `ends_at`; `null` if use does not extend it.
    renew_days: Option<u32>,
    /// When it was last used, to the minute.
    last_used_at: Option<Timestamp>,
    /// The address it was last used from, if known.
    last_used_from: Option<String>,
    /// When it was revoked.
    revoked_at: Option<Timestamp>,
    /// The thumbprint (RFC 7638) of the key that it is bound to; `null` if it works for whoever has it.
    key_thumbprint: Option<String>,
}

fn example() -> Value {
    json!({
        "id": id(2),
        "name": "phone",
        "scopes": ["account:read"],
        "origins": [],
        "issued_by": "login",
        "created_at": moment(0),
        "expires_at": moment(30 * 24 * 60 * 60),
        "expires_in": 2_591_940,
        "renewable_until": moment(90 * 24 * 60 * 60),
        "ends_at": moment(90 * 24 * 60 * 60),
        "renew_days": null,
        "last_used_at": moment(60),
        "last_used_from": "192.0.2.7",
        "revoked_at": null,
        "key_thumbprint": null,
    })
}

impl Current {
    fn of(token: Token, now: Timestamp) -> Self {
        let (expires_in, renewable_until) = (expires_in(&token, now), renewable_until(&token));
        Self {
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            origins: token.origins,
            issued_by: token.issued_by,
            created_at: token.created_at,
            expires_at: token.expires_at,
            expires_in,
            renewable_until,
            ends_at: token.ends_at,
            renew_days: token.renew_days,
            last_used_at: token.last_used_at,
            last_used_from: token.last_used_from,
            revoked_at: token.revoked_at,
            key_thumbprint: token.key_thumbprint,
        }
    }
}

/// Get the calling token
///
/// With a session cookie there is no token: 404.
#[utoipa::path(
    get, path = "/token", operation_id = "getToken", tag = "Tokens",
    responses((status = OK, body = Current, description = "The token's metadata."), NotFound),
    security(("caller" = [])),
)]
async fn show(State(db): State<Db>, Allowed { caller, .. }: Allowed<Anything>) -> Result<Json<Current>, Problem> {
    match caller.credential {
        Credential::Token(token) => Ok(Json(Current::of(token, db.now()))),
        Credential::Session(_) => Err(Problem::NotFound),
    }
}

/// Renew the calling token
///
/// Moves `expires_at` of a token from `POST login` forward, to as long from now as the login gave it, but never beyond
/// `renewable_until`. The token itself stays the same. A token that use extends is extended as by any other use. Any
/// other token has a fixed end: 409.
#[utoipa::path(
    post, path = "/token/renew", operation_id = "renewToken", tag = "Tokens",
    responses((status = OK, body = Current, description = "The token's metadata, with its new end."), FixedEnd),
    security(("caller" = [])),
)]
async fn renew(State(db): State<Db>, Allowed { caller, .. }: Allowed<Anything>) -> Result<Json<Current>, Problem> {
    match &caller.credential {
        Credential::Token(token) => {
            let renewed = service::renew(&db, caller.account.id, token).await?;
            Ok(Json(Current::of(renewed, db.now())))
        }
        Credential::Session(_) => Err(Problem::NotFound),
    }
}

/// What a token may be allowed to do.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeDescription)]
struct ScopeItem {
    /// The name of the scope, such as `account:read`.
    name: &'static str,
    /// What it allows.
    description: &'static str,
    /// Whether `POST login` gives it only if `scopes` names it.
    sensitive: bool,
}

/// Every scope of this site.
#[derive(Serialize, ToSchema)]
#[schema(
    as = ScopeList,
    examples(json!({"items": [{"name": "account:read", "description": "Read your name", "sensitive": false}]}))
)]
struct List {
    /// The scopes, in the order of the tokens page.
    items: Vec<ScopeItem>,
}

/// How long a client may keep the list of scopes. It changes with a new version of the site only.
const CACHED: HeaderValue = HeaderValue::from_static("private, max-age=300");

/// List scopes
///
/// The scopes that tokens can have. No credential is needed.
#[utoipa::path(
    get, path = "/scopes", operation_id = "listScopes", tag = "Tokens",
    params(IfNoneMatch),
    responses(
        (status = OK, body = List, description = "The scopes.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        TagRefused,
        CountedByAddress,
    ),
)]
async fn scopes(State(AppState { site, .. }): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let described = site.scopes.iter().map(|scope| ScopeItem {
        name: scope.name,
        description: scope.meaning,
        sensitive: scope.sensitive,
    });
    let list = conditional::list(&headers, &List { items: described.collect() })?;
    Ok(([(header::CACHE_CONTROL, CACHED)], list).into_response())
}
