//! `vestibule check`

use std::path::Path;

use clap::Args;

use super::{Failure, environment, output::say};
use crate::settings::{Finding, Settings, Severity};

/// How to say it.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Says everything the doctor found: the errors, with which nothing is served and the exit code is 2, then the advice.
    pub(super) fn run(self, config: &Path) -> Result<(), Failure> {
        let settings = Settings::read(config, &environment()).map_err(Failure::settings)?;
        let findings = settings.findings();
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if self.json {
            say(&serde_json::json!({"sound": errors == 0, "findings": findings}).to_string());
        } else {
            say_in_lines(&settings, &findings, errors == 0);
        }
        if errors > 0 {
            let them = if errors == 1 { "1 setting".into() } else { format!("{errors} settings") };
            return Err(Failure::settings(format!("nothing is served with {them} to mend")));
        }
        Ok(())
    }
}

fn say_in_lines(settings: &Settings, findings: &[Finding], sound: bool) {
    for Finding { severity, key, why } in findings {
        let severity = if *severity == Severity::Error { "error " } else { "advice" };
        say(&format!("{severity}  {key}: {why}."));
    }
    if sound {
        let (origin, address) = (settings.origin(), settings.server.address);
        say(&format!("The settings are sound. {origin} would be served on {address}."));
        if let Some((same, cross)) = settings.lab_peer() {
            say(&format!("The Lab would be open, with {same} and {cross} on {}.", settings.lab.address));
        }
    }
}
