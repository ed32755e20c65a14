//! The command line. Each command has a file of its own.

mod accounts;
mod ask;
mod check;
mod house;
mod lockdown;
mod log;
mod openapi;
mod operator_log;
mod operators;
mod output;
mod routes;
mod serve;
mod sessions;
mod tokens;
mod which;

use std::{collections::HashMap, env, fmt, fs, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use self::output::complain;
use crate::{
    http::problem::Problem,
    settings::{self, Settings, Sources},
};

/// Two doors into one house: session cookies for its own pages, bearer tokens for everyone else.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The settings file; Leptos.toml if it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site and the API (the default)
    Serve,
    /// Look at every setting and say what is wrong or odd
    Check(check::Check),
    /// Print the OpenAPI 3.1 document of a door
    Openapi(openapi::Openapi),
    /// List every route with its door, guard and scopes
    Routes(routes::Routes),
    /// Look after accounts
    Accounts(accounts::Accounts),
    /// See who is signed in, and sign them out
    Sessions(sessions::Sessions),
    /// See the tokens that work, and revoke them
    Tokens(tokens::Tokens),
    /// End every browser session, every token and every link in a mail: after a leak
    Lockdown(lockdown::Lockdown),
    /// See what was done on the command line, and by whom
    Log(operator_log::Log),
}

/// Why the program ends before it is asked to. The line for stderr, and the exit code: 2 for what the operator told us,
/// 1 for what the machine did not let us do.
struct Failure(ExitCode, String);

impl Failure {
    fn settings(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(2), error.to_string())
    }

    fn asked(why: impl fmt::Display) -> Self {
        Self(ExitCode::from(2), why.to_string())
    }

    fn machine(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(1), error.to_string())
    }
}

/// What a service refuses, the operator asked for; what is not to be had is the machine's.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match &problem {
            Problem::Validation(errors) => {
                let lines = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
                Self::asked(lines.collect::<Vec<_>>().join(" "))
            }
            problem if problem.status().is_server_error() => Self::machine(problem),
            problem => Self::asked(problem.detail()),
        }
    }
}

/// Runs the command line and gives the exit code: 0, 1 or 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let config = Config { file: cli.config, environment: environment() };
    let result = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&config),
        Command::Check(check) => check.run(&config),
        Command::Openapi(openapi) => openapi.run(&config),
        Command::Routes(routes) => routes.run(),
        Command::Accounts(accounts) => house::within(&config, async |house| accounts.run(house).await),
        Command::Sessions(browser_sessions) => house::within(&config, async |house| browser_sessions.run(house).await),
        Command::Tokens(tokens) => house::within(&config, async |house| tokens.run(house).await),
        Command::Lockdown(lockdown) => house::within(&config, async |house| lockdown.run(house).await),
        Command::Log(log) => house::within(&config, async |house| log.run(house).await),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            complain(&line);
            code
        }
    }
}

/// Where the settings are read from.
struct Config {
    /// The file that was named, if one was.
    file: Option<PathBuf>,
    environment: HashMap<String, String>,
}

impl Config {
    /// The settings file. One that was named has to be there, or a slip of the pen would run the server without
    /// settings.
    fn file(&self) -> Result<PathBuf, Failure> {
        let Some(file) = &self.file else { return Ok(settings::FILE.into()) };
        let there = fs::metadata(file).map_err(|error| format!("--config {}: {error}", file.display()));
        there.map_err(Failure::settings)?;
        Ok(file.clone())
    }

    fn sources(&self, settings: &Settings) -> Result<Sources, Failure> {
        Ok(Sources::of(settings, &self.file()?, &self.environment))
    }
}

/// What is not Unicode means nothing to us, but may stand there for others.
fn environment() -> HashMap<String, String> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

fn load(config: &Config) -> Result<(Settings, Sources), Failure> {
    let settings = Settings::load(&config.file()?, &config.environment).map_err(Failure::settings)?;
    let sources = config.sources(&settings)?;
    Ok((settings, sources))
}
