//! `vestibule tokens list`

use clap::Args;

use crate::{
    cli::{
        Failure,
        house::House,
        output::{print_json, print_table, say},
    },
    features::tokens::admin,
    timestamp::Timestamp,
};

/// Whose, and how many.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Those of the account with this address or id; everybody's if left out
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// The newest so many, 10000 at most
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

impl List {
    pub(super) async fn run(self, house: &House, json: bool) -> Result<(), Failure> {
        let account = match self.account {
            Some(who) => Some(house.account(&who).await?.id),
            None => None,
        };
        let tokens = admin::list(&house.db, account, self.limit).await?;
        if json {
            return print_json(&tokens);
        }
        if tokens.is_empty() {
            say("No token works.");
            return Ok(());
        }
        let rows = tokens.into_iter().map(|token| {
            let used = token.last_used_at.map_or_else(|| "never".into(), Timestamp::to_minute);
            let ends = token.expires_at.to_minute();
            [token.email, token.name, token.issued_by, token.scopes, used, ends, token.id.to_string()]
        });
        print_table(["ACCOUNT", "NAME", "MADE BY", "SCOPES", "LAST USED", "EXPIRES", "ID"], rows.collect());
        Ok(())
    }
}
