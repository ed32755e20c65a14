//! Sends spans by OTLP over HTTP, if OpenTelemetry's own variables name a collector
//! (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).

use std::{env, sync::OnceLock, time::Duration};

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use super::conventional::Conventional;
use crate::cli::output::eprint;

/// The first that is set counts.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const NAME: &str = "vestibule";
/// How long a collector that does not answer may delay the end of the process.
const PATIENCE: Duration = Duration::from_secs(2);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that sends spans; `None` if no collector is named, or if it cannot be used.
pub fn layer<S>() -> Option<impl Layer<S>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let endpoint = ENDPOINTS.iter().filter_map(|name| env::var(name).ok()).find(|endpoint| !endpoint.is_empty())?;
    let none_are_sent = |why: &str| eprint(&format!("no traces are sent: {why}"));
    // The client has no TLS, and would try for good.
    if endpoint.to_ascii_lowercase().starts_with("https:") {
        none_are_sent("the collector has to be named by http, not https");
        return None;
    }
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.inspect_err(|error| none_are_sent(&error.to_string()));
    let resource = Resource::builder();
    let named = env::var_os("OTEL_SERVICE_NAME").is_some();
    let resource = if named { resource } else { resource.with_service_name(NAME) }.build();
    let batches = BatchSpanProcessor::builder(exporter.ok()?).build();
    let provider =
        SdkTracerProvider::builder().with_span_processor(Conventional(batches)).with_resource(resource).build();
    let tracer = provider.tracer(NAME);
    let _ = PROVIDER.set(provider);
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    // A span is told apart by its route: where it stands in our code says nothing to an operator.
    Some(layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false))
}

/// Sends what is left.
pub fn finish() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown_with_timeout(PATIENCE)
    {
        tracing::warn!(%error, "the last traces were not sent");
    }
}
