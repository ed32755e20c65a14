//! The JSON resources, written once and mounted on both doors.

use utoipa_axum::router::OpenApiRouter;

use crate::{accounts, notes, problem::Problem, state::AppState, tokens};

/// The resources. Add one line for each of yours.
fn resources() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(accounts::api::routes()).merge(tokens::api::routes()).merge(notes::api::routes())
}

/// Everything under `/api/v1`, without its door.
pub(super) fn token_mount() -> OpenApiRouter<AppState> {
    resources().merge(accounts::api::token_routes()).fallback(not_found)
}

/// Everything under `/session/v1`, without its door.
pub(super) fn session_mount() -> OpenApiRouter<AppState> {
    resources().merge(accounts::api::session_routes()).fallback(not_found)
}

/// A mount's own 404: a nested router would answer with the pages' (T19).
pub(super) async fn not_found() -> Problem {
    Problem::NotFound
}
