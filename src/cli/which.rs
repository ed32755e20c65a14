//! Which of what belongs to accounts a command is about.

use clap::Args;
use uuid::Uuid;

/// Exactly one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The one with this id
    pub(super) id: Option<Uuid>,
    /// All of the account with this address or id
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) account: Option<String>,
    /// All of all accounts
    #[arg(long)]
    pub(super) everybody: bool,
}
