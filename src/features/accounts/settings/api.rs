//! The JSON API of the account: `me`, `me/password`, `me/email` and `export`.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AdditionalProperties, Object, ObjectBuilder},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service::{self, Former};
use crate::{
    auth::{
        Account, Allowed, Credential,
        activity::Actor,
        passwords::{Hasher, PasswordContext, password_error},
        reauthentication::Reauthentication,
        store::accounts,
    },
    db::Db,
    features::accounts::{
        email_verification,
        scopes::{AccountExport, AccountRead, AccountWrite},
    },
    http::{
        client::Client,
        extract::Unvalidated,
        merge_patch::Patch,
        names::name_error,
        openapi::{
            examples::moment,
            refusals::{BodyRefused, PasswordProofRefused, ReauthenticationRequired},
            texts::name,
        },
        problem::{FieldError, Problem},
    },
    state::AppState,
    timestamp::Timestamp,
};

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show, update))
        .routes(routes!(change_password))
        .routes(routes!(show_email, change_email, cancel_email))
        .routes(routes!(export))
}

/// Get the signed-in account
#[utoipa::path(
    get, path = "/me", operation_id = "getMe", tag = "Account",
    responses((status = OK, body = Account, description = "The account that makes the call.")),
    security(("caller" = ["account:read"])),
)]
async fn show(Allowed { caller, .. }: Allowed<AccountRead>) -> Json<Account> {
    Json(caller.account)
}

/// The schema of an account's name.
fn account_name() -> Object {
    name("The name of the account, 1 to 100 characters.", 100)
}

/// Changes to the account. Members that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountChange, examples(json!({"name": "Ada Lovelace"})))]
struct UpdateBody {
    #[serde(default)]
    #[schema(schema_with = account_name, required = false)]
    name: Patch<String>,
}

/// Update the signed-in account
#[utoipa::path(
    patch, path = "/me", operation_id = "updateMe", tag = "Account",
    request_body = UpdateBody,
    responses((status = OK, body = Account, description = "The updated account."), BodyRefused),
    security(("caller" = ["account:write"])),
)]
async fn update(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
    change: Unvalidated<UpdateBody>,
) -> Result<Json<Account>, Problem> {
    let UpdateBody { name } = change.validate(|change| match &change.name {
        Patch::Keep => Vec::new(),
        Patch::Set(None) => vec![FieldError::required("name", "An account must have a name.")],
        Patch::Set(Some(name)) => name_error(name.trim()).into_iter().collect(),
    })?;
    let actor = caller.acting(client);
    match name.into_value() {
        None => Ok(Json(caller.account)),
        Some(name) => Ok(Json(service::rename(&db, &actor, caller.account, &name).await?)),
    }
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    as = PasswordChange,
    examples(json!({"current_password": "correct horse battery staple", "new_password": "seven quiet green hills"}))
)]
struct PasswordBody {
    /// The account's password. It can be left out at the session API if the account has none, and was confirmed
    /// recently.
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<SecretString>,
    /// The new password, 8 to 128 characters. Common and breached passwords are refused.
    #[schema(value_type = String, format = Password)]
    new_password: SecretString,
    /// Whether to revoke all tokens, not only those from `POST login`.
    #[serde(default)]
    revoke_tokens: bool,
}

/// Change the password
///
/// Or choose one, for an account without. Signs out all other browsers, and revokes the tokens from `POST login` with all tokens that they created, also the
/// calling one: sign in again with the new password. The owner is told by email.
#[utoipa::path(
    post, path = "/me/password", operation_id = "changePassword", tag = "Account",
    request_body = PasswordBody,
    responses(
        (status = NO_CONTENT, description = "The password was changed. With a session cookie, its value is a new one."),
        BodyRefused, PasswordProofRefused,
    ),
    security(("caller" = ["account:write"])),
)]
async fn change_password(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
    mut reauthentication: Reauthentication,
    body: Unvalidated<PasswordBody>,
) -> Result<StatusCode, Problem> {
    reauthentication.may_take_password()?;
    let PasswordBody { current_password, new_password, revoke_tokens } = body.validate(|body| {
        let context = PasswordContext::new(&caller.account.email, &caller.account.name);
        let rejection = Hasher::quick_rejection(&body.new_password, &context);
        rejection.map(|message| password_error("new_password", &body.new_password, message)).into_iter().collect()
    })?;
    let former = match current_password {
        Some(password) => Former::Password(password),
        None if accounts::has_password(&state.db, caller.account.id).await? => {
            return Err(FieldError::required("current_password", "Send the account’s password.").into());
        }
        None => Former::Nothing(reauthentication.prove(&caller, None).await?.ok_or(Problem::NotSignedIn)?),
    };
    let kept = match caller.credential {
        Credential::Session(id) => Some(id),
        Credential::Token(_) => None,
    };
    let (whose, passwords) = ((&caller.account, caller.acting(client)), (former, new_password));
    let stamp = service::change_password(&state, whose, kept, passwords, revoke_tokens).await.map_err(|problem| {
        let Problem::Validation(errors) = problem else { return problem };
        let renamed = errors.into_iter().map(|error| {
            let field = if error.field == "current" { "current_password" } else { "new_password" };
            FieldError { field: field.into(), ..error }
        });
        Problem::Validation(renamed.collect())
    })?;
    reauthentication.renew_session(stamp).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The email address of the account, and its change that waits for confirmation.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailStatus, examples(example))]
struct EmailStatus {
    /// The account's email address.
    email: String,
    /// Whether the owner confirmed it.
    email_confirmed: bool,
    /// The new address, until it is confirmed by the link that was sent to it; `null` if no change waits for that.
    pending_email: Option<String>,
    /// When that link expires.
    pending_until: Option<Timestamp>,
}

fn example() -> Value {
    json!({
        "email": "ada@example.org",
        "email_confirmed": true,
        "pending_email": "ada@new.example",
        "pending_until": moment(24 * 60 * 60),
    })
}

impl EmailStatus {
    async fn of(db: &Db, account: Account) -> Result<Json<Self>, Problem> {
        let (pending_email, pending_until) = match email_verification::service::pending(db, account.id).await? {
            Some(pending) => (Some(pending.sent_to), Some(pending.expires_at)),
            None => (None, None),
        };
        let Account { email, email_confirmed, .. } = account;
        Ok(Json(Self { email, email_confirmed, pending_email, pending_until }))
    }
}

/// Get the email address
///
/// With the new address, if a change waits for its confirmation.
#[utoipa::path(
    get, path = "/me/email", operation_id = "getEmail", tag = "Account",
    responses((status = OK, body = EmailStatus, description = "The address.")),
    security(("caller" = ["account:read"])),
)]
async fn show_email(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<AccountRead>,
) -> Result<Json<EmailStatus>, Problem> {
    EmailStatus::of(&db, caller.account).await
}

/// A new email address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(
    as = EmailChange,
    examples(json!({"email": "ada@new.example", "password": "correct horse battery staple"}))
)]
struct EmailBody {
    /// The new address.
    email: String,
    /// The account's password. With a session cookie, it can be left out if it was given recently.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// Change the email address
///
/// Sends a link to the new address, and tells the current one. The address changes when the link is used. The answer is
/// the same if another account has the new address.
#[utoipa::path(
    post, path = "/me/email", operation_id = "changeEmail", tag = "Account",
    request_body = EmailBody,
    responses(
        (status = ACCEPTED, body = EmailStatus, description = "The change waits for its confirmation."),
        BodyRefused, PasswordProofRefused,
    ),
    security(("caller" = ["account:write"])),
)]
async fn change_email(
    State(AppState { db, settings, mailer, .. }): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
    mut reauthentication: Reauthentication,
    body: Unvalidated<EmailBody>,
) -> Result<(StatusCode, Json<EmailStatus>), Problem> {
    let EmailBody { email, password } =
        body.validate(|body| match email_verification::service::new_address(&caller.account, &body.email) {
            Err(Problem::Validation(errors)) => errors,
            _ => Vec::new(),
        })?;
    let email = email_verification::service::new_address(&caller.account, &email)?;
    let stamp = reauthentication.prove(&caller, password).await?;
    let whose = (&caller.account, Actor { stamp, ..caller.acting(client) });
    email_verification::service::ask_for_change(&db, &settings, &mailer, whose, &email).await?;
    Ok((StatusCode::ACCEPTED, EmailStatus::of(&db, caller.account).await?))
}

/// Cancel the change of the email address
///
/// The link that was sent to the new address stops working.
#[utoipa::path(
    delete, path = "/me/email", operation_id = "cancelEmailChange", tag = "Account",
    responses((status = NO_CONTENT, description = "No change waits for its confirmation any more.")),
    security(("caller" = ["account:write"])),
)]
async fn cancel_email(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<AccountWrite>,
    client: Client,
) -> Result<StatusCode, Problem> {
    email_verification::service::cancel_change(&db, &caller.acting(client)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What belongs to an account, for the description only: the answer is a stream.
enum AccountData {}

impl PartialSchema for AccountData {
    fn schema() -> RefOr<Schema> {
        let example = json!({"exported_at": "2024-10-04T00:00:00.000Z", "account": {"name": "Ada"}, "tokens": []});
        ObjectBuilder::new()
            .description(Some("What belongs to the account: a member for each kind of data."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([example])
            .into()
    }
}

impl ToSchema for AccountData {}

/// Export the account
///
/// Everything that belongs to the account, as one JSON document with a member for each kind of data. It is a stream: if
/// it breaks off, so does the JSON. The password must have been given recently.
#[utoipa::path(
    get, path = "/export", operation_id = "exportAccount", tag = "Account",
    responses(
        (status = OK, body = AccountData, description = "The document."),
        ReauthenticationRequired,
    ),
    security(("caller" = ["account:export"])),
)]
async fn export(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountExport>,
    reauthentication: Reauthentication,
) -> Result<Response, Problem> {
    reauthentication.must_be_recent(&caller).await?;
    service::export(&state, &caller.account).await
}
