//! `vestibule sessions`

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{
    context::Context,
    failure::Failure,
    ids::id,
    output::{Limit, print, print_json, print_table},
    revoke::{Revoke, Words},
};
use crate::{
    auth::{activity::Actor, browser_session::BrowserSessionWithOwner},
    features::browser_sessions::service,
};

/// Commands for browser sessions.
#[derive(Debug, Args)]
pub(super) struct Sessions {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the signed-in browsers of an account, or of all accounts, the newest first
    List(List),
    /// Sign browsers out, from their next requests on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct List {
    /// The account's address or ID; all accounts if left out
    account: Option<String>,
    #[command(flatten)]
    limit: Limit,
    /// Continue after the session with this ID
    #[arg(long, value_name = "ID", value_parser = id)]
    after: Option<Uuid>,
}

impl Sessions {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(context, self.json).await,
            Command::Revoke(revoke) => {
                let of_account =
                    async |db: &_, account| service::revoke_others(db, &Actor::operator(account), Uuid::nil()).await;
                let (one, all) = (service::revoke_any, service::revoke_everybody);
                revoke.run(context, self.json, WORDS, one, of_account, all).await
            }
        }
    }
}

const WORDS: Words = Words {
    commands: ["sessions revoke", "sessions revoke --account", "sessions revoke --everybody"],
    one: "a browser session",
    none: "no browser session",
    all: "this signs everybody out",
    done: |count| match count {
        1 => "1 browser has been signed out.".into(),
        count => format!("{count} browsers have been signed out."),
    },
};

impl List {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account_id(self.account.as_deref()).await?;
        let before = self.after.unwrap_or(Uuid::max());
        let mut sessions = service::list_all(&context.db, account, before, self.limit.to_read()).await?;
        self.limit.cut(&mut sessions, "To see more, raise --limit, or add --after with the last ID.");
        if json {
            return print_json(&sessions);
        }
        if sessions.is_empty() {
            print("There are no browser sessions.");
            return Ok(());
        }
        let rows = sessions.into_iter().map(|BrowserSessionWithOwner { session, email, .. }| {
            let (browser, seen) = (session.browser(), session.last_seen_at.to_minute());
            let bound = if session.bound_at.is_some() { "yes" } else { "no" };
            [email, browser, session.address, seen, bound.to_owned(), session.id.to_string()]
        });
        print_table(["ACCOUNT", "BROWSER", "IP ADDRESS", "LAST SEEN", "BOUND", "ID"], rows.collect());
        Ok(())
    }
}
