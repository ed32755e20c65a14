//! `notes` and `notes/{id}`, on both JSON mounts.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRef, OriginalUri, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

use super::{
    Draft, NotesPage,
    service::{self, Change, Filter, Versioned},
};
use crate::{
    db::Db,
    doors::{Allowed, NotesRead, NotesWrite},
    extract::{Body, LONG_BODY_LIMIT, PathId, Query},
    problem::Problem,
};

/// The routes.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Db: FromRef<S>,
{
    Router::new()
        .route("/notes", get(list).post(create))
        .route("/notes/{id}", get(show).patch(update).delete(delete))
        .layer(DefaultBodyLimit::max(LONG_BODY_LIMIT))
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<i64>,
    cursor: Option<String>,
    q: Option<String>,
}

async fn list(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    Query(ListQuery { limit, cursor, q }): Query<ListQuery>,
) -> Result<Json<NotesPage>, Problem> {
    Ok(Json(service::list(&db, caller.account.id, Filter { limit, cursor, q }).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    title: String,
    body: String,
}

async fn create(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesWrite>,
    OriginalUri(uri): OriginalUri,
    Body(CreateBody { title, body }): Body<CreateBody>,
) -> Result<Response, Problem> {
    let created = service::create(&db, caller.account.id, Draft { title, body }).await?;
    let location = format!("{}/{}", uri.path(), created.note.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer(created)).into_response())
}

/// 304 where `If-None-Match` names the version there is (RFC 9110 section 13.1.2).
async fn show(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesRead>,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = service::find(&db, caller.account.id, id).await?;
    let etag = etag(found.version);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let names = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
    if known.is_some_and(|known| known.split(',').any(|tag| names(tag.trim()))) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    Ok(answer(found))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    title: Option<String>,
    body: Option<String>,
}

async fn update(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesWrite>,
    PathId(id): PathId,
    headers: HeaderMap,
    Body(UpdateBody { title, body }): Body<UpdateBody>,
) -> Result<Response, Problem> {
    let version = if_match(&headers)?;
    Ok(answer(service::update(&db, caller.account.id, id, version, Change { title, body }).await?))
}

async fn delete(
    State(db): State<Db>,
    Allowed { caller, .. }: Allowed<NotesWrite>,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let version = if_match(&headers)?;
    service::delete(&db, caller.account.id, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(versioned: Versioned) -> Response {
    ([(header::ETAG, etag(versioned.version))], Json(versioned.note)).into_response()
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version a change insists on: nothing without `If-Match` or with `*`. A tag we never made matches no version.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|tag| tag.parse().ok());
    version.map(Some).ok_or(Problem::PreconditionFailed)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn if_match_takes_our_tags_only() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_static(text));
            if_match(&headers).map_err(|problem| problem.code())
        };
        assert_eq!(read("\"7\""), Ok(Some(7)));
        assert_eq!(read("*"), Ok(None));
        for other in ["7", "W/\"7\"", "\"\"", "\"x\"", "\"1\", \"2\"", ""] {
            assert_eq!(read(other), Err("precondition_failed"), "{other}");
        }
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
    }
}
