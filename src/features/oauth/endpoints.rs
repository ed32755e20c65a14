//! What the endpoints for clients have in common, and two of them: revocation (RFC 7009) and introspection (RFC 7662).

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use url::form_urlencoded;

use super::{
    client::{Client, Owner},
    error::{OAuthError, no_store},
    refresh,
};
use crate::{
    auth::{
        Door,
        store::{grants, tokens},
    },
    http::extract::{FORM, Form, essence, read},
    secret::Secret,
    state::AppState,
};

/// A request of a client that has said who it is (RFC 6749 section 2.3).
pub(super) struct ClientRequest {
    /// Who asks.
    pub client: Client,
    form: Form,
}

impl ClientRequest {
    /// The parameter `name`; one without a value counts as left out (RFC 6749 section 3.2).
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        let found = self.form.pairs().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of the parameter `name`.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.form.pairs().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The parameter `name`.
    ///
    /// # Errors
    /// `invalid_request` if it is left out.
    pub(super) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.optional(name).ok_or_else(|| OAuthError::request(format!("{name} is missing.")))
    }
}

impl FromRequest<AppState> for ClientRequest {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, OAuthError> {
        let (headers, door) = (request.headers().clone(), request.extensions().get::<Door>().cloned());
        if essence(&headers) != FORM {
            return Err(OAuthError::request(format!("Send the parameters in the body, as {FORM}.")));
        }
        if request.uri().query().is_some() {
            return Err(OAuthError::request("Send the parameters in the body, and none in the URL."));
        }
        let form = Form::parse(&read(request, state).await?);
        let mut seen = BTreeSet::new();
        if form.pairs().any(|(name, _)| name != "resource" && !seen.insert(name)) {
            return Err(OAuthError::request("A parameter is there twice."));
        }
        let client = authenticate(state, &headers, &form).await?;
        let is_known = match &door {
            Some(Door::Token(door)) => door.origins.are_known(&headers),
            _ => false,
        };
        let is_own = |origin: &HeaderValue| client.origins.iter().any(|own| own == origin);
        if !is_known && !headers.get(header::ORIGIN).is_some_and(is_own) {
            return Err(OAuthError::client("The page that asks is on none of the client's origins."));
        }
        Ok(Self { client, form })
    }
}

/// The client, by its secret if it has one: in `Authorization: Basic` or in the form (RFC 6749 section 2.3.1).
async fn authenticate(state: &AppState, headers: &HeaderMap, form: &Form) -> Result<Client, OAuthError> {
    let unknown = || OAuthError::client("There is no such client, or its secret is wrong.");
    let in_form = (form.text("client_id"), Some(form.text("client_secret")).filter(|secret| !secret.is_empty()));
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        None => in_form,
        Some(_) if in_form.1.is_some() => {
            return Err(OAuthError::request(
                "Send the client_secret in one place: the Authorization header or the form.",
            ));
        }
        Some(value) => {
            let (id, secret) = basic(value).ok_or_else(unknown)?;
            if !in_form.0.is_empty() && in_form.0 != id {
                return Err(OAuthError::request("The Authorization header and client_id name two clients."));
            }
            (id, Some(secret).filter(|secret| !secret.is_empty()))
        }
    };
    if id.is_empty() {
        return Err(OAuthError::client("client_id is missing."));
    }
    let client = Client::find(&state.db, &state.settings, &id).await?.ok_or_else(unknown)?;
    let is_known = match &secret {
        Some(secret) => client.has_secret(secret),
        None => !client.is_confidential(),
    };
    if is_known { Ok(client) } else { Err(unknown()) }
}

/// Id and secret in `Authorization: Basic`, each encoded like a value of a form.
fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    let pair = BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let query = format!("x={}", text.replace('&', "%26"));
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    Some(pairs.next()?.1.into_owned())
}

/// `POST /oauth/revoke`: ends the authorization that a refresh token or an access token belongs to, with all its tokens
/// (RFC 7009 section 2.1). A token that is not this client's, or none, is no error (section 2.2).
pub(super) async fn revoke(State(state): State<AppState>, request: ClientRequest) -> Result<Response, OAuthError> {
    let grant = grant_of(&state, request.required("token")?).await?;
    if let Some(grant) = grant.filter(|grant| grant.client_id == request.client.id) {
        let db = state.db.clone();
        state.db.run_to_completion(async move { refresh::end(&db, grant.account_id, grant.id).await }).await?;
    }
    Ok(no_store(()))
}

/// The grant of a refresh token or an access token.
async fn grant_of(state: &AppState, text: &str) -> Result<Option<grants::Grant>, OAuthError> {
    if let Some(granted) = refresh::find(&state.db, &state.settings, text).await? {
        return Ok(Some(granted.grant));
    }
    let Some(secret) = Secret::parse(&state.settings.tokens.prefix, text) else { return Ok(None) };
    Ok(grants::find_by_token(&state.db, secret.hash()).await?)
}

/// `POST /oauth/introspect`: whether an access token works, and what it may do (RFC 7662). For confidential clients:
/// those that operators registered may ask for the token of any application, as the servers of an API do; others for
/// their own.
pub(super) async fn introspect(State(state): State<AppState>, request: ClientRequest) -> Result<Response, OAuthError> {
    if !request.client.is_confidential() {
        return Err(OAuthError::client("Only a client with a secret may ask."));
    }
    let inactive = || Ok(no_store(Json(json!({"active": false}))));
    let Some(secret) = Secret::parse(&state.settings.tokens.prefix, request.required("token")?) else {
        return inactive();
    };
    let (db, now) = (&state.db, state.db.now());
    let Some(grant) = grants::find_by_token(db, secret.hash()).await? else { return inactive() };
    if grant.client_id != request.client.id && request.client.owner != Owner::Operator {
        return inactive();
    }
    let Some(token) = tokens::find(db, grant.account_id, secret.hash(), now).await? else { return inactive() };
    if !grants::stands(db, grant.id, now).await? {
        return inactive();
    }
    let mut body = json!({
        "active": true,
        "scope": token.scopes.to_string(),
        "client_id": grant.client_id,
        "token_type": token.token_type().as_str(),
        "exp": token.expires_at.get().unix_timestamp(),
        "iat": token.created_at.get().unix_timestamp(),
        "sub": grant.account_id,
        "iss": state.settings.origin(),
    });
    if let Some(key) = &token.key_thumbprint {
        body["cnf"] = json!({"jkt": key});
    }
    Ok(no_store(Json(body)))
}
