//! The span of a request, as OpenTelemetry's conventions have it
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>). The log keeps its own names.

use std::time::Duration;

use opentelemetry::{Context, trace::SpanKind};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

const METHOD: &str = "http.request.method";

/// Renames what the log calls differently, and passes the span on.
#[derive(Debug)]
pub(super) struct Conventional<P>(pub(super) P);

impl<P: SpanProcessor> SpanProcessor for Conventional<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.0.on_start(span, context);
    }

    fn on_end(&self, mut span: SpanData) {
        if span.name == "request" {
            rename(&mut span);
        }
        self.0.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn rename(span: &mut SpanData) {
    span.span_kind = SpanKind::Server;
    span.attributes.retain(|attribute| attribute.key.as_str() != "trace_id");
    for attribute in &mut span.attributes {
        let name = match attribute.key.as_str() {
            "method" => METHOD,
            "path" => "url.path",
            "address" => "client.address",
            _ => continue,
        };
        attribute.key = name.into();
    }
    let value = |name| span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
    let named = [METHOD, "http.route"].into_iter().filter_map(value).map(|attribute| attribute.value.to_string());
    span.name = named.collect::<Vec<_>>().join(" ").into();
}
