//! The listener, and the one route that it serves.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::{Sources, collect::collect};
use crate::{
    http::client::Peer,
    metrics::Format,
    settings::{Settings, is_private},
};

/// Opens the listener, if the settings have one.
///
/// # Errors
/// One line for the operator.
pub async fn bind(settings: &Settings) -> Result<Option<TcpListener>, String> {
    let Some(address) = settings.metrics.listens_on() else { return Ok(None) };
    let bound = TcpListener::bind(address).await;
    bound.map(Some).map_err(|error| format!("cannot listen on {address} for metrics: {error}. Set metrics.address"))
}

/// Serves `GET /metrics` to clients at private addresses, and nothing else.
pub fn router(sources: Sources) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .fallback(|| async { (StatusCode::NOT_FOUND, "There is only /metrics here.\n") })
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .with_state(sources)
        .layer(from_fn(private_only))
}

async fn metrics(State(sources): State<Sources>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::accepted(accept);
    let text = collect(&sources, format).await;
    ([(header::CONTENT_TYPE, format.content_type()), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// Where the address to listen on is that of every network, clients of public ones are refused.
async fn private_only(request: Request, next: Next) -> Response {
    match request.extensions().get() {
        Some(Peer::Address(peer)) if !is_private(*peer) => StatusCode::FORBIDDEN.into_response(),
        _ => next.run(request).await,
    }
}
