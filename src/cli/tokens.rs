//! `vestibule tokens`

use clap::{Args, Subcommand};

use super::{
    context::Context,
    failure::Failure,
    output::{Limit, print, print_json, print_table},
    revoke::{Revoke, Words},
    token_create::Create,
};
use crate::{features::tokens::admin, timestamp::Timestamp};

/// Commands for tokens.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a token for an account, and print it
    Create(Create),
    /// List the active tokens of an account, or of all accounts, the newest first
    List(List),
    /// Revoke tokens and the tokens they created, from their next requests on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct List {
    /// Only those of the account with this address or ID
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    limit: Limit,
}

impl Tokens {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            Command::Create(create) => create.run(context, self.json).await,
            Command::List(list) => list.run(context, self.json).await,
            Command::Revoke(revoke) => {
                let (one, all) = (admin::revoke, admin::revoke_everybody);
                revoke.run(context, self.json, WORDS, one, admin::revoke_all_of, all).await
            }
        }
    }
}

const WORDS: Words = Words {
    commands: ["tokens revoke", "tokens revoke --account", "tokens revoke --everybody"],
    one: "a token",
    none: "no active token",
    all: "this revokes all tokens of all accounts",
    done: |count| match count {
        1 => "1 token has been revoked, with the tokens it created.".into(),
        count => format!("{count} tokens have been revoked."),
    },
};

impl List {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account_id(self.account.as_deref()).await?;
        let mut tokens = admin::list(&context.db, account, self.limit.to_read()).await?;
        self.limit.cut(&mut tokens, "The newest are shown. To see more, raise --limit, or add --account.");
        if json {
            return print_json(&tokens);
        }
        if tokens.is_empty() {
            print("There are no active tokens.");
            return Ok(());
        }
        let rows = tokens.into_iter().map(|token| {
            let used = token.last_used_at.map_or_else(|| "never".into(), Timestamp::to_minute);
            let expires = token.expires_at.to_minute();
            [token.email, token.name, token.issued_by, token.scopes, used, expires, token.id.to_string()]
        });
        print_table(["ACCOUNT", "NAME", "ISSUED BY", "SCOPES", "LAST USED", "EXPIRES", "ID"], rows.collect());
        Ok(())
    }
}
