//! `vestibule check`

use clap::Args;

use super::{Config, Failure, output::say};
use crate::{
    app::FEATURES,
    settings::{Finding, Settings, Severity, Sources},
};

/// How to say it.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Says everything the doctor found: the errors, with which nothing is served and the exit code is 2, then the
    /// advice.
    ///
    /// It is what `serve` goes by: what that refuses, this does.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let examined = Settings::examine(&config.file()?, &config.environment);
        let (settings, mut findings) = examined.map_err(Failure::settings)?;
        findings.extend(settings.surroundings());
        findings.sort_by_key(|finding| finding.severity == Severity::Advice);
        let sources = config.sources(&settings)?;
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if self.json {
            say(&serde_json::json!({"sound": errors == 0, "findings": findings}).to_string());
        } else {
            say_in_lines(&settings, &sources, &findings, errors == 0);
        }
        if errors > 0 {
            let them = if errors == 1 { "1 setting".into() } else { format!("{errors} settings") };
            return Err(Failure::settings(format!("nothing is served with {them} to mend")));
        }
        Ok(())
    }
}

fn say_in_lines(settings: &Settings, sources: &Sources, findings: &[Finding], sound: bool) {
    for Finding { severity, key, why } in findings {
        let severity = if *severity == Severity::Error { "error " } else { "advice" };
        say(&format!("{severity}  {key}: {why}."));
    }
    if sound {
        let (origin, address) = (settings.origin(), settings.server.address);
        say(&format!("The settings are sound. {origin} would be served on {address}."));
        say(&sources.to_string());
        for feature in FEATURES.iter().filter_map(|feature| feature.stateful) {
            if let Some(extra) = (feature.listener)(settings) {
                say(&format!(
                    "It would also serve {} at {}, on {}.",
                    feature.label,
                    extra.origins.join(" and "),
                    extra.address
                ));
            }
        }
    }
}
