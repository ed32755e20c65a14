//! `vestibule sessions`

mod list;
mod revoke;

use clap::{Args, Subcommand};

use super::{Failure, house::House};

/// What to do with signed-in browsers.
#[derive(Debug, Args)]
pub(super) struct Sessions {
    #[command(subcommand)]
    command: Command,
    /// Answer in JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the signed-in browsers of an account, or of everybody
    List(list::List),
    /// Sign browsers out, from their next requests on
    Revoke(revoke::Revoke),
}

impl Sessions {
    /// Does it.
    pub(super) async fn run(self, house: &House) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(house, self.json).await,
            Command::Revoke(revoke) => revoke.run(house, self.json).await,
        }
    }
}
