//! `vestibule accounts reset-link`

use serde_json::json;

use crate::{
    accounts::operators,
    cli::{
        Failure,
        house::House,
        output::{print_json, remark, say},
    },
};

pub(super) async fn run(house: &House, who: &str, json: bool) -> Result<(), Failure> {
    let account = house.account(who).await?;
    if account.disabled_at.is_some() {
        return Err(Failure::asked(format!("the account of {} is disabled; enable it first", account.email)));
    }
    let link = operators::reset_link(&house.db, &house.settings, account.id).await?;
    let minutes = house.settings.accounts.reset_minutes;
    if json {
        return print_json(&json!({"account_id": account.id, "link": link, "minutes": minutes}));
    }
    say(link.as_str());
    remark(&format!("It works once, for {minutes} minutes. Whoever has it opens the account of {}.", account.email));
    Ok(())
}
