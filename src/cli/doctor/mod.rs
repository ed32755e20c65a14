//! `vestibule doctor`: looks at an installation from outside, as `check` looks at its settings.

mod certificate;
mod client;
mod database;
mod files;
mod mail;
mod report;
mod site;
mod state;

use clap::Args;

use self::report::Report;
use super::{
    check,
    config::Config,
    failure::Failure,
    log::log,
    output::{eprint, print, print_json},
};
use crate::settings::{Finding, Severity};

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Send a test message to this address
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Looks at everything, prints what it found, and fails with 1 if something must be mended. Nothing is changed.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let (settings, findings, _) = check::examine_all(config)?;
        log("error");
        eprint(&config.sources(&settings)?.to_string());
        let mut report = Report::default();
        report.settings(&findings);
        // First: to open the database closes its file to others.
        files::look(&settings, &config.file()?, &mut report);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
        runtime.block_on(async {
            site::look(&settings, &mut report).await;
            if let Some(db) = database::look(&settings, &mut report).await {
                state::look(&settings, &db, &mut report).await;
                mail::look(&settings, &db, self.mail_to.as_deref(), &mut report).await;
                db.close().await;
            } else if self.mail_to.is_some() {
                report.skipped("mail", "no message was sent, since the database cannot be used");
            }
        });
        if self.json {
            print_json(&report.document())?;
        } else {
            for line in report.lines() {
                print(&line);
            }
        }
        match report.problems() {
            0 => Ok(()),
            1 => Err(Failure::machine("1 problem was found")),
            count => Err(Failure::machine(format!("{count} problems were found"))),
        }
    }
}

impl Report {
    /// What `vestibule check` says.
    fn settings(&mut self, findings: &[Finding]) {
        const CHECK: &str = "settings";
        for Finding { severity, key, message } in findings {
            let message = format!("{key}: {message}");
            match severity {
                Severity::Error => self.problem(CHECK, message, "The server does not start with it."),
                Severity::Advice => self.warning(CHECK, message, ""),
            }
        }
        if findings.is_empty() {
            self.ok(CHECK, "nothing to say about them");
        }
    }
}
