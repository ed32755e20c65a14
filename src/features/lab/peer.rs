//! The Lab's peer: a second listener, which is another origin. It serves the Lab and nothing else of the app.

use std::{future::ready, time::Duration};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{
    origins::{Origin, Origins},
    respond::{self, ExperimentPath, StepPath, StepRequest},
    state::Lab,
    step::{Endpoint, FramePage},
};
use crate::{
    assets::{self, Assets},
    http::{
        host, origin,
        problem::{Experiments, Problem, answer_json},
        request_id,
    },
};

/// The most time a request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest body, in bytes. None is read.
const BODY_LIMIT: usize = 1024;
static CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The router of the peer's listener, with `further` routes.
pub(super) fn router(lab: Lab, further: Router<Lab>) -> Router {
    Router::new()
        .merge(further)
        .route("/lab/frame", get(|lab| ready(frame(lab, FramePage::Open))))
        .route("/lab/frame/public", get(|lab| ready(frame(lab, FramePage::Public))))
        .route("/lab/frame/closed", get(|lab| ready(frame(lab, FramePage::Closed))))
        .route("/lab/frame.js", get(script))
        .route("/lab/requests.js", get(script))
        .route("/lab/platform.js", get(script))
        .route("/lab/clean/{session}/{experiment}", post(clean))
        .route("/lab/at/{session}/{experiment}/{step}", any(step))
        .route("/lab/proxy/{session}/{experiment}/{step}", any(forwarded_step))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(from_fn_with_state(lab.clone(), check_origin))
        .with_state(lab)
        .layer(from_fn_with_state(Experiments::default(), answer_json))
        .layer(from_fn(host::one))
        .layer(from_fn(headers))
        .layer(from_fn(request_id::layer))
        .layer(CatchPanicLayer::new())
}

async fn not_found() -> Problem {
    Problem::NotFound
}

/// Refuses requests for other hosts than the peer's two names, and requests of pages of other origins than the three.
/// A refusal carries no CORS header, so such a page cannot read it.
async fn check_origin(State(lab): State<Lab>, mut request: Request, next: Next) -> Response {
    let Some(here) = lab.origins().requested(request.headers()) else {
        let host = request.headers().get(header::HOST).map(origin::shown).unwrap_or_default();
        return Problem::Misdirected(host).into_response();
    };
    let allowed = lab.origins().all();
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    if !origins.all(|origin| allowed.iter().any(|allowed| origin == allowed)) {
        return Problem::CrossOriginRequest.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST | Method::OPTIONS) {
        return Problem::MethodNotAllowed.into_response();
    }
    request.extensions_mut().insert(here);
    next.run(request).await
}

/// The headers of every response. CORS headers are up to the experiments.
async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CORP.clone(), HeaderValue::from_static("cross-origin"));
    let closed = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(closed);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The page that the app's page holds in a frame. It makes requests as a page of the peer's origin.
fn frame(State(lab): State<Lab>, page: FramePage) -> Result<Response, Problem> {
    let Origins { app, same_site, cross_site } = lab.origins();
    let callable = match page {
        FramePage::Closed => String::new(),
        FramePage::Open | FramePage::Public => format!(" {app} {same_site} {cross_site}"),
    };
    // Local Network Access, 2.2: the page counts as one of the internet.
    let space = if page == FramePage::Public { "; treat-as-public-address" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self'; connect-src 'self'{callable}; \
         form-action {app}; frame-src {app}; base-uri 'none'; frame-ancestors {app}{space}"
    );
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" data-app=\"{app}\">\n<meta charset=\"utf-8\">\n\
         <title>The Lab's peer</title>\n<script type=\"module\" src=\"/lab/frame.js\"></script>\n"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response())
}

async fn script(State(assets): State<Assets>, request: Request) -> Result<Response, Problem> {
    let file = assets::serve(&assets, request.method(), request.uri().path(), request.headers()).await;
    file.ok_or(Problem::NotFound)
}

/// Removes the cookies that this host has set in an experiment.
async fn clean(
    State(lab): State<Lab>,
    Extension(here): Extension<Origin>,
    Path(path): Path<ExperimentPath>,
) -> Result<Response, Problem> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    respond::allow_app(response.headers_mut(), lab.origins());
    respond::remove_cookies(response.headers_mut(), path.find()?, here, lab.origins());
    Ok(response)
}

async fn step(
    State(lab): State<Lab>,
    Extension(here): Extension<Origin>,
    Path(path): Path<StepPath>,
    request: Request,
) -> Result<Response, Problem> {
    let step = StepRequest::find(&lab, &path, here, Endpoint::Open)?;
    Ok(step.respond(&request.into_parts().0))
}

/// A request that the app's proxy forwards. The record has it as a request to the app.
async fn forwarded_step(
    State(lab): State<Lab>,
    Path(path): Path<StepPath>,
    request: Request,
) -> Result<Response, Problem> {
    let step = StepRequest::find(&lab, &path, Origin::App, Endpoint::Proxy)?;
    Ok(step.respond(&request.into_parts().0))
}
