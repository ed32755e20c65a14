//! `vestibule serve`

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Config, Failure, log::log, output::say};
use crate::{
    db::{Clock, Db},
    lab::{self, Lab},
    operators::served,
    server,
    settings::{Finding, LabEnabled, Settings, SettingsError, Sources},
    state::AppState,
};

/// Serves until it is asked to stop.
pub(super) fn serve(config: &Config) -> Result<(), Failure> {
    let examined = Settings::examine(&config.file()?, &config.environment);
    let (settings, findings) = examined.map_err(Failure::settings)?;
    SettingsError::refused(&findings).map_err(Failure::settings)?;
    SettingsError::refused(&settings.surroundings()).map_err(Failure::machine)?;
    let sources = config.sources(&settings)?;
    log("info,sqlx=warn");
    for Finding { key, why, .. } in findings {
        tracing::warn!("{key}: {why}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::machine)?;
    runtime.block_on(run_server(settings, sources))
}

async fn run_server(settings: Settings, sources: Sources) -> Result<(), Failure> {
    let address = settings.server.address;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::machine(format!(
            "cannot listen on {address}: {error}. Is another server running? Set LEPTOS_SITE_ADDR"
        ))
    })?;
    let (lab, peer) = open_lab(&settings).await?;
    let (origin, url) = (settings.origin(), settings.database.url.clone());
    let db = Db::open(&url, Clock::default()).await;
    let db = db.map_err(|error| Failure::machine(format!("{error}. {sources}")))?;
    // Not before: whatever ends the start is the only line.
    if let Some(trouble) = lab.inside().ok().and_then(|inside| inside.trouble.as_ref()) {
        tracing::warn!("the Lab cannot be used. {trouble}");
    }
    let state = AppState { lab, ..AppState::new(settings, db.clone()).map_err(Failure::settings)? };
    let app = server::router(state.clone()).map_err(Failure::settings)?;
    let stop = stop_signal().map_err(Failure::machine)?;
    let stopping = CancellationToken::new();
    let stopped = stopping.clone();
    tokio::spawn(async move {
        stop.await;
        stopping.cancel();
    });
    let beside = lab_peer(peer, state.clone(), stopped.clone());
    served::remember(&db, origin.clone()).await;

    tokio::spawn(server::sweep(state));
    say(&format!("Vestibule is open: {origin}"));
    say(&format!("Version {}, listening on {address}. {sources}", env!("CARGO_PKG_VERSION")));
    tokio::join!(server::serve(listener, app, stopped.cancelled()), beside);
    db.close().await;
    Ok(())
}

/// The Lab and its peer's listener. A development server whose port for it is taken goes on, and the page says why
/// nothing can be tried; where the Lab was asked for, that is an error.
async fn open_lab(settings: &Settings) -> Result<(Lab, Option<TcpListener>), Failure> {
    let lab = Lab::of(settings);
    if !lab.is_on() {
        return Ok((lab, None));
    }
    let address = settings.lab.address;
    match TcpListener::bind(address).await {
        Ok(listener) => Ok((lab, Some(listener))),
        Err(error) if settings.lab.enabled == LabEnabled::Always => {
            Err(Failure::machine(format!("cannot listen on {address} for the Lab: {error}. Set lab.address")))
        }
        Err(error) => {
            let trouble = format!("Its peer cannot listen on {address}: {error}. Set lab.address to a free port.");
            Ok((lab.troubled(trouble), None))
        }
    }
}

/// Serves the Lab's peer beside the house, if there is a listener for it.
async fn lab_peer(listener: Option<TcpListener>, state: AppState, stopped: CancellationToken) {
    if let Some(listener) = listener {
        server::serve(listener, lab::peer::router(state), stopped.cancelled()).await;
    }
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
