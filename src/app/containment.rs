//! Bounds for every handler: a body's size, a panic, and time.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::{
    http::{extract::BODY_LIMIT, problem::Problem},
    state::AppState,
};

/// How long a request may take in all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A panic and a request that takes too long are answered inside the layers that word problems.
pub(super) fn contained(router: Router<AppState>) -> Router<AppState> {
    router
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
}

/// A handler that panics is an answer like others.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::Internal("a handler panicked".into()).into_response()
}
