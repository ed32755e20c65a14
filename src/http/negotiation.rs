//! Content negotiation, `OPTIONS`, caching and compression of the JSON mounts.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::compression::{
    CompressionLayer,
    predicate::{Predicate, SizeAbove},
};

use crate::http::{merge_patch::ACCEPT_PATCH, problem::Problem};

/// In bytes. Compressing a smaller response costs more than it saves.
const WORTH_IT: u16 = 1024;

/// For responses with a strong tag. A proxy that compresses a response makes its tag weak (RFC 9110 sections 7.7 and
/// 8.8.3), and a careful client does not send a weak one in `If-Match`.
static AS_IT_IS: HeaderValue = HeaderValue::from_static("no-store, no-transform");

/// The media type of a stream of events.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// Where it is, below a mount.
const EVENTS: &str = "/events";

/// Answers `OPTIONS` with the allowed methods (RFC 9110 section 9.3.7), and refuses clients that do not accept JSON
/// with 406, before the handler runs. The CORS layer, outside of this one, answers preflights.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let options = request.method() == Method::OPTIONS;
    let headers = request.headers();
    let is_taken = takes_json(headers) || request.uri().path() == EVENTS && takes_events(headers);
    if !options && !is_taken {
        return Problem::NotAcceptable.into_response();
    }
    let mut response = next.run(request).await;
    if response.headers().get(header::ETAG).is_some_and(|tag| tag.as_bytes().starts_with(b"\""))
        && !response.headers().contains_key(header::CACHE_CONTROL)
    {
        response.headers_mut().insert(header::CACHE_CONTROL, AS_IT_IS.clone());
    }
    if options && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // axum adds `Allow` to this response too.
        let mut allowed = StatusCode::NO_CONTENT.into_response();
        if let Some(media_types) = response.headers_mut().remove(&ACCEPT_PATCH) {
            allowed.headers_mut().insert(ACCEPT_PATCH.clone(), media_types);
        }
        return allowed;
    }
    response
}

/// Whether `Accept` is missing, or lists JSON or a range that includes it (RFC 9110 section 12.5.1).
fn takes_json(headers: &HeaderMap) -> bool {
    takes(headers, &["*/*", "application/*", "application/json", "application/problem+json"])
}

/// Whether `Accept` is missing, or lists a stream of events or a range that includes it.
pub(crate) fn takes_events(headers: &HeaderMap) -> bool {
    takes(headers, &["*/*", "text/*", EVENT_STREAM])
}

/// Whether `Accept` is missing, or lists one of `ranges`.
fn takes(headers: &HeaderMap, admitted: &[&str]) -> bool {
    let mut lines = headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return true;
    }
    let ranges: Vec<&str> =
        lines.flat_map(|line| line.to_str().unwrap_or_default().split(',')).map(str::trim).collect();
    ranges.iter().all(|range| range.is_empty()) || ranges.iter().any(|range| admits(range, admitted))
}

fn admits(range: &str, admitted: &[&str]) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let known = admitted.contains(&kind.as_str());
    let refused = parts.any(|part| {
        part.split_once('=').is_some_and(|(name, weight)| {
            name.eq_ignore_ascii_case("q") && weight.parse().is_ok_and(|weight: f32| weight <= 0.0)
        })
    });
    known && !refused
}

/// Compresses lists, for clients that accept it.
///
/// Only lists have a weak tag, which a compressed copy may share; the strong tag of a single resource is compared by
/// `If-Match` (RFC 9110 section 8.8.3.3). And no list holds a secret or text of another user, so its length reveals
/// nothing (BREACH). A new token, a login and the pages are not compressed.
pub(crate) fn compression() -> CompressionLayer<impl Predicate> {
    let list = |_: StatusCode, _: axum::http::Version, headers: &HeaderMap, _: &axum::http::Extensions| {
        headers.get(header::ETAG).is_some_and(|tag| tag.as_bytes().starts_with(b"W/"))
    };
    CompressionLayer::new().gzip(true).compress_when(SizeAbove::new(WORTH_IT).and(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_json() {
        let takes = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, HeaderValue::from_static(line));
            }
            takes_json(&headers)
        };
        for yes in [
            "*/*",
            "application/json",
            "application/problem+json",
            "Application/JSON; charset=utf-8",
            "application/*;q=0.1",
            "text/html, application/xhtml+xml, */*;q=0.8",
            "",
        ] {
            assert!(takes(&[yes]), "{yes}");
        }
        for no in ["text/html", "application/xml", "*/*;q=0", "application/json;q=0.0", "text/*, image/png", "json"] {
            assert!(!takes(&[no]), "{no}");
        }
        assert!(takes(&[]));
        assert!(takes(&["text/html", "application/json"]), "two lines are one list");
    }
}
