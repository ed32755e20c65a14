//! The doctor's scripts, for pages of any origin.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use crate::{
    assets::{self, Assets},
    http::problem::Problem,
};

/// The route of the scripts.
pub const PATH: &str = "/lab/doctor/{file}";

static CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// `GET /lab/doctor/{file}`: a script, which a page of any origin may load. It is the same for everybody, so `*` gives
/// nothing away.
pub async fn serve(State(assets): State<Assets>, request: Request) -> Result<Response, Problem> {
    let file = assets::serve(&assets, request.method(), request.uri().path(), request.headers()).await;
    let mut response = file.ok_or(Problem::NotFound)?;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CORP.clone(), HeaderValue::from_static("cross-origin"));
    Ok(response)
}
