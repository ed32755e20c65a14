//! The way to the real door, for the owner of a credential and for the thief.

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use super::{
    cells::Credential,
    memory::Drill,
    sent::{Loot, Sent},
    state::Theft,
};
use crate::{
    auth::dpop,
    features::lab::{origins::Origin, respond},
    http::{
        client::{Client, Peer},
        extract::Query,
        problem::Problem,
    },
};

/// The largest request to the thief, in bytes: a token with its proof, and some.
const STOLEN_LIMIT: usize = 8 * 1024;
/// The largest answer of the door that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;
/// What the browser of the owner tells of the page that makes a request, for the same-origin guard.
static OF_THE_PAGE: [HeaderName; 3] =
    [HeaderName::from_static("sec-fetch-site"), HeaderName::from_static("sec-fetch-mode"), header::ORIGIN];

/// How the door answered.
#[derive(Debug, Serialize)]
struct Answer {
    /// The names of the headers and cookies with the credential that the request had.
    sent: Vec<&'static str>,
    status: u16,
    /// The code of the problem, if it is one.
    code: Option<String>,
    /// Whether the request was taken for one of the account.
    opened: bool,
}

/// Where the thief has it from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// A script has sent it: the body of the request.
    Loot,
    /// A copy of the browser's cookies, as it sent them last.
    Copy,
    /// The log of a proxy in front of the door.
    Log,
}

/// `?from=`
#[derive(Debug, Deserialize)]
pub(super) struct Stolen {
    from: Source,
}

/// `GET /lab/theft/door/{drill}`: hands a request of the owner on to the real door, under the real names, and logs it.
pub(super) async fn owner(
    State(theft): State<Theft>,
    Path(id): Path<Uuid>,
    client: Client,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let drill = theft.drills().count_request(theft.now(), id)?;
    let sent = Sent::by_owner(drill.credential, &headers);
    if sent.is_anything() {
        theft.drills().log(theft.now(), id, sent.clone());
    }
    if let Some(session) = drill.session.filter(|_| sent.short.is_some()) {
        theft.device_bound().bind_at_once(session).await?;
    }
    let mut request = Request::new(Body::empty());
    for name in &OF_THE_PAGE {
        if let Some(value) = headers.get(name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(address) = client.address {
        request.extensions_mut().insert(Peer(address));
    }
    call(&theft, &drill, &sent, request).await
}

/// `POST /lab/theft/steal/{drill}` on the peer: repeats at the real door what was stolen. The request is a new one, of
/// no page, and without any key.
pub(super) async fn thief(
    State(theft): State<Theft>,
    Path(id): Path<Uuid>,
    Query(Stolen { from }): Query<Stolen>,
    request: Request,
) -> Result<Response, Problem> {
    let drill = theft.drills().count_request(theft.now(), id)?;
    let (peer, known) = (request.extensions().get::<Peer>().copied(), drill.log.clone().unwrap_or_default());
    let sent = match from {
        Source::Loot => Sent::of_loot(loot(request).await?, &known, drill.token.as_deref())?,
        Source::Copy | Source::Log => known,
    };
    let mut request = Request::new(Body::empty());
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    call(&theft, &drill, &sent, request).await
}

/// Lets the app's page read what the thief got.
pub(super) async fn readable(State(theft): State<Theft>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    respond::allow_app(response.headers_mut(), theft.origins());
    response
}

async fn loot(request: Request) -> Result<Loot, Problem> {
    let invalid = |error: &dyn ToString| Problem::InvalidBody(error.to_string());
    let body: Bytes = to_bytes(request.into_body(), STOLEN_LIMIT).await.map_err(|error| invalid(&error))?;
    serde_json::from_slice(&body).map_err(|error| invalid(&error))
}

/// Makes `request` one for the account of its caller, with what is `sent`, at the door that the credential is for.
async fn call(theft: &Theft, drill: &Drill, sent: &Sent, mut request: Request) -> Result<Response, Problem> {
    let path = match drill.credential {
        Credential::Cookie | Credential::BoundCookie => "/session/v1/me",
        Credential::Token | Credential::BoundToken => "/api/v1/me",
    };
    *request.uri_mut() = path.parse().map_err(|_| Problem::NotFound)?;
    let authority = HeaderValue::from_str(theft.origins().authority(Origin::App)).map_err(|_| Problem::NotFound)?;
    request.headers_mut().insert(header::HOST, authority);
    sent.put(request.headers_mut(), theft.session_cookie());
    let app = theft.app().app().ok_or_else(|| Problem::Unavailable("the application is gone".into()))?;
    let (parts, body) = app.oneshot(request).await.unwrap_or_else(|never| match never {}).into_parts();
    let body = to_bytes(body, ANSWER_LIMIT).await.map_err(|error| Problem::Internal(error.to_string()))?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = text("code").filter(|_| !parts.status.is_success()).map(str::to_owned);
    // Where the settings require a second factor, the door says so to whoever has come in.
    let is_in = parts.status == StatusCode::OK && text("id").is_some_and(|id| id == drill.account.to_string());
    let opened = is_in || code.as_deref() == Some("factor_setup_required");
    let answer = Answer { sent: sent.names(theft.session_cookie()), status: parts.status.as_u16(), code, opened };
    let mut response = Json(answer).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(nonce) = parts.headers.get(&dpop::NONCE) {
        response.headers_mut().insert(&dpop::NONCE, nonce.clone());
    }
    Ok(response)
}
