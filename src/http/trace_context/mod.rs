//! `traceparent` (W3C Trace Context): the trace that a request belongs to, so that its lines in the log can be found by
//! the ID that a proxy or a calling service has.
//!
//! With the cargo feature `otel`, the span of the request becomes part of that trace.

#[cfg(feature = "otel")]
mod otel;
mod parent;
#[cfg(not(feature = "otel"))]
mod plain;

use axum::{extract::Request, http::HeaderName};
use tracing::Span;

#[cfg(feature = "otel")]
pub(super) use self::otel::answered;
#[cfg(feature = "otel")]
use self::otel::{begin, join};
#[cfg(not(feature = "otel"))]
pub(super) use self::plain::answered;
#[cfg(not(feature = "otel"))]
use self::plain::{begin, join};

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Makes `span` part of the trace that the headers of `request` name, if they name one.
pub(super) fn adopt(span: &Span, request: &Request) {
    let mut values = request.headers().get_all(&TRACEPARENT).iter();
    let parent = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().and_then(parent::parsed),
        _ => None,
    };
    if let Some(parent) = parent {
        span.record("trace_id", parent.trace);
        join(span, parent);
    }
    begin(span, request, parent.is_none());
}
