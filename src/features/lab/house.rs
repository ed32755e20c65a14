//! The Lab's own paths on the house.

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRef, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use tower::ServiceExt;

use super::{
    Lab,
    answer::{self, Run, Target},
    experiment::{Door, Place},
    peer,
};
use crate::{
    db::Db,
    feature::Layers,
    http::{
        client::Client,
        problem::{Problem, answer_json},
        request_id::RequestId,
    },
    state::AppState,
};

/// The Lab's own routes on the site.
pub fn routes(state: &AppState, layers: &Layers) -> Router<AppState> {
    let contained = layers.contained;
    let desk = contained((layers.guard)(desk()));
    // Experiments find the guard of the session door, and nothing of anybody's behind it. What it refuses is for the
    // record of the visit.
    let door = contained((layers.guard)(guarded())).layer(from_fn(answer_json));
    let door = door.layer(from_fn_with_state(state.clone(), witness));
    desk.merge(contained(open())).layer(from_fn(answer_json)).merge(door)
}

/// Coming in, beginning and ending an experiment: for the page only, so behind the same guard as everything of ours.
fn desk() -> Router<AppState> {
    Router::new()
        .route("/lab/visits", post(admit))
        .route("/lab/visits/{visit}/{experiment}/begin", post(begin))
        .route("/lab/visits/{visit}/{experiment}/end", post(end))
}

/// The door that experiments find guarded. The guard itself is put in front where the routers are composed: it is the
/// session door's.
fn guarded() -> Router<AppState> {
    Router::new().route("/lab/guarded/{visit}/{experiment}/{step}", any(guarded_step))
}

/// The doors without a guard. All there is behind them is the record of a visit.
fn open() -> Router<AppState> {
    Router::new()
        .route("/lab/at/{visit}/{experiment}/{step}", any(step))
        .route("/lab/proxy/{visit}/{experiment}/{step}", any(proxy))
}

async fn admit(State(lab): State<Lab>, State(db): State<Db>, client: Client) -> Result<Response, Problem> {
    let admitted = lab.inside()?.visits.admit(db.now(), client.address)?;
    Ok((StatusCode::CREATED, Json(admitted)).into_response())
}

async fn begin(State(lab): State<Lab>, State(db): State<Db>, Path(run): Path<Run>) -> Result<Response, Problem> {
    let inside = lab.inside()?;
    let experiment = run.experiment()?;
    inside.visits.begin(db.now(), run.visit, experiment.id)?;
    let mut headers = HeaderMap::new();
    answer::forget(&mut headers, experiment, Place::House, &inside.origins);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

async fn end(State(lab): State<Lab>, State(db): State<Db>, Path(run): Path<Run>) -> Result<Response, Problem> {
    let inside = lab.inside()?;
    let experiment = run.experiment()?;
    let seen = inside.visits.end(db.now(), run.visit, experiment.id)?;
    let mut headers = HeaderMap::new();
    answer::forget(&mut headers, experiment, Place::House, &inside.origins);
    Ok((headers, Json(seen)).into_response())
}

async fn step(
    State(lab): State<Lab>,
    State(db): State<Db>,
    Path(target): Path<Target>,
    request: Request,
) -> Result<Response, Problem> {
    answered(&lab, &db, &target, Door::Open, request)
}

async fn guarded_step(
    State(lab): State<Lab>,
    State(db): State<Db>,
    Path(target): Path<Target>,
    request: Request,
) -> Result<Response, Problem> {
    answered(&lab, &db, &target, Door::Guarded, request)
}

fn answered(lab: &Lab, db: &Db, target: &Target, door: Door, request: Request) -> Result<Response, Problem> {
    let found = answer::Request::find(lab.inside()?, target, Place::House, door, db.now())?;
    Ok(found.answer(&request.into_parts().0))
}

/// Stands outside of the guard, and writes down what it refuses.
pub async fn witness(
    State(lab): State<Lab>,
    State(db): State<Db>,
    Path(target): Path<Target>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = next.run(Request::from_parts(parts.clone(), body)).await;
    if response.status() == StatusCode::FORBIDDEN
        && let Ok(inside) = lab.inside()
        && let Ok(found) = answer::Request::find(inside, &target, Place::House, Door::Guarded, db.now())
    {
        found.refused(&parts, &mut response);
    }
    response
}

/// Hands a request on to the neighbour, as a development server's proxy does, and its answer back. The two are one
/// program, so there is no socket in between.
async fn proxy(
    State(state): State<AppState>,
    Path(target): Path<Target>,
    request: Request,
) -> Result<Response, Problem> {
    let lab = Lab::from_ref(&state);
    let inside = lab.inside()?;
    let Target { visit, experiment, step } = target;
    let mut onward = Request::new(Body::empty());
    *onward.method_mut() = request.method().clone();
    *onward.headers_mut() = request.headers().clone();
    *onward.uri_mut() = format!("/lab/proxy/{visit}/{experiment}/{step}").parse().map_err(|_| Problem::NotFound)?;
    let authority = HeaderValue::from_str(inside.origins.authority(Place::Neighbour)).map_err(|_| Problem::NotFound)?;
    onward.headers_mut().insert(header::HOST, authority);
    if let Ok(id) = HeaderValue::from_str(&RequestId::of(request.extensions()).to_string()) {
        onward.headers_mut().insert("x-request-id", id);
    }
    let answered = peer::router(state.clone()).oneshot(onward).await;
    Ok(answered.unwrap_or_else(|never| match never {}))
}
