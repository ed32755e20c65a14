//! `vestibule accounts enable`

use crate::{
    cli::{
        Failure,
        house::House,
        output::{print_json, say},
    },
    features::accounts::admin,
};

pub(super) async fn run(house: &House, who: &str, json: bool) -> Result<(), Failure> {
    let account = house.account(who).await?;
    let work = admin::enable(&house.db, account.id);
    let enabled = house.logged("accounts enable", (Some(account.id), &account.email), work).await?;
    if json {
        return print_json(&house.account(&account.id.to_string()).await?);
    }
    let email = account.email;
    say(&if enabled { format!("{email} may sign in again.") } else { format!("{email} was not kept out.") });
    Ok(())
}
