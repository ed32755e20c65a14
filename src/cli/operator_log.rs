//! `vestibule log`

use clap::Args;

use super::{
    context::Context,
    failure::Failure,
    output::{eprint, print, print_json, print_table},
    when::when,
};
use crate::cli::operators;

/// Options of `log`.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// How many entries to list, the newest first, at most 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only what was done since then: 30m, 24h, 7d, 2026-01-31 or 2026-01-31T09:05:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only what was done before then
    #[arg(long, value_name = "WHEN")]
    before: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Log {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let now = context.db.now();
        let since = when("--since", self.since.as_deref(), now)?;
        let before = when("--before", self.before.as_deref(), now)?;
        // One more than is shown, which tells whether there are more.
        let mut entries = operators::list_between(&context.db, (since, before), self.limit + 1).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if entries.len() > limit {
            entries.truncate(limit);
            let last = entries.last().map(|entry| entry.at.to_string()).unwrap_or_default();
            eprint(&format!("There are more than {limit}. To see older ones, add --before {last}."));
        }
        if self.json {
            return print_json(&entries);
        }
        if entries.is_empty() {
            let all = since.is_none() && before.is_none();
            print(if all { "The operator log is empty." } else { "Nothing was done then." });
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
