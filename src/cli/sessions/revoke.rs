//! `vestibule sessions revoke`

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::activity::Actor,
    cli::{
        Failure,
        ask::sure,
        house::House,
        output::{print_json, say},
        which::Which,
    },
    features::browser_sessions::service,
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
                    service::revoke_any(db, id).await.map_err(|problem| match problem {
                        Problem::NotFound => Failure::asked(format!("no browser is signed in with the id {id}")),
                        problem => problem.into(),
                    })
                };
                house.logged("sessions revoke", (Some(id), "a browser session"), work).await?;
                1
            }
            Which { account: Some(who), .. } => {
                let account = house.account(&who).await?;
                let actor = Actor::operator(account.id);
                let work = service::revoke_others(db, &actor, Uuid::nil());
                house.logged("sessions revoke --account", (Some(account.id), &account.email), work).await?
            }
            Which { .. } => {
                sure(house, self.yes, "this signs everybody out", "everybody")?;
                let work = service::revoke_everybody(db);
                house.logged("sessions revoke --everybody", (None, "everybody"), work).await?
            }
        };
        if json {
            return print_json(&json!({"revoked": count}));
        }
        say(&match count {
            1 => "1 browser is signed out.".into(),
            count => format!("{count} browsers are signed out."),
        });
        Ok(())
    }
}
