//! The JSON API, which both doors serve: the handlers, and their OpenAPI descriptions.

use std::sync::Arc;

use axum::{
    extract::{DefaultBodyLimit, OriginalUri, State},
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::Response,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema, openapi::schema::Object};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};
use uuid::Uuid;

use super::scopes::{NotesRead, NotesWrite};
use super::{
    Draft, Note, NoteSummariesPage, NotesPage,
    service::{self, BODY_MAX, Change, Filter, TITLE_MAX},
};
use crate::{
    auth::Allowed,
    db::Db,
    http::{
        bulk_delete::{DeletedIds, IdsToDelete},
        conditional::{self, Conditions, not_modified, version_tag, versioned},
        extract::{LARGE_BODY_LIMIT, PathId, Unvalidated, UnvalidatedQuery},
        idempotency::{self, Answer, IdempotentRequest},
        list,
        merge_patch::{MergePatch, accept_patch, not_null},
        openapi::{
            IdempotencyKey, IfMatch, IfNoneMatch,
            refusals::{BodyRefused, IdempotentBodyRefused, NotFound, QueryRefused, Stale, TagRefused},
            texts::{text, visible_text},
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
        .routes(routes!(list_summaries))
        .routes(routes!(delete_many))
        .routes(routes!(show, update, delete).layer(map_response(accept_patch)))
        // For the bodies of `create` and `update`: a note is long. The others read no body.
        .layer(DefaultBodyLimit::max(LARGE_BODY_LIMIT))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The most notes a page holds.
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before; leave it out or empty for the first page. Send the other parameters with
    /// it as before, except for `limit` and `count`.
    #[param(pattern = "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})?$", nullable = false)]
    cursor: Option<String>,
    #[param(schema_with = list::sort)]
    sort: Option<String>,
    /// Only notes that changed at this time or later, new ones included.
    #[param(format = DateTime, nullable = false)]
    updated_since: Option<String>,
    /// Text that the title or the body contains.
    #[param(max_length = 200, pattern = r"^[^\u0000]*$", nullable = false)]
    q: Option<String>,
    /// `true` adds `total`, the number of notes of all pages together. Not with `q`.
    #[param(default = false, nullable = false)]
    count: Option<bool>,
}

impl From<ListQuery> for Filter {
    fn from(ListQuery { limit, cursor, sort, updated_since, q, count }: ListQuery) -> Self {
        Self { limit, cursor, sort, updated_since, q, count: count.unwrap_or_default() }
    }
}

/// List notes
///
/// The newest first, or in the order of `sort`. Notes that are added while you page through the list cause no note to
/// be skipped or repeated.
///
/// A page holds at most 1 MiB of titles and bodies, so a page of long notes may hold fewer than `limit`. A search that
/// runs out of time returns what it has found so far, which may be nothing. Only a page without `next_cursor` is the
/// last.
///
/// To keep a copy of all notes, read every page with `sort=updated_at` once. Later, ask with `updated_since` for what
/// changed: from a minute before the latest `updated_at` that you have, because a change may be visible a moment after
/// its time. Some notes come again; they have the `version` that you know. Deleted notes do not come.
#[utoipa::path(
    get, path = "/notes", operation_id = "listNotes", tag = "Notes",
    params(ListQuery, IfNoneMatch),
    responses(
        (status = OK, body = NotesPage, description = "A page of notes.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        QueryRefused, TagRefused,
    ),
    security(("caller" = ["notes:read"])),
)]
async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    UnvalidatedQuery(query): UnvalidatedQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = query.map(Filter::from).validate(service::filter_errors)?;
    conditional::list(&headers, &service::list(&db, caller.account.id, filter).await?)
}

/// List notes without their bodies
///
/// Like `GET /notes`, with the beginning of each body in place of the body.
#[utoipa::path(
    get, path = "/notes/summaries", operation_id = "listNoteSummaries", tag = "Notes",
    params(ListQuery, IfNoneMatch),
    responses(
        (status = OK, body = NoteSummariesPage, description = "A page of notes.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        QueryRefused, TagRefused,
    ),
    security(("caller" = ["notes:read"])),
)]
async fn list_summaries(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    UnvalidatedQuery(query): UnvalidatedQuery<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = query.map(Filter::from).validate(service::filter_errors)?;
    conditional::list(&headers, &service::list_summaries(&db, caller.account.id, filter).await?)
}

fn title() -> Object {
    visible_text("1 to 200 characters, at least one of them visible.", TITLE_MAX)
}

fn body() -> Object {
    text("Up to 20,000 characters.", BODY_MAX)
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
    body: Unvalidated<CreateBody>,
) -> Result<Response, Problem> {
    let CreateBody { title, body } = body.validate(|new| service::errors(Some(&new.title), Some(&new.body)))?;
    let (ours, account, draft) = (db.clone(), caller.account.id, Draft { title, body });
    let asked = draft.clone();
    let work = async move |id| {
        let note = service::create_as(&ours, &settings.resources, account, id, draft).await?;
        Answer::created(format!("{}/{}", uri.path(), note.id), version_tag(note.version), &note)
    };
    idempotency::once(&db, account, &request, &asked, work).await
}

/// Get a note
#[utoipa::path(
    get, path = "/notes/{id}", operation_id = "getNote", tag = "Notes",
    params(("id" = Uuid, Path, description = "The note's id."), IfNoneMatch),
    responses(
        (status = OK, body = Note, description = "The note.", headers(("ETag"), ("Accept-Patch"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"), ("Accept-Patch"))),
        NotFound, TagRefused,
    ),
    security(("caller" = ["notes:read"])),
)]
async fn show(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    PathId(id): PathId,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let note = service::find(&db, caller.account.id, id).await?;
    let etag = version_tag(note.version);
    Ok(if conditions.is_known(&etag) { not_modified(&etag) } else { versioned(note.version, note) })
}

/// Changes to a note (RFC 7396). Fields that are left out stay as they are; none can be removed, so none is null.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoteChange, examples(json!({"title": "Groceries for Friday"})))]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schema(schema_with = title)]
    title: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schema(schema_with = body)]
    body: Option<String>,
}

/// Update a note
///
/// With `If-Match`, only if the note is still at the version you read, which is its `version` in quotes. If it has
/// another version, but is already as the request would make it, the request has succeeded. A request that changes
/// nothing creates no new version.
#[utoipa::path(
    patch, path = "/notes/{id}", operation_id = "updateNote", tag = "Notes",
    params(("id" = Uuid, Path, description = "The note's id."), IfMatch),
    request_body(content(
        (UpdateBody = "application/json"),
        (UpdateBody = "application/merge-patch+json"),
    )),
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
    MergePatch(patch): MergePatch<UpdateBody>,
) -> Result<Response, Problem> {
    let UpdateBody { title, body } =
        patch.validate(|patch| service::errors(patch.title.as_deref(), patch.body.as_deref()))?;
    let version = required_version(&db, caller.account.id, id, &conditions).await?;
    let note = service::update(&db, caller.account.id, id, version, Change { title, body }).await?;
    Ok(versioned(note.version, note))
}

/// Delete a note
///
/// With `If-Match`, only if the note is still at the version you read.
#[utoipa::path(
    delete, path = "/notes/{id}", operation_id = "deleteNote", tag = "Notes",
    params(("id" = Uuid, Path, description = "The note's id."), IfMatch),
    responses((status = NO_CONTENT, description = "The note was deleted."), NotFound, Stale, TagRefused),
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

/// Delete several notes
///
/// All at once. A request that is repeated with the same `Idempotency-Key` gets the answer of the first.
#[utoipa::path(
    post, path = "/notes/delete", operation_id = "deleteNotes", tag = "Notes",
    params(IdempotencyKey),
    request_body = IdsToDelete,
    responses((status = OK, body = DeletedIds, description = "Which were deleted."), IdempotentBodyRefused),
    security(("caller" = ["notes:write"])),
)]
async fn delete_many(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesWrite>,
    request: IdempotentRequest,
    ids: Unvalidated<IdsToDelete>,
) -> Result<Response, Problem> {
    let ids = ids.validate(IdsToDelete::errors)?;
    let (ours, account, asked) = (db.clone(), caller.account.id, ids.clone());
    let work = async move |_| Answer::ok(&service::delete_many(&ours, account, ids).await?);
    idempotency::once(&db, account, &request, &asked, work).await
}

async fn required_version(db: &Db, account: Uuid, id: Uuid, conditions: &Conditions) -> Result<Option<i64>, Problem> {
    conditions.required_version(async { Ok(service::find(db, account, id).await?.version) }).await
}
