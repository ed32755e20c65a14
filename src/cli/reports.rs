//! `vestibule reports`

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    context::Context,
    failure::Failure,
    output::{Limit, eprint, print, print_json, print_table},
    prompt::confirm,
};
use crate::features::browser_reports::admin::{self, Listed};

/// Commands for reports of browsers.
#[derive(Debug, Args)]
pub(super) struct Reports {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what browsers blocked or warned of on our pages, the newest first
    List(Limit),
    /// Delete all reports
    Clear(Clear),
}

#[derive(Debug, Args)]
struct Clear {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Reports {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            Command::List(limit) => list(context, limit, self.json).await,
            Command::Clear(Clear { yes }) => clear(context, yes, self.json).await,
        }
    }
}

async fn list(context: &Context, limit: Limit, json: bool) -> Result<(), Failure> {
    let mut reports = admin::list(&context.db, limit.to_read()).await.map_err(Failure::machine)?;
    limit.cut(&mut reports, "To see more, raise --limit.");
    if !context.settings.reports.enabled {
        eprint("reports.enabled is off, so browsers are not asked for reports.");
    }
    if json {
        return print_json(&reports);
    }
    if reports.is_empty() {
        print("There are no reports.");
        return Ok(());
    }
    let rows = reports.into_iter().map(|report| {
        let (place, count, last) = (place(&report), report.count.to_string(), report.last_seen.to_minute());
        let kind = if report.disposition == "report" { report.kind + " (report only)" } else { report.kind };
        [last, count, kind, report.page, report.subject, report.blocked, place, report.browser]
    });
    print_table(["LAST", "COUNT", "KIND", "PAGE", "SUBJECT", "BLOCKED", "SCRIPT", "BROWSER"], rows.collect());
    Ok(())
}

/// The script with the line, such as `/page.js:120`.
fn place(report: &Listed) -> String {
    match report.line {
        Some(line) => format!("{}:{line}", report.source),
        None => report.source.clone(),
    }
}

async fn clear(context: &Context, yes: bool, json: bool) -> Result<(), Failure> {
    confirm(context, yes, "this deletes all reports of browsers", "clear")?;
    let work = async { admin::clear(&context.db).await.map_err(Failure::machine) };
    let count = context.logged("reports clear", (None, "all reports of browsers"), work).await?;
    if json {
        return print_json(&json!({"deleted": count}));
    }
    print(&match count {
        1 => "1 report has been deleted.".into(),
        count => format!("{count} reports have been deleted."),
    });
    Ok(())
}
