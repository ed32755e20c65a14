//! The JSON API of browser sessions: `sessions` and `sessions/{id}` on both mounts.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{scopes::SessionsManage, service};
use crate::{
    auth::{Allowed, Credential, browser_session::BrowserSession, reauthentication::Reauthentication},
    db::Db,
    http::{
        client::Client,
        conditional,
        extract::PathId,
        openapi::{
            IfNoneMatch,
            examples::{id, moment},
            refusals::{NotFound, ReauthenticationRequired},
        },
        problem::Problem,
    },
    state::AppState,
    timestamp::Timestamp,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, revoke_others)).routes(routes!(revoke))
}

/// A browser that is signed in to the account.
#[derive(Serialize, ToSchema)]
#[schema(as = BrowserSession, examples(example))]
struct Item {
    /// The id of the session, for `DELETE sessions/{id}`.
    id: Uuid,
    /// Whether it is the session that makes the call.
    current: bool,
    /// A readable name of the browser, such as "Firefox on Windows".
    browser: String,
    /// The `User-Agent` of the browser.
    user_agent: String,
    /// The address it was last seen from, if known.
    address: Option<String>,
    /// Whether "Keep me signed in" was chosen.
    remembered: bool,
    /// When the owner signed in.
    created_at: Timestamp,
    /// When it was last used, to the minute.
    last_seen_at: Timestamp,
    /// When it expires, unless it is used again.
    expires_at: Timestamp,
    /// When it expires, even if it is used.
    ends_at: Timestamp,
    /// Since when it is bound to a key of the device, so that its cookies are useless elsewhere. If it is not, the
    /// browser cannot do that, or was not asked.
    bound_at: Option<Timestamp>,
}

fn example() -> Value {
    json!({
        "id": id(3),
        "current": true,
        "browser": "Firefox on Windows",
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "address": "192.0.2.7",
        "remembered": false,
        "created_at": moment(0),
        "last_seen_at": moment(60),
        "expires_at": moment(2 * 60 * 60 + 60),
        "ends_at": moment(24 * 60 * 60),
        "bound_at": moment(1),
    })
}

impl Item {
    fn of(session: BrowserSession, credential: &Credential) -> Self {
        Self {
            id: session.id,
            current: service::is_this_one(&session, credential),
            browser: session.browser(),
            user_agent: session.user_agent,
            address: Some(session.address).filter(|address| !address.is_empty()),
            remembered: session.remembered,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            ends_at: session.ends_at,
            bound_at: session.bound_at,
        }
    }
}

/// The browsers that are signed in to the account.
#[derive(Serialize, ToSchema)]
#[schema(as = BrowserSessionList, examples(list_example))]
struct List {
    /// Newest first.
    items: Vec<Item>,
}

fn list_example() -> Value {
    json!({"items": [example()]})
}

/// List browser sessions
///
/// The browsers that are signed in to the account. Tokens are listed by `GET tokens`.
#[utoipa::path(
    get, path = "/sessions", operation_id = "listSessions", tag = "Browser sessions",
    params(IfNoneMatch),
    responses(
        (status = OK, body = List, description = "The sessions.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
    ),
    security(("caller" = ["sessions:manage"])),
)]
async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<SessionsManage>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sessions = service::list(&db, caller.account.id).await?;
    let items = sessions.into_iter().map(|session| Item::of(session, &caller.credential)).collect();
    conditional::list(&headers, &List { items })
}

/// Sign out a browser
///
/// From its next request on, it is signed out. The password must have been given recently.
#[utoipa::path(
    delete, path = "/sessions/{id}", operation_id = "revokeSession", tag = "Browser sessions",
    params(("id" = Uuid, Path, description = "The session's id.")),
    responses(
        (status = NO_CONTENT, description = "The browser was signed out."),
        ReauthenticationRequired, NotFound,
    ),
    security(("caller" = ["sessions:manage"])),
)]
async fn revoke(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<SessionsManage>,
    client: Client,
    reauthentication: Reauthentication,
    PathId(id): PathId,
) -> Result<StatusCode, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    service::revoke(&db, &caller.acting(client), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out all other browsers
///
/// All browsers but the one that makes the call; with a token, all of them. The password must have been given recently.
#[utoipa::path(
    delete, path = "/sessions", operation_id = "revokeSessions", tag = "Browser sessions",
    responses((status = NO_CONTENT, description = "The browsers were signed out."), ReauthenticationRequired),
    security(("caller" = ["sessions:manage"])),
)]
async fn revoke_others(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<SessionsManage>,
    client: Client,
    reauthentication: Reauthentication,
) -> Result<StatusCode, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    let kept = match caller.credential {
        Credential::Session(id) => id,
        Credential::Token(_) => Uuid::nil(),
    };
    service::revoke_others(&db, &caller.acting(client), kept).await?;
    Ok(StatusCode::NO_CONTENT)
}
