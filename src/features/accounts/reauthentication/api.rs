//! `GET` and `POST reauthenticate`, at both doors.

use axum::{Json, extract::State, http::StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{ToSchema, openapi::schema::Object};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{
        Allowed, Anything, Credential,
        reauthentication::Reauthentication,
        sign_in::{ANSWER_FIELD, Factor},
    },
    features::accounts::new_browser::notify_if_new,
    http::{
        client::Client,
        extract::Body,
        openapi::{
            refusals::{BodyRefused, ReauthenticationRefused},
            texts::any_object,
        },
        problem::{FieldError, Problem},
    },
    state::AppState,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ways, reauthenticate))
}

/// How this account can be confirmed.
#[derive(Serialize, ToSchema)]
#[schema(as = ReauthenticationWays, examples(json!({"next": [{"step": "password"}, {"step": "totp"}]})))]
struct Ways {
    /// The ways, in the order in which to offer them. Skip those that your client does not know.
    next: Vec<Way>,
}

/// A way to confirm the account.
#[derive(Serialize, ToSchema)]
#[schema(as = ReauthenticationWay, examples(json!({"step": "totp"})))]
struct Way {
    /// `password`, or the `step` of `POST reauthenticate`.
    step: &'static str,
}

/// List the ways to reauthenticate
///
/// What `POST reauthenticate` takes for this account. Passkeys work at the session door only.
#[utoipa::path(
    get, path = "/reauthenticate", operation_id = "listReauthentication", tag = "Signing in",
    responses((status = OK, body = Ways, description = "The ways.")),
    security(("caller" = [])),
)]
async fn ways(State(state): State<AppState>, Allowed { caller, .. }: Allowed<Anything>) -> Result<Json<Ways>, Problem> {
    let mut factors = state.sign_ins.reauthentication(caller.account.id).await?;
    factors.retain(|factor| may_be_used(&caller.credential, *factor));
    Ok(Json(Ways { next: factors.into_iter().map(|factor| Way { step: factor.as_str() }).collect() }))
}

/// A passkey belongs to this site's own origin.
fn may_be_used(credential: &Credential, factor: Factor) -> bool {
    factor != Factor::Passkey || matches!(credential, Credential::Session(_))
}

/// The schema of the answer of a browser.
fn answered() -> Object {
    any_object("For the step `passkey`: what `PublicKeyCredential.toJSON()` gives (WebAuthn Level 3).")
}

/// The password, or the answer to a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reauthentication, examples(json!({"password": "correct horse battery staple"})))]
struct ReauthenticateBody {
    /// The account's password. Either this, or `step`.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
    /// One of the steps of `GET reauthenticate`.
    step: Option<String>,
    /// For steps with a code. Left out for one whose code is sent first, it sends the code.
    #[schema(value_type = Option<String>, format = Password)]
    code: Option<SecretString>,
    /// For the step `passkey`, at the session door.
    #[serde(default)]
    #[schema(schema_with = answered, required = false)]
    credential: Map<String, Value>,
}

/// Reauthenticate
///
/// For calls that were refused with `reauthentication_required`. It counts for this browser, which gets a new session
/// id, or for the calling token. For a passkey, `POST login/passkey/options` says what to ask the browser.
#[utoipa::path(
    post, path = "/reauthenticate", operation_id = "reauthenticate", tag = "Signing in",
    request_body = ReauthenticateBody,
    responses(
        (status = NO_CONTENT, description = "Confirmed for a while. With a session cookie, its value is a new one."),
        (status = ACCEPTED, description = "A code was sent. Send it with the same `step`."),
        BodyRefused, ReauthenticationRefused,
    ),
    security(("caller" = [])),
)]
async fn reauthenticate(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<Anything>,
    client: Client,
    mut reauthentication: Reauthentication,
    Body(ReauthenticateBody { password, step, code, credential }): Body<ReauthenticateBody>,
) -> Result<StatusCode, Problem> {
    match (password, step) {
        (Some(password), _) => reauthentication.confirm(&caller, password).await?,
        (None, None) => return Err(FieldError::required("password", "Send the password, or a step.").into()),
        (None, Some(step)) => {
            let factor = Factor::of_name(&step).filter(|factor| may_be_used(&caller.credential, *factor));
            let factor = factor.ok_or_else(|| Problem::field("step", "There is no such step here."))?;
            let (text, field) = match (factor, code) {
                (Factor::Passkey, _) => (Value::from(credential).to_string().into(), "credential"),
                (_, Some(code)) => (code, ANSWER_FIELD),
                (factor, None) if reauthentication.begin(&caller, factor).await? => return Ok(StatusCode::ACCEPTED),
                (_, None) => return Err(FieldError::required(ANSWER_FIELD, "Send the code.").into()),
            };
            let confirmed = reauthentication.confirm_by(&caller, factor, text.expose_secret()).await;
            confirmed.map_err(|problem| about(problem, field))?;
        }
    }
    if let Credential::Token(_) = caller.credential {
        notify_if_new(&state, &caller.account, &client);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `problem`, with the name that the answer has in JSON.
fn about(problem: Problem, field: &str) -> Problem {
    let Problem::Validation(errors) = problem else { return problem };
    let renamed = errors.into_iter().map(|error| match error.field.as_str() {
        ANSWER_FIELD => FieldError { field: field.into(), ..error },
        _ => error,
    });
    Problem::Validation(renamed.collect())
}
