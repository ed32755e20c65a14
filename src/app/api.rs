//! The JSON resources, written once and mounted on both doors.

use axum::middleware::{from_fn, from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    auth::rate_limit::unauthenticated::limit_unauthenticated,
    feature::Feature,
    http::{
        known_params::{self, KnownParams},
        known_paths::no_such_path,
        negotiation,
        problem::Problem,
        shared::Share,
    },
    state::AppState,
};

/// Everything under `/api/v1`, without its door.
pub(super) fn token_mount(features: &[Feature]) -> OpenApiRouter<AppState> {
    let open = merged(features, |feature| feature.unauthenticated_api).layer(from_fn(limit_unauthenticated));
    let own = merged(features, |feature| feature.token_api);
    with_json_layers("/api/v1", merged(features, |feature| feature.api).merge(own).merge(open))
}

/// Everything under `/session/v1`, without its door.
pub(super) fn session_mount(features: &[Feature]) -> OpenApiRouter<AppState> {
    let own = merged(features, |feature| feature.session_api);
    with_json_layers("/session/v1", merged(features, |feature| feature.api).merge(own))
}

fn merged(
    features: &[Feature],
    routes: impl Fn(&Feature) -> fn() -> OpenApiRouter<AppState>,
) -> OpenApiRouter<AppState> {
    features.iter().fold(OpenApiRouter::new(), |router, feature| router.merge(routes(feature)()))
}

fn with_json_layers(mount: &str, routes: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    let known = KnownParams::of(mount, routes.get_openapi());
    routes
        .fallback(no_such_path)
        .layer(from_fn_with_state(known, known_params::layer))
        .layer(negotiation::compression())
        .layer(from_fn(negotiation::layer))
        .layer(Share)
}

/// The 404 of pages.
pub(super) async fn not_found() -> Problem {
    Problem::NotFound
}
