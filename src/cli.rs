//! The command line.

use std::{collections::HashMap, fmt, future::Future, io::IsTerminal, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::{
    db::{Clock, Db},
    server,
    settings::{self, Settings},
    state::AppState,
};

/// Two doors into one house: session cookies for its own pages, bearer tokens for everyone else.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The settings file; it may be missing.
    #[arg(long, global = true, default_value = settings::FILE)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site and the API (the default)
    Serve,
    /// Check the settings and say what would be served
    Check,
    /// Print the OpenAPI 3.1 document of a door
    Openapi {
        /// Which door
        #[arg(long, value_enum, default_value_t)]
        door: Door,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Door {
    /// `/api/v1`
    #[default]
    Token,
    /// `/session/v1`
    Session,
}

/// Why the program ends before it is asked to. The line for stderr, and the exit code: 2 for what the operator told us,
/// 1 for what the machine did not let us do.
struct Failure(ExitCode, String);

impl Failure {
    fn settings(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(2), error.to_string())
    }

    fn machine(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(1), error.to_string())
    }
}

/// Runs the command line and gives the exit code: 0, 1 or 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(&cli.config),
        Command::Check => check(&cli.config),
        Command::Openapi { door } => openapi(&cli.config, door),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            complain(&line);
            code
        }
    }
}

fn load(config: &std::path::Path) -> Result<Settings, Failure> {
    let environment: HashMap<_, _> = std::env::vars().collect();
    Settings::load(config, &environment).map_err(Failure::settings)
}

fn check(config: &std::path::Path) -> Result<(), Failure> {
    let settings = load(config)?;
    say(&format!("The settings are sound. {} would be served on {}.", settings.origin(), settings.server.address));
    if let Some(advice) = settings.advice() {
        say(&format!("Mind: {advice}."));
    }
    Ok(())
}

fn openapi(config: &std::path::Path, door: Door) -> Result<(), Failure> {
    let settings = load(config)?;
    let document = match door {
        Door::Token => server::openapi::token_document(&settings),
        Door::Session => server::openapi::session_document(&settings),
    };
    say(&format!("{document:#}"));
    Ok(())
}

fn serve(config: &std::path::Path) -> Result<(), Failure> {
    let settings = load(config)?;
    log();
    if let Some(advice) = settings.advice() {
        tracing::warn!("{advice}");
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
    if settings.mail.smtp_url.is_empty() && !settings.is_development() {
        tracing::warn!(outbox = settings.mail.outbox, "no mail is sent: mail.smtp_url is not set");
    }
    let (origin, url, ours) = (settings.origin(), settings.database.url.clone(), settings.clone());
    let db = Db::open(&url, Clock::default()).await.map_err(Failure::machine)?;
    let state = AppState::new(settings, db.clone()).map_err(Failure::settings)?;
    let app = server::router(state).map_err(Failure::settings)?;
    let stop = stop_signal().map_err(Failure::machine)?;

    tokio::spawn(server::sweep(db.clone(), ours));
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

/// `RUST_LOG` chooses; axum-login's and tower-sessions' own debug lines stay off, since they hold ids and users (T7).
fn log() {
    let chosen = std::env::var("RUST_LOG").unwrap_or_else(|_| "info,sqlx=warn".into());
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

#[expect(clippy::print_stdout, reason = "what a command line is for")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "what a command line is for")]
fn complain(text: &str) {
    // Of a file that does not parse, libraries draw the place; its line and column are named as well.
    let margin = |line: &str| line.split_once('|').map(|(margin, _)| margin.to_owned());
    let drawn = |line: &str| margin(line).is_some_and(|text| text.chars().all(|c| c == ' ' || c.is_ascii_digit()));
    let lines: Vec<_> = text.lines().filter(|line| !drawn(line)).map(str::trim).collect();
    eprintln!("vestibule: {}", lines.join(" "));
}
