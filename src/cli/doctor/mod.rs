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
    output::{eprint, print_json},
};
use crate::settings::{Finding, Settings, Severity};

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
        // What the log would say is said by the checks.
        log("off");
        eprint(&config.sources(&settings)?.to_string());
        let mut report = Report::new(!self.json);
        report.settings(&findings);
        let secrets = Settings::secret_files(&config.environment);
        files::look(&settings, (&config.file()?, &secrets), &mut report);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
        runtime.block_on(async {
            site::look(&settings, &mut report).await;
            let db = if may_open_database(&settings, &findings) {
                database::look(&settings, &mut report).await
            } else {
                report.skipped("database", report::SEE_SETTINGS);
                None
            };
            if let Some(db) = db {
                state::look(&settings, &db, &mut report).await;
                let may_send = !is_refused(&findings, "mail.");
                mail::look(&settings, &db, (self.mail_to.as_deref(), may_send), &mut report).await;
                db.close().await;
            } else if self.mail_to.is_some() {
                report.skipped("mail", "no message was sent, since the database cannot be used");
            }
        });
        if self.json {
            print_json(&report.document())?;
        }
        match report.problems() {
            0 => Ok(()),
            1 => Err(Failure::machine("1 problem was found")),
            count => Err(Failure::machine(format!("{count} problems were found"))),
        }
    }
}

/// Whether the server does not start with a setting whose name begins with `section`.
fn is_refused(findings: &[Finding], section: &str) -> bool {
    findings.iter().any(|found| found.severity == Severity::Error && found.key.starts_with(section))
}

/// Whether to connect to the database. To a server no password is sent that the settings would not let the server send;
/// a file is looked at all the same.
fn may_open_database(settings: &Settings, findings: &[Finding]) -> bool {
    settings.database.url.starts_with("sqlite:") || !is_refused(findings, "database.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_sent_that_the_settings_refuse() {
        let of = |url: &str| {
            let mut settings = Settings::default();
            settings.database.url = url.into();
            may_open_database(&settings, &settings.findings())
        };
        assert!(!of("postgres://me:s3cret@192.0.2.2/x") && !of("postgres://me:s3cret@db.example/x?sslmode=prefer"));
        assert!(of("postgres://me:s3cret@192.0.2.2/x?sslmode=verify-full") && of("postgres://me@localhost/x"));
        assert!(of("sqlite:vestibule.db?mode=ro"), "nothing is sent");
        let mut settings = Settings::default();
        settings.mail.smtp_url = "smtp://me:s3cret@192.0.2.2".into();
        assert!(is_refused(&settings.findings(), "mail.") && !is_refused(&settings.findings(), "database."));
    }
}
