//! The command line. Each command has a file of its own.

mod accounts;
mod ask;
mod check;
mod house;
mod log;
mod openapi;
mod output;
mod serve;
mod sign_ins;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use self::output::complain;
use crate::{
    problem::Problem,
    settings::{self, Settings},
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
    /// Look at every setting and say what is wrong or odd
    Check(check::Check),
    /// Print the OpenAPI 3.1 document of a door
    Openapi(openapi::Openapi),
    /// Look after accounts
    Accounts(accounts::Accounts),
    /// See who is signed in, and sign them out
    SignIns(sign_ins::SignIns),
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
    let result = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&cli.config),
        Command::Check(check) => check.run(&cli.config),
        Command::Openapi(openapi) => openapi.run(&cli.config),
        Command::Accounts(accounts) => house::within(&cli.config, async |house| accounts.run(house).await),
        Command::SignIns(sign_ins) => house::within(&cli.config, async |house| sign_ins.run(house).await),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            complain(&line);
            code
        }
    }
}

fn environment() -> HashMap<String, String> {
    std::env::vars().collect()
}

fn load(config: &Path) -> Result<Settings, Failure> {
    Settings::load(config, &environment()).map_err(Failure::settings)
}
