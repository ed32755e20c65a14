//! `GET factors`: the second factors of the account.

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::Allowed,
    features::accounts::scopes::AccountRead,
    http::{openapi::examples::moment, problem::Problem},
    state::AppState,
    timestamp::Timestamp,
};

/// The routes of both mounts.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A second factor of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactor, examples(example))]
struct Item {
    /// The name of its step, as a sign-in names it.
    step: &'static str,
    /// What it is called, such as "Authenticator app".
    name: &'static str,
    /// Since when the account has it.
    added_at: Timestamp,
    /// When it was last used, if that is known.
    last_used_at: Option<Timestamp>,
}

fn example() -> Value {
    json!({"step": "totp", "name": "Authenticator app", "added_at": moment(0), "last_used_at": moment(60)})
}

/// The second factors of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactorList, examples(list_example))]
struct List {
    /// In the order in which they are offered.
    items: Vec<Item>,
    /// Whether the password alone is not enough to sign in.
    is_required: bool,
}

fn list_example() -> Value {
    json!({"items": [example()], "is_required": true})
}

/// List second factors
///
/// What the account has turned on, and whether it is asked for after the password.
#[utoipa::path(
    get, path = "/factors", operation_id = "listFactors", tag = "Account",
    responses((status = OK, body = List, description = "The second factors.")),
    security(("caller" = ["account:read"])),
)]
async fn list(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<AccountRead>,
) -> Result<Json<List>, Problem> {
    let (mut items, account) = (Vec::new(), caller.account.id);
    for second in state.sign_ins.factors().iter().filter(|second| second.factor.is_second()) {
        let summary = (second.summary)(&state.db, account).await?;
        items.extend(summary.since.map(|added_at| Item {
            step: second.factor.as_str(),
            name: summary.title,
            added_at,
            last_used_at: summary.last_used_at,
        }));
    }
    Ok(Json(List { items, is_required: state.sign_ins.is_required(account).await? }))
}
