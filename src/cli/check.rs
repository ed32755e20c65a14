//! `vestibule check`

use clap::Args;

use super::{config::Config, failure::Failure, output::print, passwords};
use crate::{
    app::FEATURES,
    feature::OriginReport,
    settings::{Finding, Settings, Severity, Sources, check_origin},
    text::sentence,
};

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Check as well whether pages of this origin can call the site, such as `https://app.example.com`
    #[arg(long, value_name = "ORIGIN")]
    from: Option<String>,
}

impl Check {
    /// Prints all findings: the errors, with which the exit code is 2, then the advice. `serve` does the same checks,
    /// so it refuses what this refuses. With an origin, the exit code is 2 as well if its pages could use neither door.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let (settings, findings, breached) = examine_all(config)?;
        let sources = config.sources(&settings)?;
        let from = self.from.as_deref().map(|origin| examine(&settings, origin)).transpose()?;
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if self.json {
            let mut document = serde_json::json!({"valid": errors == 0, "findings": findings});
            if let Some(report) = &from {
                document["from"] = serde_json::to_value(report).map_err(Failure::machine)?;
            }
            print(&document.to_string());
        } else {
            print_report(&settings, &sources, &findings, (errors == 0).then_some(&breached));
            if let Some(report) = &from {
                print_origin(report);
            }
        }
        match errors {
            0 => from.map_or(Ok(()), |report| refused(&report)),
            1 => Err(Failure::usage("1 setting must be fixed before the server can start")),
            errors => Err(Failure::usage(format!("{errors} settings must be fixed before the server can start"))),
        }
    }
}

/// The settings, all that is to be said about them, errors first, and what the file of breached passwords holds.
///
/// # Errors
/// If the settings cannot be read.
pub(super) fn examine_all(config: &Config) -> Result<(Settings, Vec<Finding>, String), Failure> {
    let examined = Settings::examine(&config.file()?, &config.environment);
    let (settings, mut findings) = examined.map_err(Failure::usage)?;
    findings.extend(settings.machine_findings());
    let (of_file, breached) = passwords::examine(&settings);
    findings.extend(of_file);
    findings.sort_by_key(|finding| finding.severity == Severity::Advice);
    Ok((settings, findings, breached))
}

/// Prints the findings; if there is no error among them, also what the server would do, of which `breached` is a part.
fn print_report(settings: &Settings, sources: &Sources, findings: &[Finding], breached: Option<&String>) {
    for Finding { severity, key, message } in findings {
        let severity = if *severity == Severity::Error { "error " } else { "advice" };
        print(&format!("{severity}  {key}: {}", sentence(message)));
    }
    if let Some(breached) = breached {
        let (origin, address) = (settings.origin(), &settings.server.address);
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

/// What the settings mean for the pages of `origin`.
fn examine(settings: &Settings, origin: &str) -> Result<OriginReport, Failure> {
    check_origin(origin).map_err(|message| Failure::usage(format!("--from: {message}")))?;
    let examine = FEATURES.iter().find_map(|feature| feature.examine_origin);
    let examine = examine.ok_or_else(|| Failure::usage("--from: this binary is built without the Lab, which knows"))?;
    Ok(examine(settings, origin))
}

/// Prints what is wrong at each door, with the line to change.
fn print_origin(report: &OriginReport) {
    print(&format!("Pages of {}:", report.origin));
    for door in &report.doors {
        let can = if door.open { "yes" } else { "no " };
        print(&format!("{can}     {}: {}.", door.door, door.about));
        for cause in &door.causes {
            print(&format!("        {}. {}", cause.title, cause.about));
            if let (Some(place), Some(line)) = (&cause.place, &cause.line) {
                print(&format!("        {place}: {line}"));
            }
        }
    }
    print("A token or an application may name origins of its own, which only the database knows.");
}

/// Fails if the pages can use no door.
fn refused(report: &OriginReport) -> Result<(), Failure> {
    if report.doors.iter().any(|door| door.open) {
        return Ok(());
    }
    let causes = report.doors.iter().flat_map(|door| &door.causes);
    let title = causes.last().map(|cause| cause.title.to_lowercase()).unwrap_or_default();
    Err(Failure::usage(format!("pages of {} cannot call this site: {title}", report.origin)))
}
