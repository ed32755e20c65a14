//! `vestibule log`

use clap::Args;
use uuid::Uuid;

use super::{
    context::Context,
    failure::Failure,
    output::{eprint, print, print_json, print_table},
    when::when,
};
use crate::cli::operators::{self, Between};

/// Options of `log`.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// How many entries to list, the newest first, at most 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only what was done since then: 30m, 24h, 7d, 2026-01-31 or 2026-01-31T09:05:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only what was done before then, or before the entry with this ID
    #[arg(long, value_name = "WHEN|ID")]
    before: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Log {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let now = context.db.now();
        let since = when("--since", self.since.as_deref(), now)?;
        // Several entries can be of one time, so an ID goes on exactly where a list ended.
        let before_id = self.before.as_deref().and_then(|given| Uuid::try_parse(given).ok());
        let before = match before_id {
            Some(_) => None,
            None => when("--before", self.before.as_deref(), now)?,
        };
        let between = Between { since, before, before_id };
        // One more than is shown, which tells whether there are more.
        let mut entries = operators::list_between(&context.db, between, self.limit + 1).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if entries.len() > limit {
            entries.truncate(limit);
            let last = entries.last().map(|entry| entry.id.to_string()).unwrap_or_default();
            eprint(&format!("There are more than {limit}. To see older ones, add --before {last}."));
        }
        if self.json {
            return print_json(&entries);
        }
        if entries.is_empty() {
            let all = self.since.is_none() && self.before.is_none();
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
