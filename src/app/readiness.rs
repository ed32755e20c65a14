//! `GET /readyz`: whether this instance can serve, by component.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    db::Db,
    http::{draining::Draining, seldom::Seldom},
};

static LOGGED: Seldom = Seldom::new();

/// 200 if the database answers and takes writes, and the server is not about to stop; 503 otherwise. The answer comes
/// within a second, also if the database hangs. It says what is wrong in a word; the log has the error.
pub(super) async fn ready(State(db): State<Db>, State(draining): State<Draining>) -> Response {
    let found = db.readiness().await;
    let stops = draining.has_begun();
    let is_ready = found.is_ready() && !stops;
    if !found.is_ready() && LOGGED.again() {
        tracing::warn!(reads = ?found.reads, writes = ?found.writes, "not ready");
    }
    let word = |result: Option<&Result<(), String>>| match result {
        Some(Ok(())) => "ok",
        Some(Err(_)) => "failing",
        None => "no answer",
    };
    // Writes are not tried if reads fail.
    let writes = if matches!(found.reads, Some(Err(_))) { "failing" } else { word(found.writes.as_ref()) };
    let body = format!(
        "{}\nserver: {}\ndatabase: {}\ndatabase writes: {writes}\n",
        if is_ready { "ready" } else { "not ready" },
        if stops { "stopping" } else { "ok" },
        word(found.reads.as_ref()),
    );
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
