//! The span of a request, as part of the caller's trace.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
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
