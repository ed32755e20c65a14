//! The JSON API of passkeys. At the session door alone they are added: a passkey belongs to this site's own origin, so a
//! page of another origin can neither make nor use one. Both doors list, rename and remove them.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{ToSchema, openapi::schema::Object};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{model::Passkey, service};
use crate::{
    auth::{Allowed, Anything, reauthentication::Reauthentication},
    features::accounts::scopes::{AccountRead, AccountWrite},
    http::{
        client::Client,
        conditional,
        extract::{Body, PathId},
        names::NAME_MAX,
        openapi::{
            IfNoneMatch,
            examples::{id, moment},
            refusals::{BodyRefused, LastWayIn, NotFound, PasskeysFull, PasskeysLimited, ReauthenticationRequired},
            texts::{any_object, name},
        },
        problem::Problem,
    },
    state::AppState,
    timestamp::Timestamp,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(rename, remove))
}

/// The routes of the session mount.
pub fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin_adding)).routes(routes!(begin_automatic)).routes(routes!(add))
}

/// What the browser is to be asked.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyOptions, examples(json!({"public_key": {
    "challenge": "4PbG2pfOeNoEhH1JpBsoRA",
    "rpId": "localhost",
    "allowCredentials": [],
    "userVerification": "required",
    "timeout": 300_000,
}})))]
pub(super) struct Options {
    #[schema(schema_with = asked)]
    pub public_key: Value,
}

/// The schema of what the browser is to be asked.
fn asked() -> Object {
    any_object(
        "For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` (WebAuthn Level 3).",
    )
}

/// The schema of the answer of the browser.
pub(super) fn answered() -> Object {
    any_object("What `PublicKeyCredential.toJSON()` gives (WebAuthn Level 3).")
}

/// The answer of the browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPasskey, examples(json!({"credential": {"id": "AQIDBA", "type": "public-key"}})))]
struct Answer {
    #[schema(schema_with = answered)]
    credential: Map<String, Value>,
}

/// A passkey of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey, examples(example))]
struct Item {
    /// The id of the passkey.
    id: Uuid,
    /// Its name.
    name: String,
    /// Whether it has been copied to other devices of its owner.
    backed_up: bool,
    /// When it was added.
    created_at: Timestamp,
    /// When somebody last signed in with it.
    last_used_at: Option<Timestamp>,
}

impl From<Passkey> for Item {
    fn from(Passkey { id, name, backed_up, created_at, last_used_at, .. }: Passkey) -> Self {
        Self { id, name, backed_up, created_at, last_used_at }
    }
}

fn example() -> Value {
    json!({
        "id": id(4),
        "name": "Google Password Manager (Chrome on Android)",
        "backed_up": true,
        "created_at": moment(0),
        "last_used_at": null,
    })
}

/// Begin to add a passkey
///
/// Returns what the browser has to be asked. Its answer is taken by `POST passkeys` for five minutes, once. The password
/// must have been given recently.
#[utoipa::path(
    post, path = "/passkeys/options", operation_id = "beginPasskey", tag = "Account",
    responses(
        (status = OK, body = Options, description = "What to ask the browser."),
        ReauthenticationRequired, PasskeysFull,
    ),
    security(("caller" = [])),
)]
async fn begin_adding(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<Anything>,
    reauthentication: Reauthentication,
) -> Result<Json<Options>, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    let public_key = service::begin_adding(&state, &caller).await?;
    Ok(Json(Options { public_key }))
}

/// Begin to add a passkey by itself
///
/// For a browser that can make one without asking anybody (`mediation: "conditional"`), after a sign-in with the
/// password. Its answer is taken by `POST passkeys`. Nothing is to be asked if the account has a passkey, if its owner
/// has not confirmed recently who they are, or if the settings turn this off.
#[utoipa::path(
    post, path = "/passkeys/options/automatic", operation_id = "beginAutomaticPasskey", tag = "Account",
    responses(
        (status = OK, body = Options, description = "What to ask the browser."),
        (status = NO_CONTENT, description = "Nothing is to be asked."),
        PasskeysLimited,
    ),
    security(("caller" = [])),
)]
async fn begin_automatic(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<Anything>,
    reauthentication: Reauthentication,
) -> Result<Response, Problem> {
    let asked = match reauthentication.must_be_recent(&caller).await {
        Ok(()) => service::begin_automatic(&state, &caller).await?,
        Err(Problem::ReauthenticationRequired) => None,
        Err(problem) => return Err(problem),
    };
    Ok(match asked {
        Some(public_key) => Json(Options { public_key }).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Add a passkey
///
/// Takes the answer of the browser to the challenge of `POST passkeys/options`.
#[utoipa::path(
    post, path = "/passkeys", operation_id = "addPasskey", tag = "Account",
    request_body = Answer,
    responses((status = CREATED, body = Item, description = "The new passkey."), BodyRefused, PasskeysFull),
    security(("caller" = [])),
)]
async fn add(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<Anything>,
    client: Client,
    Body(Answer { credential }): Body<Answer>,
) -> Result<(StatusCode, Json<Item>), Problem> {
    let added = service::add(&state, &caller, &client, &credential.into()).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// The passkeys of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyList, examples(list_example))]
struct List {
    /// The oldest first.
    items: Vec<Item>,
}

fn list_example() -> Value {
    json!({"items": [example()]})
}

/// List passkeys
#[utoipa::path(
    get, path = "/passkeys", operation_id = "listPasskeys", tag = "Account",
    params(IfNoneMatch),
    responses(
        (status = OK, body = List, description = "The passkeys.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
    ),
    security(("caller" = ["account:read"])),
)]
async fn list(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountRead>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let items = service::list(&state.db, caller.account.id).await?.into_iter().map(Item::from).collect();
    conditional::list(&headers, &List { items })
}

/// What changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyChange, examples(json!({"name": "Ada’s phone"})))]
struct Change {
    #[schema(schema_with = new_name)]
    name: String,
}

/// The schema of the name of a passkey.
fn new_name() -> Object {
    name("The new name, 1 to 100 characters.", NAME_MAX)
}

/// Rename a passkey
///
/// The owner must have confirmed recently who they are, and is emailed.
#[utoipa::path(
    patch, path = "/passkeys/{id}", operation_id = "renamePasskey", tag = "Account",
    params(("id" = Uuid, Path, description = "The passkey's id.")),
    request_body = Change,
    responses(
        (status = OK, body = Item, description = "The passkey with its new name."),
        BodyRefused, ReauthenticationRequired, NotFound,
    ),
    security(("caller" = ["account:write"])),
)]
async fn rename(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
    reauthentication: Reauthentication,
    PathId(id): PathId,
    Body(Change { name }): Body<Change>,
) -> Result<Json<Item>, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    let actor = caller.acting(client);
    service::rename(&state, (&caller.account, &actor), id, &name).await?;
    let passkeys = service::list(&state.db, caller.account.id).await?;
    let renamed = passkeys.into_iter().find(|passkey| passkey.id == id).ok_or(Problem::NotFound)?;
    Ok(Json(renamed.into()))
}

/// Remove a passkey
///
/// Nobody can sign in with it any more. The owner must have confirmed recently who they are, and is emailed. The last
/// passkey of an account without a password cannot be removed.
#[utoipa::path(
    delete, path = "/passkeys/{id}", operation_id = "removePasskey", tag = "Account",
    params(("id" = Uuid, Path, description = "The passkey's id.")),
    responses(
        (status = NO_CONTENT, description = "The passkey was removed."),
        ReauthenticationRequired, NotFound, LastWayIn,
    ),
    security(("caller" = ["account:write"])),
)]
async fn remove(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
    reauthentication: Reauthentication,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    let actor = caller.acting(client);
    service::remove(&state, (&caller.account, &actor), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
