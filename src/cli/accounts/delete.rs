//! `vestibule accounts delete`

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        Failure,
        ask::sure,
        house::House,
        output::{print_json, say},
    },
    features::accounts::admin,
};

/// Which account, and whether to ask.
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Its address, or its id
    account: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Delete {
    pub(super) async fn run(self, house: &House, json: bool) -> Result<(), Failure> {
        let account = house.account(&self.account).await?;
        let what = format!("this deletes the account of {} and all it has, for good", account.email);
        sure(house, self.yes, &what, &account.email)?;
        let work = admin::delete(&house.db, account.id);
        house.logged("accounts delete", (Some(account.id), &account.email), work).await?;
        if json {
            return print_json(&json!({"deleted": account.id}));
        }
        say(&format!("{} is deleted.", account.email));
        Ok(())
    }
}
