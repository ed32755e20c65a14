//! The span of a request, as part of the caller's trace.

use axum::{
    extract::{MatchedPath, Request},
    http::StatusCode,
};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::parent::Parent;

pub(super) fn join(span: &Span, parent: Parent<'_>) {
    let (Ok(trace), Ok(caller)) = (TraceId::from_hex(parent.trace), SpanId::from_hex(parent.span)) else { return };
    let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let context = SpanContext::new(trace, caller, flags, true, TraceState::NONE);
    // Fails only if no layer of OpenTelemetry is there, and then nothing is lost.
    let _ = span.set_parent(Context::new().with_remote_span_context(context));
}

/// Adds the route to the span. The trace that begins with it, if one `begins`, is named in the log as well.
pub(super) fn begin(span: &Span, request: &Request, begins: bool) {
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        span.set_attribute("http.route", route.as_str().to_owned());
    }
    if !begins {
        return;
    }
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    if trace != TraceId::INVALID {
        span.record("trace_id", trace.to_string());
    }
}

/// Adds the status of the response.
pub fn answered(span: &Span, status: StatusCode) {
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}
