//! Sends spans by OTLP over HTTP, if OpenTelemetry's own variables name a collector
//! (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).

use std::{env, sync::OnceLock};

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::cli::output::eprint;

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
const NAME: &str = "vestibule";

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that sends spans; `None` if no collector is named, or if it cannot be used.
pub fn layer<S>() -> Option<impl Layer<S>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if ENDPOINTS.iter().all(|name| env::var_os(name).is_none_or(|value| value.is_empty())) {
        return None;
    }
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.inspect_err(|error| eprint(&format!("no traces are sent: {error}")));
    let resource = Resource::builder();
    let named = env::var_os("OTEL_SERVICE_NAME").is_some();
    let resource = if named { resource } else { resource.with_service_name(NAME) }.build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter.ok()?).with_resource(resource).build();
    let tracer = provider.tracer(NAME);
    let _ = PROVIDER.set(provider);
    Some(tracing_opentelemetry::layer().with_tracer(tracer))
}

/// Sends what is left.
pub fn finish() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown()
    {
        tracing::warn!(%error, "the last traces were not sent");
    }
}
