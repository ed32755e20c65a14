//! `vestibule serve`

use std::time::Duration;

use tokio::{
    net::TcpListener,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{Config, Failure, log::log, output::say};
use crate::{
    app::FEATURES,
    cli::operators::served,
    db::{Clock, Db},
    feature::site,
    features::lab::{self, Lab},
    http::connection_limits::{Gate, Timeouts},
    mail::Mailer,
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
    let result = runtime.block_on(run_server(settings, sources));
    // Not at once: what still runs says so in the log as it is dropped, and a look-up of a name may hang.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

/// How the time for stopping is shared out: requests first, then writes and mails, then the database's own end (S44).
#[derive(Clone, Copy, Debug)]
struct Share(Duration);

impl Share {
    fn requests(self) -> Duration {
        self.0 * 3 / 4
    }

    fn writes(self) -> Duration {
        self.0 * 9 / 10
    }
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
    let share = Share(Duration::from_secs(settings.server.shutdown_seconds.into()));
    let timeouts = Timeouts { grace: share.requests(), ..Timeouts::default() };
    let gate = Gate::new(&settings, timeouts).map_err(Failure::settings)?;
    let development = settings.is_development();
    let db = Db::open(&url, Clock::default()).await;
    let db = db.map_err(|error| Failure::machine(format!("{error}. {sources}")))?;
    // Not before: whatever ends the start is the only line.
    if let Some(trouble) = lab.inside().ok().and_then(|inside| inside.trouble.as_ref()) {
        tracing::warn!("the Lab cannot be used. {trouble}");
    }
    let mut site = site(FEATURES, &settings);
    site.own.insert(lab);
    let state = AppState::new(settings, db.clone(), site).map_err(Failure::settings)?;
    let app = crate::app::router(state.clone(), FEATURES).map_err(Failure::settings)?;
    let stop = stop_signal().map_err(Failure::machine)?;
    let stopping = CancellationToken::new();
    let stopped = stopping.clone();
    let asked_to_stop = tokio::spawn(async move {
        stop.await;
        stopping.cancel();
        Instant::now()
    });
    let beside = lab_peer(peer, state.clone(), gate.clone(), stopped.clone());
    let mailer = state.mailer.clone();
    let outbox = development.then(|| state.dev_key.url(&origin));
    served::remember(&db, origin.clone()).await;

    tokio::spawn(crate::app::sweep(state, FEATURES));
    say(&format!("Vestibule is open: {origin}"));
    say(&format!("Version {}, listening on {address}. {sources}", env!("CARGO_PKG_VERSION")));
    if let Some(url) = outbox {
        say(&format!("Mail is shown at: {url}"));
    }
    tokio::join!(crate::http::listener::serve(listener, app, gate, stopped.cancelled()), beside);
    let stopped = asked_to_stop.await.unwrap_or_else(|_| Instant::now());
    finish(&db, &mailer, stopped, share).await;
    Ok(())
}

/// Lets writes and mails come to their end, for as long as there is time.
async fn finish(db: &Db, mailer: &Mailer, stopped: Instant, share: Share) {
    if timeout_at(stopped + share.writes(), db.settled()).await.is_err() {
        mailer.give_up();
    }
    if timeout_at(stopped + share.0, db.close()).await.is_err() {
        tracing::warn!(
            writes = db.running(),
            "the database was not closed in time; the next start goes on from its log"
        );
    }
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
async fn lab_peer(listener: Option<TcpListener>, state: AppState, gate: Gate, stopped: CancellationToken) {
    if let Some(listener) = listener {
        crate::http::listener::serve(listener, lab::peer::router(state), gate, stopped.cancelled()).await;
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
