//! `x-request-id`: the id of a request, in its response, in a problem and in every line of the log.

use std::fmt;

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, field};
use uuid::Uuid;

use super::{answer_log::Refusal, origin, trace_context};
use crate::{assets::ServedFile, db::request::within};

static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the current request.
#[derive(Clone, Debug, Default)]
pub struct RequestId(String);

impl RequestId {
    /// The id that [`layer`] put into `extensions`.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The id in the `headers` of a response.
    pub fn told(headers: &HeaderMap) -> Self {
        Self(headers.get(&HEADER).and_then(|id| id.to_str().ok()).unwrap_or_default().into())
    }

    /// Keeps the client's own id if it is short and plain, so that it cannot forge a line of the log (S57).
    fn new(given: Option<&HeaderValue>) -> Self {
        let plain = |id: &&str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let given = given.and_then(|value| value.to_str().ok()).filter(plain);
        Self(given.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The target of the line of each request, by which it can be filtered.
const TARGET: &str = "vestibule::request";

/// Gives the request its id, opens its span, and returns the id in the response. The span holds the path without its
/// query, which may hold a secret (T7), and without the token of a link in an email (S40). The layers inside add the
/// client's address, and the ids of the account and of the token that made the request.
///
/// Each request is one line. That of a health check or of a file of the site is logged at `debug` if all is well.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = RequestId::new(request.headers().get(&HEADER));
    let span = tracing::info_span!(
        "request",
        id = %id,
        method = %request.method(),
        path = shown(request.uri().path()),
        address = field::Empty,
        account = field::Empty,
        token = field::Empty,
        trace_id = field::Empty,
    );
    if !span.is_disabled() {
        trace_context::adopt(&span, &request);
    }
    let is_health_check = matches!(request.uri().path(), "/healthz" | "/readyz");
    let origin = request.headers().get(header::ORIGIN).map(origin::shown);
    request.extensions_mut().insert(id.clone());
    let started = std::time::Instant::now();
    let mut unanswered = Unanswered(Some(span.clone()));
    let mut response = within(&id.0, next.run(request)).instrument(span.clone()).await;
    unanswered.0 = None;
    trace_context::answered(&span, response.status());
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER.clone(), value);
    }
    span.in_scope(|| {
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let refusal = response.extensions().get::<Refusal>();
        let code = refusal.map(|refusal| refusal.code.as_str());
        let fields = refusal.and_then(|refusal| refusal.fields.as_deref());
        let status = response.status();
        let is_file = response.extensions().get::<ServedFile>().is_some();
        let (is_quiet, status) = ((is_health_check || is_file) && status.as_u16() < 400, status.as_u16());
        if is_quiet {
            tracing::debug!(target: TARGET, status, code, fields, origin, took_ms, "answered");
        } else {
            tracing::info!(target: TARGET, status, code, fields, origin, took_ms, "answered");
        }
    });
    response
}

/// Logs, when dropped, that a request got no response: the client disconnected, or the server stopped first.
struct Unanswered(Option<tracing::Span>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(span) = &self.0 {
            span.in_scope(
                || tracing::info!(target: TARGET, "no response: the client disconnected, or the server stopped"),
            );
        }
    }
}

/// `path` for the log. Of all path segments, only the token of a link is this long.
fn shown(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.len() < 40 { part } else { "…" });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_plain_id_and_replaces_the_rest() {
        let kept = RequestId::new(Some(&HeaderValue::from_static("abc-1.2_3")));
        assert_eq!(kept.to_string(), "abc-1.2_3");
        for odd in ["", "with space", "a\tb", &"x".repeat(65)] {
            let replaced = RequestId::new(HeaderValue::from_str(odd).ok().as_ref());
            assert_eq!(replaced.to_string().len(), 32, "{odd:?}");
        }
    }

    #[test]
    fn the_log_learns_no_link() {
        let id = Uuid::now_v7();
        assert_eq!(shown(&format!("/things/{id}/delete")), format!("/things/{id}/delete"));
        assert_eq!(shown(&format!("/reset/link_{}", "x".repeat(38))), "/reset/…");
    }
}
