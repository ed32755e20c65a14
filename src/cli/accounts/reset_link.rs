//! `vestibule accounts reset-link`

use serde_json::json;

use crate::{
    cli::{
        Failure,
        house::House,
        operators::served,
        output::{print_json, remark, say},
    },
    features::accounts::admin,
};

pub(super) async fn run(house: &House, who: &str, json: bool) -> Result<(), Failure> {
    let account = house.account(who).await?;
    if account.disabled_at.is_some() {
        return Err(Failure::asked(format!("the account of {} is disabled; enable it first", account.email)));
    }
    // Before the link: a new one voids the one before.
    is_as_served(house).await?;
    let work = admin::reset_link(&house.db, &house.settings, account.id);
    let link = house.logged("accounts reset-link", (Some(account.id), &account.email), work).await?;
    let minutes = house.settings.accounts.reset_minutes;
    if json {
        return print_json(&json!({"account_id": account.id, "link": link, "minutes": minutes}));
    }
    say(link.as_str());
    remark(&format!("It works once, for {minutes} minutes. Whoever has it opens the account of {}.", account.email));
    Ok(())
}

/// Whether the settings name the public URL that the server was last started under: run without the server's own
/// settings, this would make a link to nowhere.
async fn is_as_served(house: &House) -> Result<(), Failure> {
    let ours = house.settings.origin();
    let why = match served::last(&house.db).await? {
        Some(last) if last == ours => return Ok(()),
        Some(last) => format!("the server was last started as {last}"),
        None => "this version of the server was not started with this database yet".into(),
    };
    Err(Failure::asked(format!(
        "{why}, and by the settings here the link would lead to {ours}. Run this in the server's folder and with its \
         environment, or set server.public_url; nothing was done"
    )))
}
