//! OpenTelemetry: with the cargo feature `otel`, the spans of requests are sent to a collector.

#[cfg(feature = "otel")]
mod conventional;
#[cfg(feature = "otel")]
mod otel;
#[cfg(not(feature = "otel"))]
mod plain;

#[cfg(feature = "otel")]
pub(super) use self::otel::{finish, layer};
#[cfg(not(feature = "otel"))]
pub(super) use self::plain::{finish, layer};
