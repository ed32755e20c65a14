//! The server functions of Leptos, each a route of its own behind the session door.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use leptos::{
    prelude::provide_context,
    server_fn::{axum::server_fn_paths, error::SERVER_FN_ERROR_HEADER},
};

use crate::{
    http::{
        extract::{LARGE_BODY_LIMIT, check_depth, essence},
        problem::{Details, Problem, render},
        request_id::RequestId,
    },
    state::AppState,
};

/// A route for every `#[server]` function of the app.
pub(super) fn server_functions(state: &AppState) -> Router<AppState> {
    let mut router = Router::new();
    for (path, method) in server_fn_paths() {
        let Ok(filter) = MethodFilter::try_from(method) else { continue };
        let state = state.clone();
        router = router.route(path, on(filter, move |request: Request| call(state.clone(), request)));
    }
    router.layer(DefaultBodyLimit::max(LARGE_BODY_LIMIT))
}

/// Calls a server function.
///
/// Only islands call them: without `Accept: text/html` and `Referer`, Leptos never redirects to the page that a header
/// names, with an error in its query (T14, S56). Leptos would accept a body that is not JSON (T13, S52) and one that is
/// too large (T15), so both are refused here.
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
    if let Err(problem) = check_depth(&bytes) {
        return problem.into_response();
    }
    if std::str::from_utf8(&bytes).is_err() {
        return Problem::InvalidBody("The body is not UTF-8 text.".into()).into_response();
    }
    parts.headers.remove(header::REFERER);
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));

    let request = Request::from_parts(parts, Body::from(bytes));
    let context = move || provide_state(state.clone());
    let response = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    if response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return failed(response, &id).await;
    }
    response
}

/// What `use_context` finds in a server function: the whole state, and its most used parts by themselves.
fn provide_state(state: AppState) {
    provide_context(state.db.clone());
    provide_context(state.hasher.clone());
    provide_context(state.settings.clone());
    provide_context(state);
}

/// Leptos answers every failure with 500. This gives it the status of its problem, and the id of the request, which
/// Leptos' own failures do not know.
async fn failed(response: Response, id: &RequestId) -> Response {
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGE_BODY_LIMIT).await else {
        return Problem::Internal("the failure of a server function cannot be read".into()).into_response();
    };
    let Ok(details) = serde_json::from_slice::<Details>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let response = Response::from_parts(parts, Body::empty());
    render(response, &Details { request_id: id.to_string(), ..details })
}
