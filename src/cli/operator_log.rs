//! `vestibule log`

use clap::Args;

use super::{
    context::Context,
    failure::Failure,
    output::{print, print_json, print_table},
};
use crate::cli::operators;

/// Options of `log`.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// How many entries to list, the newest first, at most 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Log {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let entries = operators::list(&context.db, self.limit).await?;
        if self.json {
            return print_json(&entries);
        }
        if entries.is_empty() {
            print("The operator log is empty.");
            return Ok(());
        }
        let rows = entries.into_iter().map(|entry| {
            let subject = match entry.subject_id {
                Some(id) => format!("{} ({id})", entry.subject),
                None => entry.subject,
            };
            let outcome = if entry.outcome.is_empty() { "started".into() } else { entry.outcome };
            [entry.at.to_minute(), entry.operator, entry.host, entry.action, outcome, subject]
        });
        print_table(["TIME", "OPERATOR", "HOST", "COMMAND", "OUTCOME", "SUBJECT"], rows.collect());
        Ok(())
    }
}
