//! Giving the visitor's browser a credential of an account that is sacrificed, and ending it.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use super::{accounts::Sacrifice, cells::Credential, cookies, memory::Drill, state::Theft};
use crate::{
    auth::{AuthSession, device_bound, dpop::SentProof, session, store::accounts},
    http::{client::Client, problem::Problem},
};

/// A drill that has begun.
#[derive(Debug, Serialize)]
struct Begun {
    /// Its id.
    drill: Uuid,
    /// The token, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// `POST /lab/theft/cookie`: a session, whose cookie the layer around this sets.
pub(super) async fn cookie(State(theft): State<Theft>, auth: AuthSession, client: Client) -> Result<Response, Problem> {
    let (drill, _) = signed_in(&theft, auth, &client, Credential::Cookie).await?;
    Ok(begun(drill, None))
}

/// `POST /lab/theft/bound-cookie`: the same, with the offer to bind it.
pub(super) async fn bound_cookie(
    State(theft): State<Theft>,
    auth: AuthSession,
    client: Client,
) -> Result<Response, Problem> {
    let (drill, session) = signed_in(&theft, auth, &client, Credential::BoundCookie).await?;
    let mut response = begun(drill, None);
    if let Some(offer) = theft.device_bound().offer(session).await? {
        response.headers_mut().insert(&device_bound::REGISTRATION, offer);
    }
    Ok(response)
}

/// `POST /lab/theft/token`: a bearer token.
pub(super) async fn token(State(theft): State<Theft>, client: Client) -> Result<Response, Problem> {
    with_token(&theft, &client, Credential::Token, None).await
}

/// `POST /lab/theft/bound-token`: a token that is bound to the key of the proof that comes with the request.
pub(super) async fn bound_token(
    State(theft): State<Theft>,
    client: Client,
    proof: SentProof,
) -> Result<Response, Problem> {
    let key = proof.verify().await?;
    let key = key.ok_or_else(|| Problem::DpopProofInvalid("The request has no `DPoP` header.".into()))?;
    with_token(&theft, &client, Credential::BoundToken, Some(key.as_str().to_owned())).await
}

/// `POST /lab/theft/end/{drill}`: deletes the account, and the cookies.
pub(super) async fn end(State(theft): State<Theft>, Path(drill): Path<Uuid>) -> Result<Response, Problem> {
    let drill = theft.drills().end(theft.now(), drill).ok_or(Problem::NotFound)?;
    accounts::delete(theft.db(), drill.account, None).await?;
    let mut headers = HeaderMap::new();
    cookies::remove(&mut headers, theft.is_https());
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Signs the browser in to a new account. Returns the drill and the session.
async fn signed_in(
    theft: &Theft,
    mut auth: AuthSession,
    client: &Client,
    credential: Credential,
) -> Result<(Uuid, Uuid), Problem> {
    let sacrifice = Sacrifice::make(theft.db()).await?;
    let signed_in = sacrifice.session(theft.db(), client).await?;
    session::begin(&mut auth, &signed_in).await?;
    let drill = Drill::of_session(credential, sacrifice.account.id, signed_in.id, theft.now());
    Ok((theft.drills().begin(drill, client.address)?, signed_in.id))
}

async fn with_token(
    theft: &Theft,
    client: &Client,
    credential: Credential,
    key: Option<String>,
) -> Result<Response, Problem> {
    let sacrifice = Sacrifice::make(theft.db()).await?;
    let token = sacrifice.token(theft.db(), theft.token_prefix(), key).await?;
    let drill = Drill::of_token(credential, sacrifice.account.id, token.clone(), theft.now());
    Ok(begun(theft.drills().begin(drill, client.address)?, Some(token)))
}

fn begun(drill: Uuid, token: Option<String>) -> Response {
    (StatusCode::CREATED, Json(Begun { drill, token })).into_response()
}
