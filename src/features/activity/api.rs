//! The JSON API of the activity: `activity` on both mounts.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::scopes::ActivityRead;
use crate::{
    auth::{
        Allowed,
        activity::{Event, service},
    },
    db::Db,
    http::{
        conditional,
        extract::UnvalidatedQuery,
        openapi::{
            IfNoneMatch,
            examples::{id, moment},
            refusals::QueryRefused,
        },
        problem::{FieldError, Problem},
    },
    state::AppState,
    timestamp::Timestamp,
};

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 100;

/// The routes of both mounts.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The most events a page holds.
    #[param(minimum = 1, maximum = 100, default = 50, nullable = false)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before; leave it out or empty for the first page.
    #[param(pattern = "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$", nullable = false)]
    cursor: Option<String>,
}

/// Something that happened to the account.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityEvent, examples(example))]
struct Item {
    /// The id of the event.
    id: Uuid,
    /// When it happened.
    at: Timestamp,
    /// The kind of event, such as `signed_in`. Later versions may add some.
    event: &'static str,
    /// The kind of event, in a few words.
    description: &'static str,
    /// With which credential it was done: `password`, `passkey`, `session`, `token`, `operator` (on the server) or
    /// `finder` (who reported a leaked token).
    credential: String,
    /// The id of the browser session or the token.
    credential_id: Option<Uuid>,
    /// The id of the browser session or the token that the event is about.
    subject_id: Option<Uuid>,
    /// The name of what the event is about; may be empty.
    subject: String,
    /// The address of the client, if known.
    address: Option<String>,
    /// A readable name of the client, such as "Firefox on Windows".
    browser: String,
}

fn example() -> Value {
    json!({
        "id": id(4),
        "at": moment(60),
        "event": "token_created",
        "description": "Token created",
        "credential": "session",
        "credential_id": id(3),
        "subject_id": id(2),
        "subject": "phone",
        "address": "192.0.2.7",
        "browser": "Firefox on Windows",
    })
}

impl From<Event> for Item {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            at: event.at,
            event: event.kind.as_str(),
            description: event.kind.meaning(),
            credential: event.credential,
            credential_id: event.credential_id,
            subject_id: event.subject_id,
            subject: event.subject,
            address: Some(event.address).filter(|address| !address.is_empty()),
            browser: event.browser,
        }
    }
}

/// A page of the activity.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityPage, examples(page_example))]
struct Page {
    /// Newest first.
    items: Vec<Item>,
    /// The `cursor` of the next page; `null` on the last one.
    next_cursor: Option<Uuid>,
}

fn page_example() -> Value {
    json!({"items": [example()], "next_cursor": null})
}

impl ListQuery {
    /// The id in the cursor; `None` on the first page.
    fn before(&self) -> Result<Option<Uuid>, uuid::Error> {
        let cursor = self.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        cursor.map(Uuid::parse_str).transpose()
    }

    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
            errors.push(FieldError::out_of_range("limit", "Ask for 1 to 100 events.", 1, LIMIT_MAX));
        }
        if self.before().is_err() {
            errors.push(FieldError::new("cursor", "Use the `next_cursor` of an earlier page, unchanged."));
        }
        errors
    }
}

/// List activity
///
/// What happened to the account: sign-ins and their failures, tokens, and changes of the password and the address.
/// Newest first. The site deletes events after some time.
#[utoipa::path(
    get, path = "/activity", operation_id = "listActivity", tag = "Activity",
    params(ListQuery, IfNoneMatch),
    responses(
        (status = OK, body = Page, description = "A page of events.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        QueryRefused,
    ),
    security(("caller" = ["activity:read"])),
)]
async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<ActivityRead>,
    UnvalidatedQuery(query): UnvalidatedQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.validate(ListQuery::errors)?;
    let (limit, before) = (query.limit.unwrap_or(LIMIT_DEFAULT), query.before().unwrap_or_default());
    // One more than asked for tells whether there is a next page.
    let mut events = service::older(&db, caller.account.id, before, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or_default();
    let is_last = events.len() <= shown;
    events.truncate(shown);
    let next_cursor = events.last().map(|event| event.id).filter(|_| !is_last);
    conditional::list(&headers, &Page { items: events.into_iter().map(Item::from).collect(), next_cursor })
}
