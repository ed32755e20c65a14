//! `vestibule activity`

use clap::{Args, Subcommand};
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    context::Context,
    failure::Failure,
    output::{Limit, print, print_json, print_table},
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
        let wrong = |text: &str| Failure::usage(format!("--since {text}: not a time, such as 24h or 2026-01-31"));
        let since = match &self.since {
            Some(text) => parse(text, context.db.now()).ok_or_else(|| wrong(text))?,
            None => Timestamp::MIN,
        };
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

/// The time that `text` says, seen from `now`.
fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let ago = |unit: char, minutes: i64| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| (0..=1_000_000).contains(number))?;
        Some(now + -Duration::minutes(number * minutes))
    };
    let day = |text: &str| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).ok().map(Timestamp::new);
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(Timestamp::new);
    ago('m', 1).or_else(|| ago('h', 60)).or_else(|| ago('d', 1_440)).or_else(|| day(text)).or_else(|| instant(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_time_ago_a_day_or_an_instant() {
        let now = parse("2026-02-01T12:00:00Z", Timestamp::MIN).unwrap();
        for (text, at) in [
            ("30m", "2026-02-01T11:30:00.000Z"),
            ("24h", "2026-01-31T12:00:00.000Z"),
            ("7d", "2026-01-25T12:00:00.000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000Z"),
            ("2026-01-31T09:05:00+01:00", "2026-01-31T08:05:00.000Z"),
        ] {
            assert_eq!(parse(text, now).map(|at| at.to_string()).as_deref(), Some(at), "{text}");
        }
        for text in ["", "yesterday", "h", "-1h", "99999999999999999999d", "2026-13-01"] {
            assert_eq!(parse(text, now), None, "{text}");
        }
    }
}
