//! The listener of `vestibule serve` for Prometheus.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::backup_timer::BACKUPS;
use crate::{
    app::metrics::{Sources, router},
    http::{
        connection_limits::{Gate, Timeouts},
        listener::serve as serve_on,
    },
    metrics::Text,
    settings::{Server, Settings},
    state::AppState,
};

/// How many connections may be open. They have a limit of their own, so that metrics can be read while the site's is
/// reached.
const CONNECTIONS: u32 = 32;

/// Serves the metrics of `state` and `gate` until the server has `stopped`.
///
/// # Errors
/// One line for the operator.
pub(super) fn serve(
    listener: TcpListener,
    state: &AppState,
    gate: Gate,
    stopped: CancellationToken,
) -> Result<impl Future<Output = ()> + use<>, String> {
    let server = Server { connections: CONNECTIONS, connections_per_network: CONNECTIONS, ..Server::default() };
    let own = Gate::new(&Settings { server, ..Settings::default() }, Timeouts::default())?;
    let sources = Sources { state: state.clone(), gate, beside: Arc::new(|text: &mut Text| BACKUPS.write(text)) };
    Ok(serve_on(listener, router(sources), own, stopped.cancelled_owned()))
}
