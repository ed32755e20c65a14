//! The JSON calls `/login/{step}`, for second factors that are answered with a code.

use axum::{Json, http::StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::{ToSchema, openapi::schema::Object};

use super::finish::{self, LoggedIn, SignedIn};
use crate::{
    auth::{
        AuthSession,
        sign_in::{Answer, At, Factor, PendingCookie},
    },
    http::{
        client::Client,
        openapi::texts::{name, or_null},
        problem::Problem,
    },
    state::AppState,
};

/// The schema of the name that a sign-in gives its token.
pub(crate) fn token_name() -> Object {
    or_null(name(
        r#"A name for the token, 1 to 100 characters; "Login" by default. Browser sessions have no name."#,
        100,
    ))
}

/// The answer to a step of a sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    as = SecondStep,
    examples(json!({"pending": "pending_000000000000000000000000000000001k5k96", "code": "123456"}))
)]
pub(crate) struct TokenStep {
    /// `pending` of the problem `second_factor_required`.
    #[schema(value_type = String, format = Password)]
    pub(crate) pending: SecretString,
    /// The code. Spaces and hyphens do not count.
    #[schema(value_type = String, format = Password)]
    pub(crate) code: SecretString,
    /// Not read: only browsers at the session door are trusted.
    #[serde(default)]
    #[expect(dead_code, reason = "taken so that a client may send the same at both doors")]
    trust: bool,
}

/// The answer to a step of a sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondStep, examples(json!({"code": "123456", "trust": false})))]
pub(crate) struct BrowserStep {
    /// Not read: the handle is in the cookie.
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "taken so that a client may send the same at both doors")]
    pending: Option<SecretString>,
    /// The code. Spaces and hyphens do not count.
    #[schema(value_type = String, format = Password)]
    pub(crate) code: SecretString,
    /// Whether to ask for no second factor in this browser for 30 days.
    #[serde(default)]
    trust: bool,
}

/// Goes on with a sign-in at the token door.
///
/// # Errors
/// [`Problem::SignInExpired`]; [`Problem::Validation`] if the code is wrong;
/// [`Problem::RateLimited`]; or if the database fails.
pub(crate) async fn at_token_door(
    state: &AppState,
    client: &Client,
    factor: Factor,
    TokenStep { pending, code, .. }: &TokenStep,
) -> Result<(StatusCode, Json<LoggedIn>), Problem> {
    let answer = Answer { factor, text: code.expose_secret(), trust: false };
    let at = At::Client(Some(pending.expose_secret()));
    let (admitted, wants) = state.sign_ins.answer(answer, at, client).await?;
    finish::with_token(state, client, &admitted, wants).await
}

/// Goes on with the sign-in that is pending in this browser.
///
/// # Errors
/// The same as [`at_token_door`], but for the first.
pub(crate) async fn in_browser(
    state: &AppState,
    auth: &mut AuthSession,
    pending: &PendingCookie,
    client: &Client,
    (factor, BrowserStep { code, trust, .. }): (Factor, &BrowserStep),
) -> Result<Json<SignedIn>, Problem> {
    let answer = Answer { factor, text: code.expose_secret(), trust: *trust };
    let (admitted, wants) = state.sign_ins.answer(answer, At::Browser(pending), client).await?;
    let account = finish::in_browser(state, auth, admitted, wants.remember, client).await?;
    Ok(Json(SignedIn { account }))
}
