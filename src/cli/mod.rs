//! The command line. Each command has a file of its own.

mod account_changes;
mod account_state;
mod accounts;
mod activity;
mod backup;
mod backup_timer;
mod check;
mod clients;
mod config;
mod context;
mod doctor;
#[cfg(test)]
mod documented;
mod failure;
mod ids;
mod local_https;
mod lock;
mod lockdown;
mod log;
mod mail;
mod manual;
mod metrics;
mod migrate;
mod moving;
mod network_limits;
mod openapi;
mod operator_log;
mod operators;
mod output;
mod passwords;
mod prompt;
mod reports;
mod revoke;
mod routes;
mod serve;
mod sessions;
mod settings;
mod sqlite_lock;
mod token_create;
mod tokens;
mod traces;
mod when;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use self::{
    config::{Config, environment},
    context::with_database,
    failure::Failure,
    output::{all_printed, print_error},
};
use crate::app::version;

/// Sign-in for people and apps: session cookies for the pages, bearer tokens for the API
#[derive(Debug, Parser)]
#[command(version = version::described())]
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
    Serve(serve::Serve),
    /// Check all settings and print errors and advice
    Check(check::Check),
    /// Look at a running installation and say what is wrong: server, site, TLS, proxy, clock, database, mail, disk
    Doctor(doctor::Doctor),
    /// Print every setting with its default and its range, as a settings file
    Settings,
    /// Print the OpenAPI 3.1 document of an API
    Openapi(openapi::Openapi),
    /// List every route with its door, guard and scopes
    Routes(routes::Routes),
    /// Manage accounts
    Accounts(accounts::Accounts),
    /// List what happened to an account
    Activity(activity::Activity),
    /// List browser sessions and sign browsers out
    Sessions(sessions::Sessions),
    /// Create, list and revoke tokens
    Tokens(tokens::Tokens),
    /// Register, list and delete applications that ask people for access (OAuth 2)
    Clients(clients::Clients),
    /// List mails that wait or failed, send them again or drop them, send a test message
    Mail(mail::Mail),
    /// List what browsers blocked or warned of on our pages
    Reports(reports::Reports),
    /// Make the file of breached passwords
    Passwords(passwords::Passwords),
    /// After a leak: end all browser sessions, revoke all tokens and invalidate all links in mails
    Lockdown(lockdown::Lockdown),
    /// Write everything that the database holds to a file
    Backup(backup::Backup),
    /// Make the database that of a backup, while no server runs
    Restore(backup::Restore),
    /// After the database was restored by other means: end what must not come back with it
    Restored(backup::Restored),
    /// Move everything to another database, SQLite or PostgreSQL, while no server runs
    Move(moving::Move),
    /// Bring the database up to the present version, create it if there is none, or say what that would do
    Migrate(migrate::Migrate),
    /// List what operators did on the command line
    Log(operator_log::Log),
    /// Print a script by which a shell completes commands
    Completions(manual::Completions),
    /// Write the manual, a page for each command
    Man(manual::Man),
}

/// Runs the command line and returns the exit code: 0, 1 or 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let config = Config { file: cli.config, environment: environment() };
    let result = match cli.command.unwrap_or(Command::Serve(serve::Serve::default())) {
        Command::Serve(serve) => serve.run(config),
        Command::Check(check) => check.run(&config),
        Command::Doctor(doctor) => doctor.run(&config),
        Command::Completions(completions) => {
            completions.run(Cli::command());
            Ok(())
        }
        Command::Man(man) => man.run(Cli::command()),
        Command::Settings => {
            settings::print();
            Ok(())
        }
        Command::Openapi(openapi) => openapi.run(&config),
        Command::Routes(routes) => routes.run(),
        Command::Accounts(accounts) => with_database(&config, async |context| accounts.run(context).await),
        Command::Activity(activity) => with_database(&config, async |context| activity.run(context).await),
        Command::Sessions(sessions) => with_database(&config, async |context| sessions.run(context).await),
        Command::Tokens(tokens) => with_database(&config, async |context| tokens.run(context).await),
        Command::Clients(clients) => with_database(&config, async |context| clients.run(context).await),
        Command::Mail(mail) => with_database(&config, async |context| mail.run(context).await),
        Command::Reports(reports) => with_database(&config, async |context| reports.run(context).await),
        Command::Passwords(passwords) => passwords.run(&config),
        Command::Lockdown(lockdown) => with_database(&config, async |context| lockdown.run(context).await),
        Command::Backup(backup) => with_database(&config, async |context| backup.run(context).await),
        Command::Restore(restore) => restore.run(&config),
        Command::Restored(restored) => with_database(&config, async |context| restored.run(context).await),
        Command::Move(moving) => moving.run(&config),
        Command::Migrate(migrate) => migrate.run(&config),
        Command::Log(log) => with_database(&config, async |context| log.run(context).await),
    };
    match result.and_then(|()| all_printed()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, line)) => {
            if !line.is_empty() {
                print_error(&line);
            }
            code
        }
    }
}
