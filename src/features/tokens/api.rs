//! `token`, `tokens` and `tokens/{id}`, on both JSON mounts, and the token door's `tokens/report`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::scopes::TokensManage;
use super::service::{self, Expiry, NewToken};
use crate::{
    auth::{Allowed, Anything, Credential, IssuedBy, Scope, Scopes, Token, reauthentication::Reauthentication},
    db::Db,
    http::{
        client::Client,
        conditional,
        extract::{Body, PathId},
        idempotency,
        openapi::{
            IfNoneMatch, TokenText,
            refusals::{BodyRefused, Full, NotFound, ProofWanted, StrangerRefused},
        },
        problem::{FieldError, Problem},
    },
    mail::Mailer,
    settings::Settings,
    state::AppState,
    timestamp::Timestamp,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(list, create))
        .routes(routes!(revoke_all))
        .routes(routes!(revoke))
}

/// The token door's own, for whoever finds a token.
pub fn report_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report))
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
        Credential::Session(_) => Err(Problem::NotFound),
    }
}

/// The account's tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenList)]
struct List {
    /// Those that work, the newest first, then those that have ended lately.
    items: Vec<Token>,
}

/// List the account's tokens
///
/// What is known of them, never the tokens themselves.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "Tokens",
    params(IfNoneMatch),
    responses(
        (status = OK, body = List, description = "What is known of each.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "You have this list.", headers(("ETag"))),
    ),
    security(("caller" = ["tokens:manage"])),
)]
async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let items = service::list(&db, caller.account.id).await?;
    conditional::list(&headers, &List { items })
}

/// A token to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken, examples(json!({"name": "backup script", "scopes": ["account:read"], "days": 7})))]
struct CreateBody {
    /// What to call it, 1 to 100 characters.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*[^\\s\\u0000-\\u001f\\u007f-\\u009f\
            \\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\
            \\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8]\
            [^\\u0000-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$"
    )]
    name: String,
    /// What it may do: at least one, and at the token door none that the calling token lacks.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// After how many days it expires. Send this or `expires_at`.
    #[schema(minimum = 1)]
    days: Option<u32>,
    /// When it expires. Send this or `days`.
    expires_at: Option<Timestamp>,
    /// Whether each use lets it go on for as many `days` again, up to the longest a token may last.
    #[serde(default)]
    renew: bool,
    /// The origins whose pages alone may use it, five at most; anybody anywhere, if left out.
    #[serde(default)]
    #[schema(max_items = 5)]
    origins: Vec<String>,
}

/// A new token: besides a login's, the only answer that holds it.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedToken)]
struct Made {
    token: TokenText,
    /// Names it in `DELETE tokens/{id}`.
    id: Uuid,
    /// What it is called.
    name: String,
    /// What it may do.
    scopes: Scopes,
    /// The origins whose pages alone may use it.
    origins: Vec<String>,
    /// Who made it: a person, or a token.
    issued_by: IssuedBy,
    /// When it was made.
    created_at: Timestamp,
    /// When it stops working, unless it is renewed.
    expires_at: Timestamp,
    /// When it stops working in any case.
    ends_at: Timestamp,
    /// How many days each use gives it.
    renew_days: Option<u32>,
}

/// Make a token
///
/// At the session door it asks for a recent proof of the password. At the token door the new token may do no more than the
/// one that makes it, works from no other origin, ends no later, and is revoked with it. There is no `Idempotency-Key` here:
/// the answer holds a secret, which is kept nowhere and cannot be given twice.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "Tokens",
    request_body = CreateBody,
    responses(
        (status = CREATED, body = Made, description = "The token, this once."),
        BodyRefused, Full, ProofWanted,
    ),
    security(("caller" = ["tokens:manage"])),
)]
async fn create(
    State(AppState { db, settings, site, .. }): State<AppState>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
    proof: Reauthentication,
    headers: HeaderMap,
    Body(body): Body<CreateBody>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    idempotency::not_here(&headers)?;
    let parent = match &caller.credential {
        Credential::Token(token) => Some(token),
        Credential::Session(_) => {
            proof.must_be_recent().await?;
            None
        }
    };
    let CreateBody { name, scopes, days, expires_at, renew, origins } = body;
    let expiry = expiry(days, expires_at)?;
    let declared = |scope: &Scope| site.scopes.iter().any(|known| known.name == scope.0);
    if let Some(Scope(unknown)) = scopes.iter().find(|scope| !declared(scope)) {
        return Err(Problem::field("scopes", &format!("There is no scope “{unknown}”.")));
    }
    let new = NewToken { name, scopes: scopes.into_iter().collect(), expiry, renew, origins };
    let issued = service::create(&db, &settings.tokens, &caller.acting(client), parent, new).await?;
    let Token { id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, .. } = issued.token;
    let token = TokenText(issued.secret.reveal().to_owned());
    let made = Made { token, id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days };
    Ok((StatusCode::CREATED, Json(made)))
}

/// One of the two.
fn expiry(days: Option<u32>, expires_at: Option<Timestamp>) -> Result<Expiry, Problem> {
    match (days, expires_at) {
        (Some(days), None) => Ok(Expiry::Days(days)),
        (None, Some(at)) => Ok(Expiry::At(at)),
        (None, None) => Err(Problem::field("days", "Say when it expires, by `days` or by `expires_at`.")),
        (Some(_), Some(_)) => {
            let twice = |field| FieldError::new(field, "Send one of `days` and `expires_at`, not both.");
            Err(Problem::Validation(vec![twice("days"), twice("expires_at")]))
        }
    }
}

/// Revoke a token
///
/// It is refused from its next request on, and so is what it has made.
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

/// Which to leave.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeAll, examples(json!({})))]
struct RevokeAllBody {
    /// The id of the one that goes on working.
    except: Option<Uuid>,
}

/// Revoke all tokens
///
/// All of the account's, or all but one.
#[utoipa::path(
    post, path = "/tokens/revoke-all", operation_id = "revokeTokens", tag = "Tokens",
    request_body = RevokeAllBody,
    responses((status = NO_CONTENT, description = "They have ended."), BodyRefused),
    security(("caller" = ["tokens:manage"])),
)]
async fn revoke_all(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
    Body(RevokeAllBody { except }): Body<RevokeAllBody>,
) -> Result<StatusCode, Problem> {
    let actor = caller.acting(client);
    match except {
        None => service::revoke_all(&db, &actor).await?,
        Some(kept) => service::revoke_others(&db, &actor, kept).await.map_err(|problem| match problem {
            Problem::NotFound => Problem::field("except", "The account has no such token that works."),
            problem => problem,
        })?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What was found.
// No `Debug`: it holds a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FoundToken, examples(json!({"token": "what was found"})))]
struct Found {
    /// The token, or what looks like one.
    token: String,
}

/// Give a token back that you have found
///
/// From anybody, but from no page whose origin the settings do not name. It is revoked if it works, and so is what it
/// has made, which may work where it does not; then its owner is told. The answer is the same whatever it is.
#[utoipa::path(
    post, path = "/tokens/report", operation_id = "reportToken", tag = "Tokens",
    request_body = Found,
    responses((status = ACCEPTED, description = "Thank you."), BodyRefused, StrangerRefused),
)]
async fn report(
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    State(mailer): State<Mailer>,
    Body(Found { token }): Body<Found>,
) -> StatusCode {
    service::report(&db, &settings, &mailer, token.trim());
    StatusCode::ACCEPTED
}
