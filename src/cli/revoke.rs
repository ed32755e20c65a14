//! `revoke`, of browser sessions and of tokens.

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::{
    context::Context,
    failure::Failure,
    ids::id,
    output::{print, print_json},
    prompt::confirm,
};
use crate::{db::Db, http::problem::Problem};

/// What to revoke, and whether to ask.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    target: Target,
    /// With --everybody: do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// Exactly one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// The one with this ID
    #[arg(value_parser = id)]
    id: Option<Uuid>,
    /// All of the account with this address or ID
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// All of all accounts
    #[arg(long)]
    everybody: bool,
}

/// The words for what is revoked.
pub(super) struct Words {
    /// The commands in the operator log: for one, for those of an account, and for all.
    pub(super) commands: [&'static str; 3],
    /// Such as "a token".
    pub(super) one: &'static str,
    /// The start of the error for an unknown ID, such as "no active token".
    pub(super) none: &'static str,
    /// What revoking all does, for the confirmation.
    pub(super) all: &'static str,
    /// What has been done, for the number of revoked ones.
    pub(super) done: fn(usize) -> String,
}

impl Revoke {
    /// Revokes by `one`, `of_account` or `all`, which return how many they have revoked.
    pub(super) async fn run(
        self,
        context: &Context,
        json: bool,
        words: Words,
        one: impl AsyncFnOnce(&Db, Uuid) -> Result<(), Problem>,
        of_account: impl AsyncFnOnce(&Db, Uuid) -> Result<usize, Problem>,
        all: impl AsyncFnOnce(&Db) -> Result<usize, Problem>,
    ) -> Result<(), Failure> {
        let (db, [command, command_of_account, command_all]) = (&context.db, words.commands);
        let count = match self.target {
            Target { id: Some(id), .. } => {
                let work = async {
                    one(db, id).await.map_err(|problem| match problem {
                        Problem::NotFound => Failure::usage(format!("{} has the ID {id}", words.none)),
                        problem => problem.into(),
                    })
                };
                context.logged(command, (Some(id), words.one), work).await?;
                1
            }
            Target { account: Some(who), .. } => {
                let account = context.account(&who).await?;
                let work = of_account(db, account.id);
                context.logged(command_of_account, (Some(account.id), &account.email), work).await?
            }
            Target { .. } => {
                confirm(context, self.yes, words.all, "everybody")?;
                context.logged(command_all, (None, "everybody"), all(db)).await?
            }
        };
        if json {
            return print_json(&json!({"revoked": count}));
        }
        print(&(words.done)(count));
        Ok(())
    }
}
