//! `vestibule tokens`

mod list;
mod revoke;

use clap::{Args, Subcommand};

use super::{Failure, house::House};

/// What to do with tokens.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    command: Command,
    /// Answer in JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tokens that work, of an account or of everybody
    List(list::List),
    /// Revoke tokens and what they have made, from their next requests on
    Revoke(revoke::Revoke),
}

impl Tokens {
    /// Does it.
    pub(super) async fn run(self, house: &House) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(house, self.json).await,
            Command::Revoke(revoke) => revoke.run(house, self.json).await,
        }
    }
}
