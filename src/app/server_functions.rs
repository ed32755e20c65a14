//! Leptos' server functions, each a route of its own behind the session door.

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use leptos::{
    prelude::provide_context,
    server_fn::{axum::server_fn_paths, error::SERVER_FN_ERROR_HEADER},
};

use crate::{
    http::{
        extract::{DEPTH_LIMIT, LONG_BODY_LIMIT, depth, essence},
        problem::{CONTENT_TYPE, Details, Problem},
        request_id::RequestId,
    },
    state::AppState,
};

/// A route for every `#[server]` function there is.
pub(super) fn server_functions(state: &AppState) -> Router<AppState> {
    let mut router = Router::new();
    for (path, method) in server_fn_paths() {
        let Ok(filter) = MethodFilter::try_from(method) else { continue };
        let state = state.clone();
        router = router.route(path, on(filter, move |request: Request| call(state.clone(), request)));
    }
    router.layer(DefaultBodyLimit::max(LONG_BODY_LIMIT))
}

/// Calls one.
///
/// They answer islands only: without `Accept: text/html` and `Referer`, Leptos never redirects to where a header says,
/// with an error in the query (T14, S56). A body that is not JSON is refused, which Leptos would not do (T13, S52), and so is
/// one that is too large (T15).
async fn call(state: AppState, request: Request) -> Response {
    if request.method() != Method::GET && essence(request.headers()) != "application/json" {
        return Problem::UnsupportedMediaType.into_response();
    }
    let (mut parts, body) = request.into_parts();
    let id = RequestId::of(&parts.extensions);
    let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => bytes,
        Err(rejection) => return Problem::from_status(rejection.into_response().status()).into_response(),
    };
    if depth(&bytes) > DEPTH_LIMIT {
        let detail = format!("The JSON is nested deeper than {DEPTH_LIMIT} levels.");
        return Problem::InvalidBody(detail).into_response();
    }
    if std::str::from_utf8(&bytes).is_err() {
        return Problem::InvalidBody("The body is no text.".into()).into_response();
    }
    parts.headers.remove(header::REFERER);
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));

    let request = Request::from_parts(parts, Body::from(bytes));
    let context = move || {
        provide_context(state.db.clone());
        provide_context(state.hasher.clone());
        provide_context(state.settings.clone());
    };
    let response = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    if response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return failed(response, &id).await;
    }
    response
}

/// Leptos answers every failure with 500; ours know better. Its own do not know the request.
async fn failed(response: Response, id: &RequestId) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LONG_BODY_LIMIT).await else {
        return Problem::Internal("the failure of a server function cannot be read".into()).into_response();
    };
    let Ok(mut details) = serde_json::from_slice::<Details>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    details.request_id = id.to_string();
    parts.status = StatusCode::from_u16(details.status).unwrap_or(parts.status);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, CONTENT_TYPE.clone());
    Response::from_parts(parts, Json(details).into_response().into_body())
}
