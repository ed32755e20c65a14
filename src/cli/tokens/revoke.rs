//! `vestibule tokens revoke`

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        Failure,
        ask::sure,
        house::House,
        output::{print_json, say},
        which::Which,
    },
    features::tokens::admin,
    http::problem::Problem,
};

/// Which.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    which: Which,
    /// With --everybody: do not ask
    #[arg(long)]
    yes: bool,
}

impl Revoke {
    pub(super) async fn run(self, house: &House, json: bool) -> Result<(), Failure> {
        let db = &house.db;
        let count = match self.which {
            Which { id: Some(id), .. } => {
                let work = async {
                    admin::revoke(db, id).await.map_err(|problem| match problem {
                        Problem::NotFound => Failure::asked(format!("no token that works has the id {id}")),
                        problem => problem.into(),
                    })
                };
                house.logged("tokens revoke", (Some(id), "a token"), work).await?;
                1
            }
            Which { account: Some(who), .. } => {
                let account = house.account(&who).await?;
                let work = admin::revoke_all_of(db, account.id);
                house.logged("tokens revoke --account", (Some(account.id), &account.email), work).await?
            }
            Which { .. } => {
                sure(house, self.yes, "this revokes every token of everybody", "everybody")?;
                house.logged("tokens revoke --everybody", (None, "everybody"), admin::revoke_everybody(db)).await?
            }
        };
        if json {
            return print_json(&json!({"revoked": count}));
        }
        say(&match count {
            1 => "1 token is revoked, and what it has made.".into(),
            count => format!("{count} tokens are revoked."),
        });
        Ok(())
    }
}
