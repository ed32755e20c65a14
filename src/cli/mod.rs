//! The command line. Each command has a file of its own.

mod check;
mod log;
mod openapi;
mod serve;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::settings::{self, Settings};

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
    Openapi(openapi::Openapi),
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
        Command::Serve => serve::serve(&cli.config),
        Command::Check => check::check(&cli.config),
        Command::Openapi(openapi) => openapi.run(&cli.config),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            complain(&line);
            code
        }
    }
}

fn load(config: &Path) -> Result<Settings, Failure> {
    let environment: HashMap<_, _> = std::env::vars().collect();
    Settings::load(config, &environment).map_err(Failure::settings)
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
