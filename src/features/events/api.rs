//! The one handler, at both doors, and its OpenAPI description.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::Events,
    model::{ChangeEvent, ServerSentEvent},
};
use crate::{
    auth::{
        Allowed, Anything,
        event_streams::{EventStreams, Start},
    },
    http::{
        extract::Query,
        negotiation,
        openapi::refusals::{QueryRefused, TooManyStreams},
        problem::Problem,
    },
    state::{AppState, Site},
};

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// nginx would collect the stream in a buffer before it sends anything.
static X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The route, with its OpenAPI description.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Schemas::openapi()).routes(routes!(events))
}

/// The schemas that no body refers to.
#[derive(OpenApi)]
#[openapi(components(schemas(ChangeEvent)))]
struct Schemas;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Like the header `Last-Event-ID`, for clients that cannot set it. The header comes first.
    #[param(nullable = false, example = "42")]
    last_event_id: Option<String>,
}

/// Stream events
///
/// Tells of changes as they happen, whoever makes them: another tab, device or client. The stream is that of an
/// `EventSource` (`text/event-stream`) and does not end by itself.
///
/// Each event has an `id`, an `event` and `data` in JSON:
///
/// - `ready` is the first. From its `id` on nothing is missed. Its data, `{"resources": […]}`, lists what the stream
///   covers: the resources that the scopes of the token allow to read.
/// - `created`, `updated`, `deleted`: an item was changed. The data is a `ChangeEvent`: which item, and its version.
///   Read the item if you need it.
/// - `caught_up`: the changes that you missed are over, and what follows happens now. It comes once, if you sent a
///   `Last-Event-ID`. Its data is that of `ready`.
/// - `reset` comes in place of `ready` if the `Last-Event-ID` is too old or unknown, and at any time if the client is
///   too slow: changes were missed. Read everything again, and go on from its `id`.
/// - `end`: the credential works no longer, so it is no use to come back with it.
///
/// Send the last `id` as `Last-Event-ID` to go on where a stream ended. A line that begins with a colon is a comment,
/// which keeps the connection open. When the server is restarted, the stream ends without `end`: come back.
#[utoipa::path(
    get, path = "/events", operation_id = "streamEvents", tag = "Events",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event you have received.",
            nullable = false),
    ),
    responses(
        (
            status = OK, content_type = "text/event-stream", body = ServerSentEvent,
            description = "The stream. The schema is that of each event.",
        ),
        QueryRefused, TooManyStreams,
    ),
    security(("caller" = [])),
    extensions(("x-event-data" = json!({"$ref": "#/components/schemas/ChangeEvent"}))),
)]
async fn events(
    State(streams): State<EventStreams>,
    State(site): State<Arc<Site>>,
    Allowed { caller, .. }: Allowed<Anything>,
    Query(EventsQuery { last_event_id }): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !negotiation::takes_events(&headers) {
        return Err(Problem::NotAcceptable);
    }
    let told = headers.get(&LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("unreadable").to_owned());
    let start = told.or(last_event_id).map_or(Start::Now, |id| Start::after(&id));
    let allowed = site.events.iter().filter(|events| caller.must_hold(events.scope).is_ok());
    let resources = allowed.map(|events| events.resource).collect();
    let stream = streams.open(&caller, start).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(negotiation::EVENT_STREAM)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (X_ACCEL_BUFFERING.clone(), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::new(Events::new(stream, resources))).into_response())
}
