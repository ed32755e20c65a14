//! The Lab's peer: a second listener, and so another origin. It knows the records and the visits, and nothing else.

use axum::{
    Extension, Router,
    extract::FromRef,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post},
};
use leptos::nonce::Nonce;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{
    Lab,
    answer::{self, Run, Target},
    experiment::{Door, Place},
};
use crate::{
    assets::{self, Assets},
    db::Db,
    http::{
        host,
        problem::{Problem, answer_json},
        request_id,
    },
    state::AppState,
};

/// How long a request may take in all.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// The largest body it takes; none is read.
const BODY_LIMIT: usize = 1024;
/// Where the engine is, on both listeners.
pub(super) const ENGINE: &str = "/lab/lab.js";
static CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Everything the peer answers.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/lab/frame", get(frame))
        .route(ENGINE, get(engine))
        .route("/lab/clean/{visit}/{experiment}", post(clean))
        .route("/lab/at/{visit}/{experiment}/{step}", any(step))
        .route("/lab/proxy/{visit}/{experiment}/{step}", any(proxied))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(from_fn_with_state(Lab::from_ref(&state), only_ours))
        .with_state(state)
        .layer(from_fn(answer_json))
        .layer(from_fn(host::one))
        .layer(from_fn(headers))
        .layer(from_fn(request_id::layer))
        .layer(CatchPanicLayer::new())
}

async fn nothing() -> Problem {
    Problem::NotFound
}

/// Answers to its two names only, and to pages of the three origins only. A page that may not ask learns nothing, not
/// even that it may not.
async fn only_ours(State(lab): State<Lab>, mut request: Request, next: Next) -> Response {
    let Ok(inside) = lab.inside() else { return Problem::NotFound.into_response() };
    let Some(place) = inside.origins.asked(request.headers()) else {
        return Problem::Misdirected.into_response();
    };
    let ours = [Place::House, Place::Neighbour, Place::Stranger].map(|place| inside.origins.at(place));
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    if !origins.all(|origin| ours.iter().any(|ours| origin == ours)) {
        return Problem::CrossOriginRequest.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST | Method::OPTIONS) {
        return Problem::MethodNotAllowed.into_response();
    }
    request.extensions_mut().insert(place);
    next.run(request).await
}

/// What holds for every answer. CORS is the experiments' own affair.
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

/// A page for the house to hold in a frame. It does what the house's page tells it to, as a page of its own origin.
async fn frame(State(lab): State<Lab>) -> Result<Response, Problem> {
    let origins = &lab.inside()?.origins;
    let nonce = Nonce::new();
    let (house, neighbour, stranger) = (&origins.house, &origins.neighbour, &origins.stranger);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; connect-src 'self' {house} {neighbour} {stranger}; \
         form-action {house}; frame-src {house}; base-uri 'none'; frame-ancestors {house}"
    );
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" data-lab=\"frame\" data-house=\"{house}\" data-neighbour=\"{neighbour}\" \
         data-stranger=\"{stranger}\">\n<meta charset=\"utf-8\">\n<title>The Lab's peer</title>\n\
         <script type=\"module\" src=\"{ENGINE}\" nonce=\"{nonce}\"></script>\n"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response())
}

async fn engine(State(assets): State<Assets>, request: Request) -> Result<Response, Problem> {
    let file = assets::serve(&assets, request.method(), request.uri().path(), request.headers()).await;
    file.ok_or(Problem::NotFound)
}

/// Takes the cookies of an experiment back.
async fn clean(
    State(lab): State<Lab>,
    Extension(place): Extension<Place>,
    Path(run): Path<Run>,
) -> Result<Response, Problem> {
    let inside = lab.inside()?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    answer::allow_house(response.headers_mut(), &inside.origins);
    answer::forget(response.headers_mut(), run.experiment()?, place, &inside.origins);
    Ok(response)
}

async fn step(
    State(lab): State<Lab>,
    State(db): State<Db>,
    Extension(place): Extension<Place>,
    Path(target): Path<Target>,
    request: Request,
) -> Result<Response, Problem> {
    let found = answer::Request::find(lab.inside()?, &target, place, Door::Open, db.now())?;
    Ok(found.answer(&request.into_parts().0))
}

/// What the house hands on: the record has it as a request to the house.
async fn proxied(
    State(lab): State<Lab>,
    State(db): State<Db>,
    Path(target): Path<Target>,
    request: Request,
) -> Result<Response, Problem> {
    let found = answer::Request::find(lab.inside()?, &target, Place::House, Door::Proxy, db.now())?;
    Ok(found.answer(&request.into_parts().0))
}
