//! `vestibule accounts`

mod create;
mod delete;
mod disable;
mod enable;
mod list;
mod reset_link;

use clap::{Args, Subcommand};

use super::{Failure, house::House};

/// What to do with accounts.
#[derive(Debug, Args)]
pub(super) struct Accounts {
    #[command(subcommand)]
    command: Command,
    /// Answer in JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every account
    List,
    /// Make an account; the password comes from a prompt, or from the first line of stdin
    Create(create::Create),
    /// Keep an account's owner out: browsers are signed out, tokens refused
    Disable(One),
    /// Let the owner of a disabled account in again
    Enable(One),
    /// Delete an account and all it has
    Delete(delete::Delete),
    /// Make a link by which the owner of an account chooses a new password
    ResetLink(One),
}

/// One account.
#[derive(Debug, Args)]
struct One {
    /// Its address, or its id
    account: String,
}

impl Accounts {
    /// Does it.
    pub(super) async fn run(self, house: &House) -> Result<(), Failure> {
        let json = self.json;
        match self.command {
            Command::List => list::run(house, json).await,
            Command::Create(create) => create.run(house, json).await,
            Command::Disable(one) => disable::run(house, &one.account, json).await,
            Command::Enable(one) => enable::run(house, &one.account, json).await,
            Command::Delete(delete) => delete.run(house, json).await,
            Command::ResetLink(one) => reset_link::run(house, &one.account, json).await,
        }
    }
}
