//! The Lab's endpoints on the app.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use tower::ServiceExt;

use super::{
    doctor,
    origins::Origin,
    peer,
    respond::{self, ExperimentPath, StepPath, StepRequest},
    state::Lab,
    step::Endpoint,
};
use crate::{
    auth::same_origin::{self, SameOrigin},
    http::{
        client::Client,
        problem::{Experiments, Problem, answer_json},
        request_id::RequestId,
    },
};

/// The endpoints of `lab`, with the same-origin guard of the session door where they need it.
pub(super) fn routes(lab: &Lab, guard: &SameOrigin) -> Router<Lab> {
    let guard = || from_fn_with_state(guard.clone(), same_origin::guard);
    // Only the Lab's own page may create, begin and end.
    let sessions = Router::new()
        .route("/lab/sessions", post(create))
        .route("/lab/sessions/{session}/{experiment}/begin", post(begin))
        .route("/lab/sessions/{session}/{experiment}/end", post(end))
        .layer(guard());
    // The very guard that protects the app's pages: experiments show what it refuses.
    let guarded = Router::new()
        .route("/lab/guarded/{session}/{experiment}/{step}", any(guarded_step))
        .layer(guard())
        .layer(from_fn_with_state(Experiments::default(), answer_json))
        .layer(from_fn_with_state(lab.clone(), record_refusals));
    // Without the guard. They write to the record of a session and do nothing else.
    let open = Router::new()
        .route("/lab/at/{session}/{experiment}/{step}", any(step))
        .route("/lab/proxy/{session}/{experiment}/{step}", any(proxy))
        .route(doctor::SCRIPTS, get(doctor::serve));
    sessions.merge(guarded).merge(open)
}

async fn create(State(lab): State<Lab>, client: Client) -> Result<Response, Problem> {
    let session = lab.sessions().create(lab.now(), client.address)?;
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

async fn begin(State(lab): State<Lab>, Path(path): Path<ExperimentPath>) -> Result<Response, Problem> {
    let experiment = path.find()?;
    lab.sessions().begin(lab.now(), path.session, experiment.id)?;
    let mut headers = HeaderMap::new();
    respond::remove_cookies(&mut headers, experiment, Origin::App, lab.origins());
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

async fn end(State(lab): State<Lab>, Path(path): Path<ExperimentPath>) -> Result<Response, Problem> {
    let experiment = path.find()?;
    let seen = lab.sessions().end(lab.now(), path.session, experiment.id)?;
    let mut headers = HeaderMap::new();
    respond::remove_cookies(&mut headers, experiment, Origin::App, lab.origins());
    Ok((headers, Json(seen)).into_response())
}

async fn step(State(lab): State<Lab>, Path(path): Path<StepPath>, request: Request) -> Result<Response, Problem> {
    let step = StepRequest::find(&lab, &path, Origin::App, Endpoint::Open)?;
    Ok(step.respond(&request.into_parts().0))
}

async fn guarded_step(
    State(lab): State<Lab>,
    Path(path): Path<StepPath>,
    request: Request,
) -> Result<Response, Problem> {
    let step = StepRequest::find(&lab, &path, Origin::App, Endpoint::Guarded)?;
    Ok(step.respond(&request.into_parts().0))
}

/// Records the requests that the guard refuses. It runs outside of the guard.
async fn record_refusals(State(lab): State<Lab>, Path(path): Path<StepPath>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = next.run(Request::from_parts(parts.clone(), body)).await;
    if response.status() == StatusCode::FORBIDDEN
        && let Ok(step) = StepRequest::find(&lab, &path, Origin::App, Endpoint::Guarded)
    {
        step.record_refusal(&parts, &mut response);
    }
    response
}

/// Forwards a request to the same-site origin, as a development server's proxy does, and returns the response. Both run
/// in one process, so no socket is needed.
async fn proxy(State(lab): State<Lab>, Path(path): Path<StepPath>, request: Request) -> Result<Response, Problem> {
    let StepPath { session, experiment, step } = path;
    let mut forwarded = Request::new(Body::empty());
    *forwarded.method_mut() = request.method().clone();
    *forwarded.headers_mut() = request.headers().clone();
    *forwarded.uri_mut() =
        format!("/lab/proxy/{session}/{experiment}/{step}").parse().map_err(|_| Problem::NotFound)?;
    let authority = lab.origins().authority(Origin::SameSite);
    let authority = HeaderValue::from_str(authority).map_err(|_| Problem::NotFound)?;
    forwarded.headers_mut().insert(header::HOST, authority);
    if let Ok(id) = HeaderValue::from_str(&RequestId::of(request.extensions()).to_string()) {
        forwarded.headers_mut().insert("x-request-id", id);
    }
    let response = peer::router(lab, Router::new()).oneshot(forwarded).await;
    Ok(response.unwrap_or_else(|never| match never {}))
}
