//! `GET /metrics`, for Prometheus, on a listener of its own: `metrics.address`.

mod collect;
mod listener;
mod process;

use std::sync::Arc;

use super::routes::{Door, Route, routes};
use crate::{
    feature::{Feature, enabled},
    http::{connection_limits::Gate, request_metrics},
    metrics::Text,
    settings::Settings,
    state::AppState,
};

pub use self::{
    listener::{bind, router},
    process::starts as process_starts,
};

/// What metrics are read of.
#[derive(Clone)]
pub struct Sources {
    /// The application.
    pub state: AppState,
    /// The connections.
    pub gate: Gate,
    /// Writes what whoever serves has counted itself.
    pub beside: Arc<dyn Fn(&mut Text) + Send + Sync>,
}

/// Begins to count requests, if metrics are on. Returns whether they are.
pub(super) fn count_requests(settings: &Settings, features: &[Feature]) -> bool {
    if settings.metrics.listens_on().is_none() {
        return false;
    }
    let features: Vec<_> = enabled(features, settings).copied().collect();
    request_metrics::count_by(routes(&features).into_iter().map(|route| {
        let door = door(&route);
        (route.method, route.path, door)
    }));
    true
}

/// The name of the door in metrics.
fn door(route: &Route) -> &'static str {
    match route.door {
        Door::Open if matches!(route.path.as_str(), "/healthz" | "/readyz") => "health",
        Door::Open => "open",
        Door::Token => "token",
        Door::Session if ["/session/", "/fn/"].iter().any(|mount| route.path.starts_with(mount)) => "session",
        Door::Session => "pages",
    }
}
