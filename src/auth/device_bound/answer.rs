//! The two endpoints that browsers call by themselves. They read no cookie, and stand behind the same-origin guard.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

use super::{DeviceBound, Part, Renewed};
use crate::http::problem::Problem;

/// The proof.
static RESPONSE: HeaderName = HeaderName::from_static("secure-session-response");
/// The session to refresh.
static SESSION_ID: HeaderName = HeaderName::from_static("sec-secure-session-id");
/// The challenge to sign.
static CHALLENGE: HeaderName = HeaderName::from_static("secure-session-challenge");

/// `POST /session/device-bound/start`: registers the key of a session that has just begun.
///
/// # Errors
/// [`Problem::SessionProofInvalid`]; or if the database fails.
pub async fn start(State(bound): State<DeviceBound>, headers: HeaderMap) -> Result<Response, Problem> {
    let proof = one(&headers, &RESPONSE)?;
    let proof = proof.ok_or(Problem::SessionProofInvalid("The request has no `Secure-Session-Response` header."))?;
    let session = bound.register(proof).await?;
    continued(&bound, session).await
}

/// `POST /session/device-bound/refresh`: a challenge, or for its answer the next short cookie.
///
/// # Errors
/// [`Problem::SessionProofNeeded`], with the challenge; [`Problem::SessionProofInvalid`]; or if the database fails.
pub async fn refresh(State(bound): State<DeviceBound>, headers: HeaderMap) -> Result<Response, Problem> {
    let id = one(&headers, &SESSION_ID)?.and_then(|id| Uuid::try_parse(id).ok());
    let session =
        id.ok_or(Problem::SessionProofInvalid("The request has no `Sec-Secure-Session-Id` header of a session."))?;
    let challenge = match one(&headers, &RESPONSE)? {
        None => bound.challenge(session, 0).await?,
        Some(proof) => match bound.renew(session, proof).await? {
            Renewed::Cookie => return continued(&bound, session).await,
            Renewed::Over => return Ok(Json(json!({"session_identifier": session, "continue": false})).into_response()),
            Renewed::Again(challenge) => challenge,
        },
    };
    let mut response = Problem::SessionProofNeeded.into_response();
    if let Ok(challenge) = HeaderValue::from_str(&format!(r#""{challenge}";id="{session}""#)) {
        response.headers_mut().insert(&CHALLENGE, challenge);
    }
    Ok(response)
}

/// The session's rules, with the next short cookie. The attributes are those with which
/// [`crate::http::cookie::HostCookie`] sets it: a browser that sees others takes the cookie for another one.
///
/// A link on another site may lead here when the short cookie has ended: any site may begin a refresh. Chromium sends
/// the session cookie with such a navigation only.
async fn continued(bound: &DeviceBound, session: Uuid) -> Result<Response, Problem> {
    let Part { refresh_at, cookie, path, rules, .. } = bound.0.part;
    let rules: Vec<_> = rules.iter().map(|(kind, path)| json!({"type": kind, "domain": "*", "path": path})).collect();
    let attributes = format!("Path={path}; HttpOnly; SameSite=Lax; Secure");
    let answer = json!({
        "session_identifier": session,
        "refresh_url": refresh_at,
        "scope": {"origin": bound.0.origin, "include_site": false, "scope_specification": rules},
        "allowed_refresh_initiators": ["*"],
        "credentials": [
            {"type": "cookie", "name": cookie, "attributes": attributes},
        ],
    });
    let mut response = Json(answer).into_response();
    if let Some(cookie) = bound.short_cookie(session).await? {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The value of a header that comes once, without the quotes that make it a string of structured fields (RFC 9651).
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let value = values.next().is_none().then(|| value.to_str().ok()).flatten();
    let value = value.ok_or(Problem::SessionProofInvalid("A header comes twice, or is not ASCII text."))?;
    Ok(Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)))
}
