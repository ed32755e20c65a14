//! All routes put together: two doors, and what stands outside of both.

use std::sync::Arc;

use any_spawner::Executor;
use axum::{
    Extension, Router,
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    identity::Identity,
    metrics,
    readiness::ready,
    session_door::session_door,
    token_door::{description, token_door},
};
use crate::{
    feature::{Feature, StatefulRoutes, enabled, have_front_page},
    http::{
        client::{self, Proxies},
        host::{self, Hosts},
        in_process::InProcess,
        problem::{Problem, problem_response},
        redirect::see_other,
        request_id::{self, RequestId},
        request_metrics,
        security_headers::{self, Policy},
        shared::Share,
    },
    state::AppState,
};

/// The whole application.
///
/// # Errors
/// One line for the operator.
pub fn router(state: AppState, features: &[Feature], stateful: Vec<StatefulRoutes>) -> Result<Router, String> {
    // Rendering needs it; a second router of the same process finds it done.
    let _ = Executor::init_tokio();
    let features: Vec<_> = enabled(features, &state.settings).copied().collect();
    let policy = Policy::of(&state.settings, &state.site.secret_paths, state.site.links.reports_to);
    let proxies = Proxies::new(&state.settings.server)?;
    let hosts = Hosts::of(&state.settings);
    let callers: Vec<_> = stateful.iter().filter_map(|feature| feature.in_process.clone()).collect();
    let mut app = Router::new();
    if !have_front_page(&features) {
        let first = state.site.links.nav.first().map_or("/account", |link| link.path);
        app = app.route("/", get(move || async move { see_other(first) }));
    }
    let is_counted = metrics::count_requests(&state.settings, &features);
    let app = app
        .merge(description(&state, &features))
        .nest("/api", token_door(&state, &features)?)
        .merge(session_door(&state, &features, stateful)?)
        .route("/.well-known/change-password", get(|| async { see_other("/account/password") }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready).layer(Extension(Identity::new(state.db.clone()))))
        .layer(Extension(state.site.links.clone()))
        .with_state(state)
        .layer(Share)
        .layer(from_fn_with_state(hosts, host::layer))
        .layer(from_fn(host::one))
        .layer(from_fn(refuse_odd))
        .layer(Share)
        .layer(from_fn_with_state(policy, security_headers::layer))
        .layer(from_fn_with_state(proxies, client::layer))
        .layer(from_fn(request_id::layer))
        .layer(CatchPanicLayer::new());
    let app = if is_counted { app.layer(from_fn(request_metrics::layer)) } else { app };
    Ok(if callers.is_empty() { app } else { called_by(&callers, app) })
}

/// `app`, which `callers` call in process.
fn called_by(callers: &[InProcess], app: Router) -> Router {
    let inner = Arc::new(app.clone());
    for caller in callers {
        caller.set(&inner);
    }
    // Keeps it for as long as the router lives that requests come to.
    app.layer(Extension(inner))
}

/// Methods that ask for nothing we do, and targets without a path, which rendering would not survive (S36, T16).
async fn refuse_odd(request: Request, next: Next) -> Response {
    let odd = matches!(*request.method(), Method::TRACE | Method::CONNECT) || !request.uri().path().starts_with('/');
    if !odd {
        return next.run(request).await;
    }
    let response = Problem::MethodNotAllowed.into_response();
    let mut response = problem_response(response, &Problem::MethodNotAllowed, &RequestId::of(request.extensions()));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}
