//! `vestibule serve`

mod signals;
mod socket;
mod systemd;

use std::time::Duration;

use axum::Router;
use clap::Args;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use self::socket::SocketFile;
use super::{
    backup_timer, config::Config, failure::Failure, local_https, log::log_as, metrics, output::say, passwords,
    sqlite_lock, traces,
};
use crate::{
    app::{self, FEATURES, version},
    cli::operators::served,
    db::{Clock, Db, moving, restored},
    feature::{self, ExtraListener, Stateful, StatefulRoutes, enabled},
    http::{
        connection_limits::{Gate, Timeouts},
        listener::{Listener, serve_over},
        tls::Tls,
    },
    mail::Mailer,
    settings::{Finding, ListenAddress, LogFormat, Settings, SettingsError, Sources},
    state::AppState,
};

/// `vestibule serve`
#[derive(Debug, Default, Args)]
pub(super) struct Serve {
    /// Serve `https://localhost` with a certificate made for this machine, for development
    #[arg(long)]
    local_https: bool,
}

impl Serve {
    /// Runs the server until it receives SIGTERM or Ctrl-C.
    pub(super) fn run(self, mut config: Config) -> Result<(), Failure> {
        app::metrics::process_starts();
        if !self.local_https {
            return serve(&config, None);
        }
        let settings = Settings::read(&config.file()?, &config.environment).map_err(Failure::usage)?;
        let url = local_https::public_url(&settings).map_err(Failure::usage)?;
        let over = local_https::prepare(&config.environment).map_err(Failure::machine)?;
        // The Lab's peer has the same certificate.
        if let Some((same_site, cross_site)) = settings.lab.local_https_peer(&url) {
            config.environment.insert("VESTIBULE_LAB__SAME_SITE_URL".into(), same_site);
            config.environment.insert("VESTIBULE_LAB__CROSS_SITE_URL".into(), cross_site);
        }
        config.environment.insert("VESTIBULE_SERVER__PUBLIC_URL".into(), url.into());
        serve(&config, Some(over))
    }
}

/// A certificate, and the lines that say how to trust it.
type Local = (Tls, Vec<String>);

fn serve(config: &Config, local: Option<Local>) -> Result<(), Failure> {
    let examined = Settings::examine(&config.file()?, &config.environment);
    let (settings, findings) = examined.map_err(Failure::usage)?;
    let format = settings.log.format;
    log_as("info,sqlx=warn", format);
    let result = start(config, settings, findings, local);
    traces::finish();
    match format {
        LogFormat::Text => result,
        // A program that reads the log reads nothing else.
        LogFormat::Json => result.map_err(Failure::logged),
    }
}

fn start(config: &Config, settings: Settings, findings: Vec<Finding>, local: Option<Local>) -> Result<(), Failure> {
    SettingsError::refused(&findings).map_err(Failure::usage)?;
    SettingsError::refused(&settings.machine_findings()).map_err(Failure::machine)?;
    let (of_breached, _) = passwords::examine(&settings);
    SettingsError::refused(&of_breached).map_err(Failure::machine)?;
    let sources = config.sources(&settings)?;
    for Finding { key, message, .. } in findings.into_iter().chain(of_breached) {
        tracing::warn!("{key}: {message}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::machine)?;
    let result = runtime.block_on(run_server(settings, sources, local));
    // With a limit, because a DNS lookup may hang. Tasks that are still running log it when they are dropped.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

/// Says that the server runs: to people on stdout, to programs in the log.
fn announce(format: LogFormat, line: &str) {
    match format {
        LogFormat::Text => say(line),
        LogFormat::Json => tracing::info!("{line}"),
    }
}

/// The time to stop in: for requests first, then for writes and mails, then for closing the database (S44).
#[derive(Clone, Copy, Debug)]
struct Grace(Duration);

impl Grace {
    fn requests(self) -> Duration {
        self.0 * 3 / 4
    }

    fn writes(self) -> Duration {
        self.0 * 9 / 10
    }
}

async fn run_server(settings: Settings, sources: Sources, local: Option<Local>) -> Result<(), Failure> {
    let (tls, how_to_trust) = local.unzip();
    let address = settings.server.address.clone();
    let (listener, socket_file) = bind(&settings).await.map_err(Failure::machine)?;
    let extras = bind_extras(&settings).await?;
    let measured = app::metrics::bind(&settings).await.map_err(Failure::machine)?;
    let (origin, database, allowed) =
        (settings.origin(), settings.database.url.clone(), settings.allowed_origins_summary());
    let (mail, connections) = (settings.mail.summary(), settings.database.connections);
    let grace = Grace(Duration::from_secs(settings.server.shutdown_seconds.into()));
    let timeouts = Timeouts { grace: grace.requests(), ..Timeouts::default() };
    let gate = Gate::new(&settings, timeouts).map_err(Failure::usage)?;
    let (development, format) = (settings.is_development(), settings.log.format);
    // As long as the other server may take to stop.
    let drain = Duration::from_secs(settings.server.drain_seconds.into());
    let lock = sqlite_lock::take(&database, grace.0 + drain).await;
    let lock = lock.map_err(|error| Failure::machine(format!("{error}. {sources}")))?;
    let db = Db::open_with(&database, Clock::default(), connections).await;
    let db = db.map_err(|error| Failure::machine(format!("{error}. {sources}")))?;
    if let Some(copy) = restored::refusal(&db).await.map_err(Failure::machine)? {
        db.close().await;
        return Err(Failure::usage(format!("{copy}. {sources}")));
    }
    if let Some(moved) = moving::refusal(&db).await.map_err(Failure::machine)? {
        db.close().await;
        return Err(Failure::usage(format!("{moved}. {sources}")));
    }
    let backups = settings.clone();
    let state = feature::state(settings, db.clone(), FEATURES).map_err(Failure::usage)?;
    let (features, peers) = build(&state, extras).map_err(Failure::usage)?;
    let app = app::router(state.clone(), FEATURES, features).map_err(Failure::usage)?;
    let stop = signals::stop().map_err(Failure::machine)?;
    let stopping = CancellationToken::new();
    let (stopped, events) = (stopping.clone(), state.events.clone());
    let draining = state.draining.clone();
    let signalled = tokio::spawn(async move {
        stop.await;
        systemd::notify("STOPPING=1");
        draining.begin();
        sleep(drain).await;
        events.close();
        stopping.cancel();
        Instant::now()
    });
    let mut beside = JoinSet::new();
    for (listener, router) in peers {
        let stop = stopped.clone().cancelled_owned();
        beside.spawn(serve_over(listener, tls.clone(), router, gate.clone(), stop));
    }
    if let Some(listener) = measured {
        beside.spawn(metrics::serve(listener, &state, gate.clone(), stopped.clone()).map_err(Failure::usage)?);
    }
    let mailer = state.mailer.clone();
    let outbox = development.then(|| state.dev_key.url(&origin));
    served::warn_of_lost_passkeys(&db, &backups).await;
    served::remember(&db, origin.clone()).await;

    let sending = tokio::spawn(mailer.clone().run());
    tokio::spawn(backup_timer::run(db.clone(), backups));
    tokio::spawn(app::run_jobs(state, FEATURES));
    tokio::spawn(systemd::keep_alive());
    announce(format, &format!("Vestibule is running at {origin}"));
    let version = version::described();
    announce(format, &format!("Version {version}, listening on {address}. {sources} {mail} {allowed}"));
    if let Some(url) = outbox {
        announce(format, &format!("Mail is shown at {url}"));
    }
    for line in how_to_trust.into_iter().flatten() {
        announce(format, &line);
    }
    systemd::notify("READY=1");
    tokio::join!(serve_over(listener, tls, app, gate, stopped.cancelled()), beside.join_all());
    let stopped = signalled.await.unwrap_or_else(|_| Instant::now());
    sending.abort();
    drop(socket_file);
    finish(&db, &mailer, stopped, grace).await;
    drop(lock);
    Ok(())
}

/// Listens where the settings say. The file of a UNIX socket is there until the second value is dropped.
async fn bind(settings: &Settings) -> Result<(Listener, Option<SocketFile>), String> {
    match &settings.server.address {
        ListenAddress::Tcp(address) => match TcpListener::bind(address).await {
            Ok(listener) => Ok((listener.into(), None)),
            Err(error) => Err(format!(
                "cannot listen on {address}: {error}. Is another server running? Set LEPTOS_SITE_ADDR to another \
                 address"
            )),
        },
        ListenAddress::Unix(path) => {
            let mode = settings.server.permissions().unwrap_or(0o600);
            let (listener, file) = socket::bind(path, mode)?;
            Ok((listener.into(), Some(file)))
        }
    }
}

/// Waits for running writes and mails, then closes the database, as long as there is time.
async fn finish(db: &Db, mailer: &Mailer, stopped: Instant, grace: Grace) {
    if timeout_at(stopped + grace.writes(), db.wait_idle()).await.is_err() {
        mailer.give_up();
    }
    if timeout_at(stopped + grace.0, db.close()).await.is_err() {
        tracing::warn!(
            writes = db.running(),
            "the database was not closed in time; the next start recovers from its log"
        );
    }
}

/// A feature, and the listener that was opened for it, or the reason why it could not be.
struct Extra(Stateful, Option<Result<TcpListener, String>>);

/// The features that have state of their own and are on.
fn stateful(settings: &Settings) -> impl Iterator<Item = Stateful> {
    enabled(FEATURES, settings).filter_map(|feature| feature.stateful)
}

/// Opens the listeners that features need. Where one is not required and its port is taken, the server starts all the
/// same and the feature says why it cannot be used.
async fn bind_extras(settings: &Settings) -> Result<Vec<Extra>, Failure> {
    let mut extras = Vec::new();
    for feature in stateful(settings) {
        let Some(ExtraListener { address, setting, required, .. }) = (feature.listener)(settings) else {
            extras.push(Extra(feature, None));
            continue;
        };
        let bound = TcpListener::bind(address).await;
        let bound = bound.map_err(|error| format!("cannot listen on {address} for {}: {error}", feature.label));
        if let (true, Err(error)) = (required, &bound) {
            return Err(Failure::machine(format!("{error}. Set {setting}")));
        }
        let variable = format!("VESTIBULE_{}", setting.to_uppercase().replace('.', "__"));
        let bound = bound.map_err(|error| format!("The server {error}. Set {setting} ({variable}) to a free port."));
        extras.push(Extra(feature, Some(bound)));
    }
    Ok(extras)
}

/// The listeners of features, each with the router that it serves.
type Peers = Vec<(TcpListener, Router)>;

/// Builds the features, and pairs each listener with the router that it serves.
fn build(state: &AppState, extras: Vec<Extra>) -> Result<(Vec<StatefulRoutes>, Peers), String> {
    let (mut features, mut peers) = (Vec::new(), Vec::new());
    for Extra(feature, bound) in extras {
        let (listener, unavailable) = match bound.transpose() {
            Ok(listener) => (listener, None),
            Err(why) => (None, Some(why)),
        };
        // Not while binding: an error that ends the start is to be the only line.
        if let Some(why) = &unavailable {
            tracing::warn!("{} cannot be used. {why}", feature.label);
        }
        let mut routes = (feature.routes)(state, unavailable)?;
        peers.extend(listener.zip(routes.peer.take()));
        features.push(routes);
    }
    Ok((features, peers))
}
