//! The command line. Each command has a file of its own.

mod accounts;
mod check;
mod context;
mod lockdown;
mod log;
mod openapi;
mod operator_log;
mod operators;
mod output;
mod prompt;
mod revoke;
mod routes;
mod serve;
mod sessions;
mod tokens;

use std::{collections::HashMap, env, fmt, fs, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{context::with_database, output::print_error};
use crate::{
    http::problem::Problem,
    settings::{self, Settings, Sources},
};

/// Sign-in for people and apps: session cookies for the pages, bearer tokens for the API
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The settings file; Leptos.toml if left out
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site and the API (the default)
    Serve,
    /// Check all settings and print errors and advice
    Check(check::Check),
    /// Print the OpenAPI 3.1 document of an API
    Openapi(openapi::Openapi),
    /// List every route with its door, guard and scopes
    Routes(routes::Routes),
    /// Manage accounts
    Accounts(accounts::Accounts),
    /// List browser sessions and sign browsers out
    Sessions(sessions::Sessions),
    /// List and revoke tokens
    Tokens(tokens::Tokens),
    /// After a leak: end all browser sessions, revoke all tokens and invalidate all links in mails
    Lockdown(lockdown::Lockdown),
    /// List what operators did on the command line
    Log(operator_log::Log),
}

/// An error that ends the program: the exit code, and the line for stderr. The code is 2 for an error in the command
/// line or the settings, and 1 for one of the machine.
struct Failure(ExitCode, String);

impl Failure {
    fn usage(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(2), error.to_string())
    }

    fn machine(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(1), error.to_string())
    }
}

/// A request that a service rejects is an error in the command line; a failing database is one of the machine.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match &problem {
            Problem::Validation(errors) => {
                let lines = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
                Self::usage(lines.collect::<Vec<_>>().join(" "))
            }
            problem if problem.status().is_server_error() => Self::machine(problem),
            problem => Self::usage(problem.detail()),
        }
    }
}

/// Runs the command line and returns the exit code: 0, 1 or 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let config = Config { file: cli.config, environment: environment() };
    let result = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&config),
        Command::Check(check) => check.run(&config),
        Command::Openapi(openapi) => openapi.run(&config),
        Command::Routes(routes) => routes.run(),
        Command::Accounts(accounts) => with_database(&config, async |context| accounts.run(context).await),
        Command::Sessions(sessions) => with_database(&config, async |context| sessions.run(context).await),
        Command::Tokens(tokens) => with_database(&config, async |context| tokens.run(context).await),
        Command::Lockdown(lockdown) => with_database(&config, async |context| lockdown.run(context).await),
        Command::Log(log) => with_database(&config, async |context| log.run(context).await),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            print_error(&line);
            code
        }
    }
}

/// Where settings are read from.
struct Config {
    /// The value of `--config`.
    file: Option<PathBuf>,
    environment: HashMap<String, String>,
}

impl Config {
    /// The settings file. One that is named must exist, so that a typo does not start the server with the defaults.
    fn file(&self) -> Result<PathBuf, Failure> {
        let Some(file) = &self.file else { return Ok(settings::FILE.into()) };
        let exists = fs::metadata(file).map_err(|error| format!("--config {}: {error}", file.display()));
        exists.map_err(Failure::usage)?;
        Ok(file.clone())
    }

    fn sources(&self, settings: &Settings) -> Result<Sources, Failure> {
        Ok(settings.sources(&self.file()?, &self.environment))
    }
}

/// The environment. Values that are not Unicode belong to other programs.
fn environment() -> HashMap<String, String> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

fn load(config: &Config) -> Result<(Settings, Sources), Failure> {
    let settings = Settings::load(&config.file()?, &config.environment).map_err(Failure::usage)?;
    let sources = config.sources(&settings)?;
    Ok((settings, sources))
}
