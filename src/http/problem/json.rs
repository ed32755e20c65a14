//! Problems as `application/problem+json`.

use axum::{
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Details, Problem};
use crate::http::request_id::RequestId;

/// The layer of the JSON mounts: words every error of the routes below it, those of libraries included.
pub async fn answer_json(request: Request, next: Next) -> Response {
    let id = RequestId::of(request.extensions());
    let response = next.run(request).await;
    let status = response.status();
    let is_worded = response.extensions().get::<AlreadyRendered>().is_some()
        || response.headers().get(header::CONTENT_TYPE) == Some(&CONTENT_TYPE);
    if is_worded || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = response.extensions().get::<Problem>().cloned();
    let problem = problem.unwrap_or_else(|| Problem::from_status(status));
    problem_response(response, &problem, &id)
}

/// On answers that have their words already, whatever they are labelled with since.
#[derive(Clone, Copy, Debug)]
struct AlreadyRendered;

/// What a problem is labelled with (RFC 9457 section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// [`MEDIA_TYPE`] as a header.
pub static CONTENT_TYPE: HeaderValue = HeaderValue::from_static(MEDIA_TYPE);

/// `response` with `problem` for its body; its other headers, such as `Allow`, stay.
pub fn problem_response(response: Response, problem: &Problem, id: &RequestId) -> Response {
    let body = axum::Json(describe(problem, id)).into_response().into_body();
    let (mut parts, _) = response.into_parts();
    parts.status = problem.status();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, CONTENT_TYPE.clone());
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.extensions.insert(AlreadyRendered);
    Response::from_parts(parts, body)
}

/// The wire form of `problem`, met by the request `id`.
pub fn describe(problem: &Problem, id: &RequestId) -> Details {
    Details {
        r#type: format!("urn:vestibule:problem:{}", problem.code()),
        title: problem.title().into(),
        status: problem.status().as_u16(),
        detail: problem.detail(),
        code: problem.code().into(),
        request_id: id.to_string(),
        errors: problem.errors().to_vec(),
    }
}
