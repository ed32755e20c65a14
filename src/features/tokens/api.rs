//! The JSON API of tokens: `tokens` and `tokens/{id}` on both mounts, and `tokens/report` on the token mount.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::schema::Object};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::current;
use super::scopes::TokensManage;
use super::service::{self, Expiry, NewToken, expires_in};
use crate::{
    auth::{
        Allowed, Credential, IssuedBy, Scope, Scopes, Token, TokenType,
        dpop::SentProof,
        examples::{token, token_text},
        reauthentication::Reauthentication,
    },
    db::Db,
    features::accounts::new_browser::notify_if_new,
    http::{
        client::Client,
        conditional,
        extract::{Body, PathId, Unvalidated},
        idempotency,
        openapi::{
            IfNoneMatch, TokenText,
            refusals::{BodyRefused, Full, NotFound, PasswordProofRefused, ProofRefused, UnauthenticatedRefused},
            texts::name,
        },
        problem::{FieldCode, FieldError, Problem},
    },
    mail::Mailer,
    settings::Settings,
    state::AppState,
    timestamp::Timestamp,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    current::routes().routes(routes!(list, create)).routes(routes!(revoke_all)).routes(routes!(revoke))
}

/// The routes of the token mount that need no token.
pub fn unauthenticated_routes() -> OpenApiRouter<AppState> {
    current::scope_routes().routes(routes!(report))
}

/// The account's tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenList, examples(json!({"items": [token()]})))]
struct List {
    /// Active tokens, newest first, then those that expired or were revoked recently.
    items: Vec<Token>,
}

/// List the account's tokens
///
/// Only their metadata, never the tokens themselves.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "Tokens",
    params(IfNoneMatch),
    responses(
        (status = OK, body = List, description = "The tokens' metadata.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
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

/// The schema of a token's name.
fn token_name() -> Object {
    name("A name for the token, 1 to 100 characters.", 100)
}

/// Parameters of a new token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken, examples(json!({"name": "backup script", "scopes": ["account:read"], "days": 7})))]
struct CreateBody {
    #[schema(schema_with = token_name)]
    name: String,
    /// The scopes of the token, at least one. A token can only grant scopes it has.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// The number of days until it expires. Send this or `expires_at`.
    #[schema(minimum = 1)]
    days: Option<u32>,
    /// When it expires. Send this or `days`.
    expires_at: Option<Timestamp>,
    /// Whether each use extends it by `days` again, up to the maximum lifetime.
    #[serde(default)]
    renew: bool,
    /// Restricts the token to pages of these origins, at most five. Without any, it works everywhere.
    #[serde(default)]
    #[schema(max_items = 5)]
    origins: Vec<String>,
    /// The account's password. With a token, sending it makes the new token the person's own. With a session cookie, it
    /// can be left out if it was given recently.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// A new token. Its secret is shown only once.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedToken, examples(json!({
    "token": token_text(),
    "token_type": "Bearer",
    "id": token()["id"],
    "name": token()["name"],
    "scopes": token()["scopes"],
    "origins": token()["origins"],
    "issued_by": token()["issued_by"],
    "created_at": token()["created_at"],
    "expires_at": token()["expires_at"],
    "expires_in": 30 * 24 * 60 * 60,
    "ends_at": token()["ends_at"],
    "renew_days": token()["renew_days"],
})))]
struct Made {
    token: TokenText,
    /// How the token is sent: `DPoP`, with proofs, if it is bound to a key.
    token_type: TokenType,
    /// The id of the token, for `DELETE tokens/{id}`.
    id: Uuid,
    /// The name of the token.
    name: String,
    /// The scopes of the token.
    scopes: Scopes,
    /// The origins whose pages can use it. If empty, it works everywhere.
    origins: Vec<String>,
    /// How it was created: by a person, or by a token.
    issued_by: IssuedBy,
    /// When it was created.
    created_at: Timestamp,
    /// When it expires, unless it is renewed.
    expires_at: Timestamp,
    /// In how many seconds it expires, unless it is renewed.
    expires_in: i64,
    /// When it expires, even if it is renewed.
    ends_at: Timestamp,
    /// How many days each use extends it by.
    renew_days: Option<u32>,
}

/// Create a token
///
/// With a session cookie, the password must have been given recently, or be sent as well. With a token, the new token
/// has no more scopes than the calling one and works from no other origin. Without `password`, it also expires no later
/// and is revoked with the calling token; with `password`, it is the person's own, like one that is created on the
/// tokens page. With a proof of a key in the `DPoP` header (RFC 9449), the new token is bound to this key; a token that is
/// bound makes only tokens that are bound to the same key. `Idempotency-Key` is not supported: the answer contains the secret, which is not stored and cannot be
/// sent twice.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "Tokens",
    request_body = CreateBody,
    responses(
        (status = CREATED, body = Made, description = "The new token. It is shown only once."),
        BodyRefused, Full, PasswordProofRefused, ProofRefused,
    ),
    security(("caller" = ["tokens:manage"])),
)]
async fn create(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<TokensManage>,
    client: Client,
    mut reauthentication: Reauthentication,
    proof: SentProof,
    headers: HeaderMap,
    body: Unvalidated<CreateBody>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    idempotency::not_here(&headers)?;
    let AppState { db, settings, site, .. } = &state;
    let body = body.validate(|body| {
        let calling = match &caller.credential {
            Credential::Token(token) => Some(token),
            Credential::Session(_) => None,
        };
        let parent = calling.filter(|_| body.password.is_none());
        let mut errors = service::scope_errors(&site.scopes, &body.scopes);
        match expiry(body.days, body.expires_at) {
            Ok(expiry) => {
                errors.extend(service::errors(&settings.tokens, db.now(), (calling, parent), &body.asked(expiry)));
            }
            Err(wrong) => errors.extend(service::name_errors(&body.name).into_iter().chain(wrong)),
        }
        errors
    })?;
    let expiry = expiry(body.days, body.expires_at).map_err(Problem::Validation)?;
    let key_thumbprint = match &caller.credential {
        // Its proof came with this call, and the new token is bound to the same key.
        Credential::Token(token) if token.key_thumbprint.is_some() => None,
        _ => proof.verify().await?.map(String::from),
    };
    let new = NewToken { key_thumbprint, ..body.asked(expiry) };
    let password = body.password;
    let password = match caller.credential {
        Credential::Token(_) => password,
        Credential::Session(_) => {
            reauthentication.prove(&caller, password).await?;
            None
        }
    };
    let actor = caller.acting(client.clone());
    let issued = match (&caller.credential, password) {
        (Credential::Token(token), Some(password)) => {
            let proof = reauthentication.prove(&caller, Some(password));
            let issued = service::create_with_password(db, &settings.tokens, (actor, token), new, proof).await?;
            notify_if_new(&state, &caller.account, &client);
            issued
        }
        (Credential::Token(token), None) => service::create(db, &settings.tokens, &actor, Some(token), new).await?,
        (Credential::Session(_), _) => service::create(db, &settings.tokens, &actor, None, new).await?,
    };
    let expires_in = expires_in(&issued.token, issued.token.created_at);
    let (token, token_type) = (TokenText(issued.secret.reveal().to_owned()), issued.token.token_type());
    let Token { id, name, scopes, origins, issued_by, created_at, expires_at, ends_at, renew_days, .. } = issued.token;
    let made = Made {
        token,
        token_type,
        id,
        name,
        scopes,
        origins,
        issued_by,
        created_at,
        expires_at,
        expires_in,
        ends_at,
        renew_days,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

impl CreateBody {
    /// What is asked for, with this `expiry`.
    fn asked(&self, expiry: Expiry) -> NewToken {
        NewToken {
            name: self.name.clone(),
            scopes: self.scopes.iter().cloned().collect(),
            expiry,
            renew: self.renew,
            origins: self.origins.clone(),
            key_thumbprint: None,
        }
    }
}

/// Exactly one of the two must be given.
fn expiry(days: Option<u32>, expires_at: Option<Timestamp>) -> Result<Expiry, Vec<FieldError>> {
    match (days, expires_at) {
        (Some(days), None) => Ok(Expiry::Days(days)),
        (None, Some(at)) => Ok(Expiry::At(at)),
        (None, None) => Err(vec![FieldError::required("days", "Send `days` or `expires_at`.")]),
        (Some(_), Some(_)) => {
            let message = "Send either `days` or `expires_at`, not both.";
            Err(["days", "expires_at"].map(|field| FieldError::new(field, message).code(FieldCode::Exclusive)).into())
        }
    }
}

/// Revoke a token
///
/// From its next request on, the token and all tokens created with it are refused.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revokeToken", tag = "Tokens",
    params(("id" = Uuid, Path, description = "The token's id.")),
    responses((status = NO_CONTENT, description = "The token was revoked."), NotFound),
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

/// Which token to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeAll, examples(json!({})))]
struct RevokeAllBody {
    /// The id of a token that is not revoked.
    except: Option<Uuid>,
}

/// Revoke all tokens
///
/// Revokes all tokens of the account, or all but one.
#[utoipa::path(
    post, path = "/tokens/revoke-all", operation_id = "revokeTokens", tag = "Tokens",
    request_body = RevokeAllBody,
    responses((status = NO_CONTENT, description = "The tokens were revoked."), BodyRefused),
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
            Problem::NotFound => {
                let message = "The account has no active token with this id.";
                FieldError::new("except", message).code(FieldCode::InvalidChoice).into()
            }
            problem => problem,
        })?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A leaked token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FoundToken, examples(json!({"token": "the leaked token"})))]
struct Found {
    /// The token, or text that looks like one.
    #[schema(value_type = String)]
    token: SecretString,
}

/// Report a leaked token
///
/// Anybody can report one, except from a page whose origin is not in the settings. If the token, or any token created
/// with it, is active, they are revoked and the owner is told. The answer is the same in any case.
#[utoipa::path(
    post, path = "/tokens/report", operation_id = "reportToken", tag = "Tokens",
    request_body = Found,
    responses((status = ACCEPTED, description = "Reported. Thank you."), BodyRefused, UnauthenticatedRefused),
)]
async fn report(
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    State(mailer): State<Mailer>,
    Body(Found { token }): Body<Found>,
) -> StatusCode {
    service::report(&db, &settings, &mailer, token.expose_secret().trim());
    StatusCode::ACCEPTED
}
