//! The log.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Logs to stderr what `RUST_LOG` chooses, or `otherwise`. axum-login's and tower-sessions' own debug lines stay off, since
/// they hold ids and users (T7).
pub(super) fn log(otherwise: &str) {
    let chosen = std::env::var("RUST_LOG").unwrap_or_else(|_| otherwise.into());
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
        .init();
}
