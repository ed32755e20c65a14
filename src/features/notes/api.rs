//! The JSON API, which both doors serve: the handlers, and their OpenAPI descriptions.

use std::sync::Arc;

use axum::{
    extract::{DefaultBodyLimit, OriginalUri, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema, openapi::schema::Object};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::scopes::{NotesRead, NotesWrite};
use super::{
    Draft, Note, NotesPage,
    service::{self, BODY_MAX, Change, Filter, TITLE_MAX, Versioned},
};
use crate::{
    auth::Allowed,
    db::Db,
    http::{
        conditional::{self, Conditions, not_modified, version_tag, versioned},
        extract::{Body, LARGE_BODY_LIMIT, PathId, Query},
        idempotency::{self, Answer, IdempotentRequest},
        openapi::{
            IdempotencyKey, IfMatch, IfNoneMatch,
            refusals::{BodyRefused, IdempotentBodyRefused, NotFound, QueryRefused, Stale},
            texts::{or_null, text, visible_text},
        },
        problem::Problem,
    },
    settings::Settings,
    state::AppState,
};

/// The routes, with their OpenAPI descriptions.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        // For the bodies of `create` and `update`: a note is long. The others read no body.
        .layer(DefaultBodyLimit::max(LARGE_BODY_LIMIT))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The most notes a page holds.
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before; leave it out or empty for the first page.
    #[param(pattern = "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$", nullable = false)]
    cursor: Option<String>,
    /// Text that the title or the body contains.
    #[param(max_length = 200, pattern = r"^[^\u0000]*$", nullable = false)]
    q: Option<String>,
}

/// List notes
///
/// Newest first. Notes that are added while you page through the list cause no note to be skipped or repeated.
///
/// A page holds at most 1 MiB of titles and bodies, so a page of long notes may hold fewer than `limit`. A search that
/// runs out of time returns what it has found so far, which may be nothing. Only a page without `next_cursor` is the
/// last.
#[utoipa::path(
    get, path = "/notes", operation_id = "listNotes", tag = "Notes",
    params(ListQuery, IfNoneMatch),
    responses(
        (status = OK, body = NotesPage, description = "A page of notes.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        QueryRefused,
    ),
    security(("caller" = ["notes:read"])),
)]
async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    Query(ListQuery { limit, cursor, q }): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    conditional::list(&headers, &service::list(&db, caller.account.id, Filter { limit, cursor, q }).await?)
}

fn title() -> Object {
    visible_text("1 to 200 characters, at least one of them visible.", TITLE_MAX)
}

fn title_or_null() -> Object {
    or_null(title())
}

fn body() -> Object {
    text("Up to 20,000 characters.", BODY_MAX)
}

fn body_or_null() -> Object {
    or_null(body())
}

/// A new note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNote, examples(json!({"title": "Groceries", "body": "Oat milk, rye bread, lemons."})))]
struct CreateBody {
    #[schema(schema_with = title)]
    title: String,
    #[schema(schema_with = body)]
    body: String,
}

/// Create a note
///
/// A request that is repeated with the same `Idempotency-Key` gets the answer of the first. The site limits how many
/// notes an account can have; above the limit, the answer is 409.
#[utoipa::path(
    post, path = "/notes", operation_id = "createNote", tag = "Notes",
    params(IdempotencyKey),
    request_body = CreateBody,
    responses(
        (status = CREATED, body = Note, description = "The new note.", headers(("Location"), ("ETag"))),
        IdempotentBodyRefused,
    ),
    security(("caller" = ["notes:write"])),
)]
async fn create(
    (State(db), State(settings)): (State<Db>, State<Arc<Settings>>),
    Allowed { caller, .. }: Allowed<NotesWrite>,
    OriginalUri(uri): OriginalUri,
    request: IdempotentRequest,
    Body(CreateBody { title, body }): Body<CreateBody>,
) -> Result<Response, Problem> {
    let (ours, account, draft) = (db.clone(), caller.account.id, Draft { title, body });
    let asked = draft.clone();
    let work = async move |id| {
        let Versioned { note, version } = service::create_as(&ours, &settings.resources, account, id, draft).await?;
        let body = serde_json::to_string(&note).map_err(|error| Problem::Internal(error.to_string()))?;
        let location = format!("{}/{}", uri.path(), note.id);
        Ok(Answer { status: StatusCode::CREATED.as_u16(), location, etag: version_tag(version), body })
    };
    idempotency::once(&db, account, &request, &asked, work).await
}

/// Get a note
#[utoipa::path(
    get, path = "/notes/{id}", operation_id = "getNote", tag = "Notes",
    params(("id" = Uuid, Path, description = "The note's id."), IfNoneMatch),
    responses(
        (status = OK, body = Note, description = "The note.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        NotFound,
    ),
    security(("caller" = ["notes:read"])),
)]
async fn show(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    PathId(id): PathId,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let found = service::find(&db, caller.account.id, id).await?;
    let etag = version_tag(found.version);
    Ok(if conditions.is_known(&etag) { not_modified(&etag) } else { answer(found) })
}

/// Changes to a note. Fields that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoteChange, examples(json!({"title": "Groceries for Friday"})))]
struct UpdateBody {
    #[schema(schema_with = title_or_null)]
    title: Option<String>,
    #[schema(schema_with = body_or_null)]
    body: Option<String>,
}

/// Update a note
///
/// With `If-Match`, only if the note is still at the version you read. A request that changes nothing creates no new
/// version.
#[utoipa::path(
    patch, path = "/notes/{id}", operation_id = "updateNote", tag = "Notes",
    params(("id" = Uuid, Path, description = "The note's id."), IfMatch),
    request_body = UpdateBody,
    responses(
        (status = OK, body = Note, description = "The updated note.", headers(("ETag"))),
        BodyRefused, NotFound, Stale,
    ),
    security(("caller" = ["notes:write"])),
)]
async fn update(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesWrite>,
    PathId(id): PathId,
    conditions: Conditions,
    Body(UpdateBody { title, body }): Body<UpdateBody>,
) -> Result<Response, Problem> {
    let version = required_version(&db, caller.account.id, id, &conditions).await?;
    Ok(answer(service::update(&db, caller.account.id, id, version, Change { title, body }).await?))
}

/// Delete a note
///
/// With `If-Match`, only if the note is still at the version you read.
#[utoipa::path(
    delete, path = "/notes/{id}", operation_id = "deleteNote", tag = "Notes",
    params(("id" = Uuid, Path, description = "The note's id."), IfMatch),
    responses((status = NO_CONTENT, description = "The note was deleted."), NotFound, Stale),
    security(("caller" = ["notes:write"])),
)]
async fn delete(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesWrite>,
    PathId(id): PathId,
    conditions: Conditions,
) -> Result<StatusCode, Problem> {
    let version = required_version(&db, caller.account.id, id, &conditions).await?;
    service::delete(&db, caller.account.id, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(Versioned { note, version }: Versioned) -> Response {
    versioned(version, note)
}

async fn required_version(db: &Db, account: Uuid, id: Uuid, conditions: &Conditions) -> Result<Option<i64>, Problem> {
    conditions.required_version(async { Ok(service::find(db, account, id).await?.version) }).await
}
