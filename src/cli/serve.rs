//! `vestibule serve`

use std::path::Path;

use tokio::net::TcpListener;

use super::{Failure, load, log::log, output::say};
use crate::{
    db::{Clock, Db},
    server,
    settings::{Finding, Settings},
    state::AppState,
};

/// Serves until it is asked to stop.
pub(super) fn serve(config: &Path) -> Result<(), Failure> {
    let settings = load(config)?;
    log("info,sqlx=warn");
    for Finding { key, why, .. } in settings.findings() {
        tracing::warn!("{key}: {why}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::machine)?;
    runtime.block_on(run_server(settings))
}

async fn run_server(settings: Settings) -> Result<(), Failure> {
    let address = settings.server.address;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::machine(format!(
            "cannot listen on {address}: {error}. Is another server running? Set LEPTOS_SITE_ADDR"
        ))
    })?;
    let (origin, url) = (settings.origin(), settings.database.url.clone());
    let db = Db::open(&url, Clock::default()).await.map_err(Failure::machine)?;
    let state = AppState::new(settings, db.clone()).map_err(Failure::settings)?;
    let app = server::router(state.clone()).map_err(Failure::settings)?;
    let stop = stop_signal().map_err(Failure::machine)?;

    tokio::spawn(server::sweep(state));
    say(&format!("Vestibule is open: {origin}"));
    server::serve(listener, app, stop).await;
    db.close().await;
    Ok(())
}

/// SIGTERM, or Ctrl-C.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
