//! `vestibule log`

use clap::Args;

use super::{
    Failure,
    house::House,
    output::{print_json, print_table, say},
};
use crate::cli::operators;

/// How much of it.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// The newest so many, 1000 at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Answer in JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl Log {
    /// Shows it.
    pub(super) async fn run(self, house: &House) -> Result<(), Failure> {
        let entries = operators::list(&house.db, self.limit).await?;
        if self.json {
            return print_json(&entries);
        }
        if entries.is_empty() {
            say("Nothing was done on the command line yet.");
            return Ok(());
        }
        let rows = entries.into_iter().map(|entry| {
            let subject = match entry.subject_id {
                Some(id) => format!("{} ({id})", entry.subject),
                None => entry.subject,
            };
            let outcome = if entry.outcome.is_empty() { "begun".into() } else { entry.outcome };
            [entry.at.to_minute(), entry.operator, entry.host, entry.action, outcome, subject]
        });
        print_table(["AT", "BY", "ON", "COMMAND", "OUTCOME", "TO"], rows.collect());
        Ok(())
    }
}
