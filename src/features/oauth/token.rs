//! `POST /api/v1/oauth/token`: the token endpoint (RFC 6749 section 3.2).

use axum::{Json, extract::State, response::Response};
use serde_json::json;

use super::{
    codes,
    device::service,
    endpoints::ClientRequest,
    error::{OAuthError, no_store},
    refresh::{self, Granted},
};
use crate::{
    auth::{TokenType, dpop::SentProof},
    http::client::Client as Somewhere,
    state::AppState,
};

/// `POST /oauth/token`
pub(super) async fn token(
    State(state): State<AppState>,
    from: Somewhere,
    proof: SentProof,
    request: ClientRequest,
) -> Result<Response, OAuthError> {
    let AppState { db, settings, .. } = &state;
    let (client, form) = (&request.client, &request);
    let scope = form.optional("scope");
    // Before anything is used up (RFC 9449 section 5).
    let key = proof.verify().await?.map(String::from);
    let proven = key.as_deref();
    let Granted { grant, token } = match form.required("grant_type")? {
        "authorization_code" => {
            let (code, uri) = (form.required("code")?, form.required("redirect_uri")?);
            let verifier = form.required("code_verifier")?;
            codes::exchange(db, &settings.oauth, (client, from), (code, uri, verifier), proven).await?
        }
        "refresh_token" => {
            let text = form.required("refresh_token")?;
            // Before the token is used up.
            if let Some(granted) = refresh::find(db, settings, text).await?
                && granted.grant.client_id == client.id
            {
                refresh::narrowed(client, &granted.grant.scopes, scope)?;
            }
            refresh::exchange(db, settings, (client, from), text, proven).await?
        }
        service::GRANT_TYPE => {
            let code = form.required("device_code")?;
            service::exchange(db, &settings.oauth, (client, from), code, proven).await?
        }
        _ => {
            let description =
                format!("grant_type must be authorization_code, refresh_token or {}.", service::GRANT_TYPE);
            return Err(OAuthError::new("unsupported_grant_type", description));
        }
    };
    // A code has the scopes that were authorized, whatever this request says (section 4.1.3 has no `scope`).
    let scope = scope.filter(|_| form.optional("grant_type") == Some("refresh_token"));
    let token_type = if key.is_some() { TokenType::DPoP } else { TokenType::Bearer };
    let access = refresh::access(db, settings, client, &grant, (scope, key)).await?;
    Ok(no_store(Json(json!({
        "access_token": access.secret.reveal(),
        "token_type": token_type.as_str(),
        "expires_in": access.expires_in,
        "refresh_token": token.reveal(),
        "scope": access.scopes,
    }))))
}
