//! `vestibule activity`

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    context::Context,
    failure::Failure,
    output::{Limit, print, print_json, print_table},
    when::when,
};
use crate::{
    auth::activity::{Event, service},
    timestamp::Timestamp,
};

/// Commands for what happened to accounts.
#[derive(Debug, Args)]
pub(super) struct Activity {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what happened to an account, the newest first, as its owner sees it
    List(List),
}

#[derive(Debug, Args)]
struct List {
    /// The account's address or ID
    account: String,
    /// Only what happened since then: 30m, 24h, 7d, 2026-01-31 or 2026-01-31T09:05:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    #[command(flatten)]
    limit: Limit,
}

impl Activity {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let Command::List(list) = self.command;
        list.run(context, self.json).await
    }
}

impl List {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let since = when("--since", self.since.as_deref(), context.db.now())?.unwrap_or(Timestamp::MIN);
        let account = context.account(&self.account).await?.id;
        let mut events = service::older(&context.db, account, None, self.limit.to_read().into()).await?;
        self.limit.cut(&mut events, "To see more, raise --limit.");
        events.retain(|event| event.at >= since);
        if json {
            return print_json(&events.iter().map(shown).collect::<Vec<_>>());
        }
        if events.is_empty() {
            print("Nothing happened.");
            return Ok(());
        }
        let rows = events.into_iter().map(|event| {
            let kind = event.kind.meaning().to_owned();
            [event.at.to_minute(), kind, event.subject, event.credential, event.browser, event.address]
        });
        print_table(["AT", "WHAT", "SUBJECT", "BY", "BROWSER", "IP ADDRESS"], rows.collect());
        Ok(())
    }
}

fn shown(event: &Event) -> serde_json::Value {
    let Event { id, at, kind, credential, credential_id, subject_id, subject, address, browser } = event;
    json!({
        "id": id, "at": at, "kind": kind.as_str(), "credential": credential, "credential_id": credential_id,
        "subject_id": subject_id, "subject": subject, "address": address, "browser": browser,
    })
}
