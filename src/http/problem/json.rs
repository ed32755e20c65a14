//! Problems as `application/problem+json`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Details, NextStep, Problem};
use crate::http::{answer_log::Refusal, request_id::RequestId};

/// The media type of a problem (RFC 9457 section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// [`MEDIA_TYPE`] as a header.
pub static CONTENT_TYPE: HeaderValue = HeaderValue::from_static(MEDIA_TYPE);

/// On responses whose problem is rendered already, even if a later layer changes their content type.
#[derive(Clone, Copy, Debug)]
struct AlreadyRendered;

/// Where the code of a problem is shown by an experiment: codes, and the URLs of their experiments.
#[derive(Clone, Debug, Default)]
pub struct Experiments(Arc<[(&'static str, String)]>);

impl Experiments {
    /// Those of `found`.
    pub fn new(found: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(found.into_iter().collect())
    }

    fn of(&self, problem: &Problem) -> Option<String> {
        self.0.iter().find(|(code, _)| *code == problem.code()).map(|(_, url)| url.clone())
    }
}

/// Keeps [`answer_json`] from wording an error response that has a form of its own, with this `code`.
pub fn worded(mut response: Response, code: &'static str) -> Response {
    response.extensions_mut().insert(AlreadyRendered);
    response.extensions_mut().insert(Refusal::new(code, std::iter::empty()));
    response
}

/// The layer of the JSON mounts: renders every error of the routes below it, those of libraries included.
pub async fn answer_json(State(experiments): State<Experiments>, request: Request, next: Next) -> Response {
    let id = RequestId::of(request.extensions());
    let response = next.run(request).await;
    let is_worded = response.extensions().get::<AlreadyRendered>().is_some()
        || response.headers().get(header::CONTENT_TYPE) == Some(&CONTENT_TYPE);
    match problem_of(&response) {
        Some(problem) if !is_worded => {
            let mut details = describe(&problem, &id);
            details.see.extend(experiments.of(&problem));
            render(response, &details)
        }
        _ => response,
    }
}

/// The problem behind an error `response`: the one that a handler or a layer put into its extensions, or the closest to
/// its status. `None` if the response is no error.
pub fn problem_of(response: &Response) -> Option<Problem> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(response.extensions().get().cloned().unwrap_or_else(|| Problem::from_status(status)))
}

/// `response` with `problem` as its body and status. Its other headers, such as `Allow`, stay.
pub fn problem_response(response: Response, problem: &Problem, id: &RequestId) -> Response {
    render(response, &describe(problem, id))
}

/// `response` with `details` as its body and status. Its other headers stay.
pub fn render(response: Response, details: &Details) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::from_u16(details.status).unwrap_or(parts.status);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, CONTENT_TYPE.clone());
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.extensions.insert(AlreadyRendered);
    let fields = details.errors.iter().map(|error| error.field.as_str());
    parts.extensions.insert(Refusal::new(&details.code, fields));
    Response::from_parts(parts, axum::Json(details).into_response().into_body())
}

/// The wire form of `problem`, for the request `id`.
pub fn describe(problem: &Problem, id: &RequestId) -> Details {
    Details {
        request_id: id.to_string(),
        errors: problem.errors().to_vec(),
        limit: problem.limit().map(|limit| limit.as_str().into()),
        pending: problem.pending().map(str::to_owned),
        see: problem.page().into_iter().map(str::to_owned).collect(),
        next: problem.next_steps().iter().map(|step| NextStep { step: (*step).into() }).collect(),
        ..Details::new(problem.status().as_u16(), problem.code(), problem.title(), problem.detail())
    }
}
