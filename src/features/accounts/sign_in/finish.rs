//! After somebody is let in: the session or the token, and what the doors answer.

use axum::{Json, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{
        Account, AuthSession, Scopes, TokenType,
        examples::{account, token, token_text},
        sign_in::{Admitted, Wants},
    },
    features::{accounts::new_browser::notify_if_new, browser_sessions, tokens},
    http::{
        client::Client,
        openapi::{TokenText, examples::moment},
        problem::Problem,
    },
    state::AppState,
    timestamp::Timestamp,
};

/// A new token. Its secret is shown only once.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "token": token_text(),
    "token_type": "Bearer",
    "id": token()["id"],
    "name": token()["name"],
    "scopes": token()["scopes"],
    "expires_at": token()["expires_at"],
    "expires_in": 30 * 24 * 60 * 60,
    "renewable_until": moment(90 * 24 * 60 * 60),
    "account": account(),
})))]
pub(crate) struct LoggedIn {
    token: TokenText,
    /// How the token is sent: `DPoP`, with proofs, if the login proved a key.
    token_type: TokenType,
    /// The id of the token, for `DELETE tokens/{id}`.
    id: Uuid,
    /// The name of the token.
    name: String,
    /// The scopes of the token.
    scopes: Scopes,
    /// When the token expires, unless it is renewed.
    expires_at: Timestamp,
    /// In how many seconds the token expires, unless it is renewed.
    expires_in: i64,
    /// Until when `POST token/renew` can prolong it.
    renewable_until: Option<Timestamp>,
    /// The account it belongs to.
    account: Account,
}

/// The account that is now signed in.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"account": account()})))]
pub(crate) struct SignedIn {
    /// The account.
    pub(crate) account: Account,
}

/// Signs in this browser, for somebody who is let in.
///
/// # Errors
/// [`Problem::InvalidCredentials`] if the password was changed meanwhile; [`Problem::AccountDisabled`]; or if the
/// session cannot be written.
pub(crate) async fn in_browser(
    state: &AppState,
    auth: &mut AuthSession,
    admitted: Admitted,
    remember: bool,
    client: &Client,
) -> Result<Account, Problem> {
    let account = admitted.account().clone();
    notify_if_new(state, &account, client);
    browser_sessions::service::begin(&state.db, &state.settings.sessions, auth, admitted, remember, client).await?;
    Ok(account)
}

/// Creates the token that the sign-in `wants`, for somebody who is let in.
///
/// # Errors
/// The same as [`in_browser`].
pub(crate) async fn with_token(
    state: &AppState,
    client: &Client,
    admitted: &Admitted,
    wants: Wants,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    notify_if_new(state, admitted.account(), client);
    let AppState { db, settings, .. } = state;
    let issued = tokens::service::create_at_login(db, &settings.tokens, client, admitted, wants).await?;
    let expires_in = tokens::service::expires_in(&issued.token, issued.token.created_at);
    let renewable_until = tokens::service::renewable_until(&issued.token);
    let body = LoggedIn {
        token: TokenText(issued.secret.reveal().to_owned()),
        token_type: issued.token.token_type(),
        id: issued.token.id,
        name: issued.token.name,
        scopes: issued.token.scopes,
        expires_at: issued.token.expires_at,
        expires_in,
        renewable_until,
        account: admitted.account().clone(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}
