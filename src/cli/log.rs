//! The log.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging to stderr, filtered by `RUST_LOG`, or by `default` if that is not set. Debug lines of axum-login and
/// tower-sessions stay off, because they contain session ids and users (T7).
pub(super) fn log(default: &str) {
    let chosen = std::env::var("RUST_LOG").unwrap_or_else(|_| default.into());
    let mut filter = EnvFilter::new(chosen);
    for quiet in ["axum_login=warn", "tower_sessions=error", "tower_sessions_core=error"] {
        if let Ok(directive) = quiet.parse() {
            filter = filter.add_directive(directive);
        }
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // It would write to stderr that it cannot write to stderr, and panic in the middle of a request.
        .log_internal_errors(false)
        .init();
}
