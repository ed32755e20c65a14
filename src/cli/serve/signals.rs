//! The signals that the server knows.

use std::io::{self, IsTerminal};

use tokio::signal::unix::{SignalKind, signal};

/// Resolves when the server has to stop: at SIGTERM, or Ctrl-C, or when the terminal closes that it was started in.
/// SIGHUP without a terminal is what service managers send for a reload: it is logged and ends nothing, since all
/// settings are read at the start only.
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (mut hang_up, in_terminal) = (signal(SignalKind::hangup())?, io::stdin().is_terminal());
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hang_up.recv() => {
                    if in_terminal {
                        return;
                    }
                    tracing::warn!("SIGHUP changes nothing: settings are read at the start only, so restart the server");
                }
            }
        }
    })
}
