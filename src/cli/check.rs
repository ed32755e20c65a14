//! `vestibule check`

use clap::Args;

use super::{config::Config, failure::Failure, output::print, passwords};
use crate::{
    app::FEATURES,
    settings::{Finding, Settings, Severity, Sources},
};

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Prints all findings: the errors, with which the exit code is 2, then the advice. `serve` does the same checks,
    /// so it refuses what this refuses.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let examined = Settings::examine(&config.file()?, &config.environment);
        let (settings, mut findings) = examined.map_err(Failure::usage)?;
        findings.extend(settings.machine_findings());
        let (of_file, breached) = passwords::examine(&settings);
        findings.extend(of_file);
        findings.sort_by_key(|finding| finding.severity == Severity::Advice);
        let sources = config.sources(&settings)?;
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if self.json {
            print(&serde_json::json!({"valid": errors == 0, "findings": findings}).to_string());
        } else {
            print_report(&settings, &sources, &findings, (errors == 0).then_some(&breached));
        }
        match errors {
            0 => Ok(()),
            1 => Err(Failure::usage("1 setting must be fixed before the server can start")),
            errors => Err(Failure::usage(format!("{errors} settings must be fixed before the server can start"))),
        }
    }
}

/// Prints the findings; if there is no error among them, also what the server would do, of which `breached` is a part.
fn print_report(settings: &Settings, sources: &Sources, findings: &[Finding], breached: Option<&String>) {
    for Finding { severity, key, message } in findings {
        let severity = if *severity == Severity::Error { "error " } else { "advice" };
        print(&format!("{severity}  {key}: {message}."));
    }
    if let Some(breached) = breached {
        let (origin, address) = (settings.origin(), settings.server.address);
        print(&format!("The settings are valid. The server would run at {origin} and listen on {address}."));
        print(&sources.to_string());
        print(&settings.allowed_origins_summary());
        print(settings.token_login_summary());
        print(breached);
        for feature in FEATURES.iter().filter_map(|feature| feature.stateful) {
            if let Some(extra) = (feature.listener)(settings) {
                print(&format!(
                    "It would also serve {} at {}, on {}.",
                    feature.label,
                    extra.origins.join(" and "),
                    extra.address
                ));
            }
        }
    }
}
