//! `vestibule accounts disable`

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
    let work = admin::disable(&house.db, account.id);
    let disabled = house.logged("accounts disable", (Some(account.id), &account.email), work).await?;
    if json {
        return print_json(&house.account(&account.id.to_string()).await?);
    }
    let email = account.email;
    say(&if disabled {
        format!("{email} is kept out from now on, and signed out everywhere.")
    } else {
        format!("{email} was kept out already.")
    });
    Ok(())
}
