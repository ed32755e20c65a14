//! `POST /api/v1/oauth/device_authorization`: the device authorization endpoint (RFC 8628 section 3.1).

use axum::{Json, extract::State, response::Response};
use serde_json::json;

use super::{
    limits,
    service::{INTERVAL, Wanted, issue, must_be_allowed},
    view::PAGE,
};
use crate::{
    auth::{Scopes, dpop::SentProof},
    features::oauth::{
        endpoints::ClientRequest,
        error::{OAuthError, no_store},
        pkce,
        request::{asked_for, check_resource},
    },
    http::client::Client as Somewhere,
    state::AppState,
};

/// `POST /oauth/device_authorization`. With a proof of a key (DPoP) or with `dpop_jkt`, the code is exchanged with a
/// proof of that key only, as RFC 9449 section 10 has it for codes.
pub async fn authorize_device(
    State(state): State<AppState>,
    from: Somewhere,
    proof: SentProof,
    request: ClientRequest,
) -> Result<Response, OAuthError> {
    let AppState { db, settings, site, .. } = &state;
    let client = &request.client;
    must_be_allowed(client)?;
    request.all("resource").try_for_each(|resource| check_resource(settings, resource))?;
    let scopes = asked_for(client, &site.scopes, request.optional("scope").unwrap_or_default())?;
    let named = request.optional("dpop_jkt");
    // A thumbprint has the form of a challenge: 32 bytes in base64url.
    if named.is_some_and(|jkt| !pkce::is_challenge(jkt)) {
        return Err(OAuthError::request("dpop_jkt is malformed."));
    }
    let proven = proof.verify().await?.map(String::from);
    if named.is_some() && proven.is_some() && named != proven.as_deref() {
        return Err(OAuthError::request("dpop_jkt is not the key that the request proves."));
    }
    limits::ask(db, &settings.throttle, &from).await?;

    let scopes = scopes.iter().map(|scope| scope.name).collect::<Scopes>().to_string();
    let wanted = Wanted { scopes, jkt: proven.or_else(|| named.map(str::to_owned)) };
    let codes = issue(db, &settings.oauth, (client, from), wanted).await?;
    let uri = format!("{}{PAGE}", settings.origin());
    Ok(no_store(Json(json!({
        "device_code": codes.device.reveal(),
        "user_code": codes.user.to_string(),
        "verification_uri": uri,
        "verification_uri_complete": format!("{uri}?user_code={}", codes.user),
        "expires_in": settings.oauth.device_code_lifetime().whole_seconds(),
        "interval": INTERVAL,
    }))))
}
