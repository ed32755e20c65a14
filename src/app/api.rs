//! The JSON resources, written once and mounted on both doors.

use axum::middleware::from_fn;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    auth::rate_limit::requests,
    features::{accounts, notes, tokens},
    http::{negotiation, problem::Problem},
    state::AppState,
};

/// The resources. Add one line for each of yours.
fn resources() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(accounts::api::routes()).merge(tokens::api::routes()).merge(notes::api::routes())
}

/// Everything under `/api/v1`, without its door.
pub(super) fn token_mount() -> OpenApiRouter<AppState> {
    let anybodys = OpenApiRouter::new()
        .merge(accounts::api::login_route())
        .merge(tokens::api::found_routes())
        .layer(from_fn(requests::limit_unauthenticated));
    mannered(resources().merge(accounts::api::token_routes()).merge(anybodys))
}

/// Everything under `/session/v1`, without its door.
pub(super) fn session_mount() -> OpenApiRouter<AppState> {
    mannered(resources().merge(accounts::api::session_routes()))
}

fn mannered(routes: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    routes.fallback(not_found).layer(negotiation::compression()).layer(from_fn(negotiation::layer))
}

/// A mount's own 404: a nested router would answer with the pages' (T19).
pub(super) async fn not_found() -> Problem {
    Problem::NotFound
}
