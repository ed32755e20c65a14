//! `entries` and `entries/{id}`, at both doors.

use axum::{
    extract::{DefaultBodyLimit, OriginalUri, State},
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::Response,
};
use serde::Deserialize;
use time::Month;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};
use uuid::Uuid;
use vestibule::{
    auth::Allowed,
    db::Db,
    http::{
        conditional::{self, Conditions, not_modified, version_tag, versioned},
        extract::{LARGE_BODY_LIMIT, PathId, Query, Unvalidated},
        idempotency::{self, Answer, IdempotentRequest},
        merge_patch::{MergePatch, accept_patch, not_null},
        openapi::{
            Deprecation, IdempotencyKey, IfMatch, IfNoneMatch, day,
            refusals::{BodyRefused, IdempotentBodyRefused, NotFound, QueryRefused, Stale, TagRefused},
        },
        problem::{FieldError, Problem},
    },
    state::AppState,
};

use super::{Draft, EntriesPage, EntriesRead, EntriesWrite, Entry, store};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete).layer(map_response(accept_patch)))
        .routes(TEXT.mark(routes!(text)))
        .layer(DefaultBodyLimit::max(LARGE_BODY_LIMIT))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The most entries a page holds.
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<Uuid>,
}

/// One page, newest first.
pub(super) async fn page_of(
    db: &Db,
    account: Uuid,
    cursor: Option<Uuid>,
    limit: Option<i64>,
) -> Result<EntriesPage, Problem> {
    let limit = limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(FieldError::out_of_range("limit", "Ask for 1 to 100 entries.", 1, 100).into());
    }
    let mut items = store::list(db, account, cursor, limit + 1).await?;
    let more = i64::try_from(items.len()).is_ok_and(|count| count > limit);
    items.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = items.last().filter(|_| more).map(|entry| entry.id.to_string());
    Ok(EntriesPage { items, next_cursor })
}

/// List entries
#[utoipa::path(
    get, path = "/entries", operation_id = "listEntries", tag = "Entries",
    params(ListQuery, IfNoneMatch),
    responses(
        (status = OK, body = EntriesPage, description = "A page of entries.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        QueryRefused, TagRefused,
    ),
    security(("caller" = ["entries:read"])),
)]
async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<EntriesRead>,
    Query(ListQuery { limit, cursor }): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    conditional::list(&headers, &page_of(&db, caller.account.id, cursor, limit).await?)
}

/// Create an entry
#[utoipa::path(
    post, path = "/entries", operation_id = "createEntry", tag = "Entries",
    params(IdempotencyKey),
    request_body = Draft,
    responses(
        (status = CREATED, body = Entry, description = "The new entry.", headers(("Location"), ("ETag"))),
        IdempotentBodyRefused,
    ),
    security(("caller" = ["entries:write"])),
)]
async fn create(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<EntriesWrite>,
    OriginalUri(uri): OriginalUri,
    request: IdempotentRequest,
    draft: Unvalidated<Draft>,
) -> Result<Response, Problem> {
    let draft = draft.validate(|new| store::errors(Some(&new.title), Some(&new.body)))?;
    let (ours, account, asked) = (db.clone(), caller.account.id, draft.clone());
    let work = async move |id| {
        let entry = store::insert(&ours, account, id, draft).await?;
        Answer::created(format!("{}/{}", uri.path(), entry.id), version_tag(entry.version), &entry)
    };
    idempotency::once(&db, account, &request, &asked, work).await
}

/// Get an entry
#[utoipa::path(
    get, path = "/entries/{id}", operation_id = "getEntry", tag = "Entries",
    params(("id" = Uuid, Path, description = "The entry's id."), IfNoneMatch),
    responses(
        (status = OK, body = Entry, description = "The entry.", headers(("ETag"), ("Accept-Patch"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"), ("Accept-Patch"))),
        NotFound, TagRefused,
    ),
    security(("caller" = ["entries:read"])),
)]
async fn show(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<EntriesRead>,
    PathId(id): PathId,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let entry = store::find(&db, caller.account.id, id).await?;
    let etag = version_tag(entry.version);
    Ok(if conditions.is_known(&etag) { not_modified(&etag) } else { versioned(entry.version, entry) })
}

/// For the tests of deprecated operations.
const TEXT: Deprecation =
    Deprecation::new(day(2027, Month::March, 1), day(2028, Month::March, 1), "https://vestibule.example/changes#text");

/// Get the text of an entry
#[utoipa::path(
    get, path = "/entries/{id}/text", operation_id = "getEntryText", tag = "Entries",
    params(("id" = Uuid, Path, description = "The entry's id.")),
    responses((status = OK, body = Entry, description = "The entry.", headers(("ETag"))), NotFound),
    security(("caller" = ["entries:read"])),
)]
async fn text(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<EntriesRead>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let entry = store::find(&db, caller.account.id, id).await?;
    Ok(versioned(entry.version, entry))
}

/// What changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EntryChange, examples(json!({"title": "Oat milk"})))]
struct Change {
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    title: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    body: Option<String>,
}

/// Update an entry
#[utoipa::path(
    patch, path = "/entries/{id}", operation_id = "updateEntry", tag = "Entries",
    params(("id" = Uuid, Path, description = "The entry's id."), IfMatch),
    request_body(content((Change = "application/json"), (Change = "application/merge-patch+json"))),
    responses(
        (status = OK, body = Entry, description = "The entry.", headers(("ETag"))),
        NotFound,
        Stale,
        BodyRefused,
    ),
    security(("caller" = ["entries:write"])),
)]
async fn update(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<EntriesWrite>,
    PathId(id): PathId,
    conditions: Conditions,
    MergePatch(change): MergePatch<Change>,
) -> Result<Response, Problem> {
    let Change { title, body } =
        change.validate(|change| store::errors(change.title.as_deref(), change.body.as_deref()))?;
    let version = required_version(&db, caller.account.id, id, &conditions).await?;
    let entry = store::update(&db, caller.account.id, id, version, title, body).await?;
    Ok(versioned(entry.version, entry))
}

/// Delete an entry
#[utoipa::path(
    delete, path = "/entries/{id}", operation_id = "deleteEntry", tag = "Entries",
    params(("id" = Uuid, Path, description = "The entry's id."), IfMatch),
    responses((status = NO_CONTENT, description = "The entry was deleted."), NotFound, Stale, TagRefused),
    security(("caller" = ["entries:write"])),
)]
async fn delete(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<EntriesWrite>,
    PathId(id): PathId,
    conditions: Conditions,
) -> Result<StatusCode, Problem> {
    let version = required_version(&db, caller.account.id, id, &conditions).await?;
    store::delete(&db, caller.account.id, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn required_version(db: &Db, account: Uuid, id: Uuid, conditions: &Conditions) -> Result<Option<i64>, Problem> {
    conditions.required_version(async { Ok(store::find(db, account, id).await?.version) }).await
}
