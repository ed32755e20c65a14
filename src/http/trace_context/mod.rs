//! `traceparent` (W3C Trace Context): the trace that a request belongs to, so that its lines in the log can be found by
//! the ID that a proxy or a calling service has.
//!
//! With the cargo feature `otel`, the span of the request becomes part of that trace.

#[cfg(feature = "otel")]
mod otel;
mod parent;
#[cfg(not(feature = "otel"))]
mod plain;

use axum::http::{HeaderMap, HeaderName};
use tracing::Span;

#[cfg(feature = "otel")]
use self::otel::join;
#[cfg(not(feature = "otel"))]
use self::plain::join;

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Makes `span` part of the trace that `headers` name, if they name one.
pub(super) fn adopt(span: &Span, headers: &HeaderMap) {
    let mut values = headers.get_all(&TRACEPARENT).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return };
    if let Some(parent) = value.to_str().ok().and_then(parent::parsed) {
        span.record("trace_id", parent.trace);
        join(span, parent);
    }
}
