//! `vestibule sessions list`

use clap::Args;

use crate::{
    cli::{
        Failure,
        house::House,
        output::{print_json, print_table, say},
    },
    features::browser_sessions,
};

/// Whose.
#[derive(Debug, Args)]
pub(super) struct List {
    /// The account's address, or its id; everybody's if left out
    account: Option<String>,
}

impl List {
    pub(super) async fn run(self, house: &House, json: bool) -> Result<(), Failure> {
        let account = match self.account {
            Some(who) => Some(house.account(&who).await?.id),
            None => None,
        };
        let browser_sessions = browser_sessions::service::of_all(&house.db, account).await?;
        if json {
            return print_json(&browser_sessions);
        }
        if browser_sessions.is_empty() {
            say("Nobody is signed in.");
            return Ok(());
        }
        let rows = browser_sessions.into_iter().map(|sign_in| {
            let (browser, seen) = (sign_in.browser(), sign_in.last_seen_at.to_minute());
            [sign_in.email, browser, sign_in.address, seen, sign_in.id.to_string()]
        });
        print_table(["ACCOUNT", "BROWSER", "FROM", "LAST SEEN", "ID"], rows.collect());
        Ok(())
    }
}
