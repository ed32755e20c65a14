//! `vestibule mail`

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::{
    context::Context,
    failure::Failure,
    ids::id,
    output::{Limit, eprint, print, print_json, print_table},
    prompt::confirm,
};
use crate::{
    db::Db,
    mail::{
        Mail as Message, Mailer,
        admin::{self, Listed},
        template::greeting,
    },
    settings::Settings,
};

/// Commands for mails.
#[derive(Debug, Args)]
pub(super) struct Mail {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List mails that wait or could not be sent, the newest first
    List(List),
    /// Show what became of a mail, with the mail server's own words
    Show(One),
    /// Send mails now that wait, and those that could not be sent
    Resend(Resend),
    /// Drop mails that wait or could not be sent: they are never sent, and no longer listed or counted
    Drop(Discard),
    /// Send a test message and print what the mail server answers
    Test(Test),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    limit: Limit,
    /// List all that are kept: also those that were sent, expired, replaced or dropped
    #[arg(long)]
    all: bool,
    /// Only mails to this address
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
}

#[derive(Debug, Args)]
struct One {
    /// Its ID
    #[arg(value_parser = id)]
    id: Uuid,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Resend {
    /// The one with this ID
    #[arg(value_parser = id)]
    id: Option<Uuid>,
    /// All that wait, and all that could not be sent
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct Discard {
    #[command(flatten)]
    which: Which,
    /// With --all: do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Those with these IDs
    #[arg(value_parser = id, value_name = "ID")]
    ids: Vec<Uuid>,
    /// All that could not be sent
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct Test {
    /// The address to send it to
    to: String,
}

impl Mail {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let json = self.json;
        match self.command {
            Command::List(list) => list.run(context, json).await,
            Command::Show(One { id }) => show(context, id, json).await,
            Command::Resend(resend) => resend.run(context, json).await,
            Command::Drop(discard) => discard.run(context, json).await,
            Command::Test(test) => test.run(context, json).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let limit = self.limit.to_read();
        let mails = admin::list(&context.db, self.to, !self.all, limit).await;
        let mut mails = mails.map_err(Failure::machine)?;
        self.limit.cut(&mut mails, "To see more, raise --limit.");
        if json {
            return print_json(&mails);
        }
        if mails.is_empty() {
            print(if self.all { "There are no mails." } else { "No mail waits, and none has failed." });
            return Ok(());
        }
        let rows = mails.into_iter().map(|mail| {
            let at = mail.created_at.to_minute();
            [mail.id.to_string(), at, mail.kind, mail.recipient, mail.state, mail.attempts.to_string(), mail.answer]
        });
        print_table(["ID", "WRITTEN", "KIND", "TO", "STATE", "ATTEMPTS", "ANSWER"], rows.collect());
        Ok(())
    }
}

async fn find(context: &Context, id: Uuid) -> Result<Listed, Failure> {
    let found = admin::find(&context.db, id).await.map_err(Failure::machine)?;
    found.ok_or_else(|| Failure::usage(format!("no mail has the ID {id}")))
}

async fn show(context: &Context, id: Uuid, json: bool) -> Result<(), Failure> {
    let mail = find(context, id).await?;
    if json {
        return print_json(&mail);
    }
    let mut lines = vec![
        ("To", mail.recipient),
        ("Kind", mail.kind),
        ("State", mail.state.clone()),
        ("Written", mail.created_at.to_minute()),
        ("Attempts", mail.attempts.to_string()),
    ];
    if mail.state == "waiting" {
        lines.push(("Next attempt", mail.due_at.to_minute()));
    }
    lines.extend(mail.request_id.map(|id| ("Request", id)));
    lines.extend(mail.ended_at.map(|at| ("Ended", at.to_minute())));
    lines.extend(mail.expires_at.map(|at| ("Works until", at.to_minute())));
    if !mail.answer.is_empty() {
        lines.push(("Answer", mail.answer));
    }
    for (name, value) in lines {
        print(&format!("{:14}{value}", format!("{name}:")));
    }
    Ok(())
}

/// Why nothing is done with a mail.
const BUSY: &str = "the mail is being sent at this moment; look again later";

impl Resend {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        if let Some(id) = self.id {
            let mail = find(context, id).await?;
            if !["waiting", "failed"].contains(&&*mail.state) {
                return Err(Failure::usage(format!("the mail is {}, so it cannot be sent again", mail.state)));
            }
            if !mail.kept || mail.expires_at.is_some_and(|at| at <= context.db.now()) {
                return Err(Failure::usage(
                    "its link or code no longer works; its recipient has to ask for another one",
                ));
            }
        }
        let name = if self.id.is_some() { "a mail" } else { "all that wait or failed" };
        let work = async {
            match admin::resend(&context.db, self.id).await.map_err(Failure::machine)? {
                0 if self.id.is_some() => Err(Failure::usage(BUSY)),
                count => Ok(count),
            }
        };
        let count = context.logged("mail resend", (self.id, name), work).await?;
        // Sent from here, and by the server if that takes longer.
        mailer(context)?.wake();
        context.db.wait_idle().await;
        if json {
            return print_json(&json!({"resent": count}));
        }
        print(&match count {
            0 => "No mail waits or has failed that can still be sent.".into(),
            1 => "1 mail is being sent. See `vestibule mail list --all`.".into(),
            count => format!("{count} mails are being sent. See `vestibule mail list --all`."),
        });
        Ok(())
    }
}

impl Discard {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let Which { mut ids, all } = self.which;
        let count = if all {
            confirm(context, self.yes, "this drops all mails that could not be sent", "drop")?;
            let work = async { admin::discard(&context.db, None).await.map_err(Failure::machine) };
            context.logged("mail drop", (None, "all that failed"), work).await?
        } else {
            ids.sort_unstable();
            ids.dedup();
            // A mistake in one of them drops none.
            for id in &ids {
                let mail = find(context, *id).await?;
                if !["waiting", "failed"].contains(&&*mail.state) {
                    let state = mail.state;
                    return Err(Failure::usage(format!("the mail {id} is {state}, so there is nothing to drop")));
                }
            }
            let mut dropped = 0;
            for id in ids {
                let work = async {
                    match admin::discard(&context.db, Some(id)).await.map_err(Failure::machine)? {
                        0 => Err(Failure::usage(BUSY)),
                        count => Ok(count),
                    }
                };
                dropped += context.logged("mail drop", (Some(id), "a mail"), work).await?;
            }
            dropped
        };
        if json {
            return print_json(&json!({"dropped": count}));
        }
        print(&match count {
            0 => "No mail has failed.".into(),
            1 => "1 mail has been dropped.".into(),
            count => format!("{count} mails have been dropped."),
        });
        Ok(())
    }
}

fn mailer(context: &Context) -> Result<Mailer, Failure> {
    Mailer::new(&context.settings, context.db.clone()).map_err(Failure::usage)
}

/// Sends a test message to `to`, and returns what the mail server answers.
///
/// # Errors
/// What went wrong, in the mail server's own words.
pub(super) async fn send_test(settings: &Settings, db: &Db, to: &str) -> Result<String, String> {
    let mail = Message::new("test", to, "Test message")
        .text(greeting(settings))
        .text("Somebody who operates this site sent this message to see whether mail arrives.");
    Mailer::new(settings, db.clone())?.deliver(&mail).await
}

impl Test {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let work = async {
            let answer = send_test(&context.settings, &context.db, &self.to).await;
            answer.map_err(|words| Failure::machine(format!("the message was not sent: {words}")))
        };
        let answer = context.logged("mail test", (None, &self.to), work).await?;
        if json {
            return print_json(&json!({"to": self.to, "answer": answer}));
        }
        print(&format!("The message to {} was sent: {answer}", self.to));
        if context.settings.mail.has_server() {
            eprint(
                "If it does not arrive, look into the spam folder, and at SPF, DKIM and DMARC of mail.from's domain.",
            );
        }
        Ok(())
    }
}
