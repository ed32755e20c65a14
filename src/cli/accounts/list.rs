//! `vestibule accounts list`

use crate::{
    auth::store::accounts::AccountDetails,
    cli::{
        Failure,
        house::House,
        output::{print_json, print_table, say},
    },
    features::accounts::admin,
};

pub(super) async fn run(house: &House, json: bool) -> Result<(), Failure> {
    let accounts = admin::list(&house.db).await?;
    if json {
        return print_json(&accounts);
    }
    if accounts.is_empty() {
        say("There are no accounts.");
        return Ok(());
    }
    let rows = accounts.into_iter().map(|account| {
        let state = state(&account).to_owned();
        [account.email, account.name, state, account.created_at.to_minute(), account.id.to_string()]
    });
    print_table(["ADDRESS", "NAME", "STATE", "SINCE", "ID"], rows.collect());
    Ok(())
}

fn state(account: &AccountDetails) -> &'static str {
    match (account.disabled_at, account.email_verified_at) {
        (Some(_), _) => "disabled",
        (None, Some(_)) => "confirmed",
        (None, None) => "unconfirmed",
    }
}
