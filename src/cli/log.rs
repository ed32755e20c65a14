//! The log.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt};

use super::traces;
use crate::settings::LogFormat;

/// Starts logging to stderr, for people.
pub(super) fn log(default: &str) {
    log_as(default, LogFormat::Text);
}

/// Starts logging to stderr, filtered by `RUST_LOG`, or by `default` if that is not set. Debug lines of axum-login and
/// tower-sessions stay off, because they contain session ids and users (T7).
pub(super) fn log_as(default: &str, format: LogFormat) {
    let chosen = std::env::var("RUST_LOG").unwrap_or_else(|_| default.into());
    let mut filter = EnvFilter::new(chosen);
    for quiet in ["axum_login=warn", "tower_sessions=error", "tower_sessions_core=error"] {
        if let Ok(directive) = quiet.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let lines = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    registry().with(filter).with(lines).with(traces::layer()).init();
}
