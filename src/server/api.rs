//! The JSON resources, written once and mounted on both doors.

use axum::middleware::from_fn;
use utoipa_axum::router::OpenApiRouter;

use super::manners;
use crate::{accounts, doors::limits, notes, problem::Problem, state::AppState, tokens};

/// The resources. Add one line for each of yours.
fn resources() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(accounts::api::routes()).merge(tokens::api::routes()).merge(notes::api::routes())
}

/// Everything under `/api/v1`, without its door.
pub(super) fn token_mount() -> OpenApiRouter<AppState> {
    let anybodys = OpenApiRouter::new()
        .merge(accounts::api::login_route())
        .merge(tokens::api::found_routes())
        .layer(from_fn(limits::strangers));
    mannered(resources().merge(accounts::api::token_routes()).merge(anybodys))
}

/// Everything under `/session/v1`, without its door.
pub(super) fn session_mount() -> OpenApiRouter<AppState> {
    mannered(resources().merge(accounts::api::session_routes()))
}

fn mannered(routes: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    routes.fallback(not_found).layer(manners::compression()).layer(from_fn(manners::layer))
}

/// A mount's own 404: a nested router would answer with the pages' (T19).
pub(super) async fn not_found() -> Problem {
    Problem::NotFound
}
