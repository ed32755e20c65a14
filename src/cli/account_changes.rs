//! `vestibule accounts confirm`, `rename` and `change-address`: what an operator corrects for somebody.

use clap::Args;

use super::{
    context::Context,
    failure::Failure,
    output::{eprint, print, print_json},
};
use crate::{auth::store::accounts::AccountDetails, features::accounts::corrections, mail::Mailer};

/// Options of `accounts rename`.
#[derive(Debug, Args)]
pub(super) struct Rename {
    /// The account's address or ID
    account: String,
    /// The owner's name
    name: String,
}

/// Options of `accounts change-address`.
#[derive(Debug, Args)]
pub(super) struct ChangeAddress {
    /// The account's address or ID
    #[arg(value_name = "OLD")]
    account: String,
    /// The address to sign in with from now on
    new: String,
    /// Mark the address as confirmed, if you know that it is the owner's; otherwise a link to confirm it is sent there
    #[arg(long)]
    confirmed: bool,
}

/// Marks the address of the account `who` as confirmed.
pub(super) async fn confirm(context: &Context, who: &str, json: bool) -> Result<(), Failure> {
    let account = context.account(who).await?;
    let work = corrections::confirm(&context.db, &account);
    let changed = context.logged("accounts confirm", (Some(account.id), &account.email), work).await?;
    if json {
        return print_account(context, &account).await;
    }
    let email = account.email;
    print(&if changed {
        format!("The address {email} is now confirmed.")
    } else {
        format!("The address {email} was already confirmed.")
    });
    Ok(())
}

impl Rename {
    pub(super) async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account(&self.account).await?;
        let work = corrections::rename(&context.db, &account, &self.name);
        let changed = context.logged("accounts rename", (Some(account.id), &account.email), work).await?;
        if json {
            return print_account(context, &account).await;
        }
        let (email, name) = (account.email, self.name.trim());
        print(&if changed {
            format!("The name of {email} is now {name}.")
        } else {
            format!("The name of {email} was already {name}.")
        });
        Ok(())
    }
}

impl ChangeAddress {
    pub(super) async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account(&self.account).await?;
        if account.disabled_at.is_some() {
            return Err(Failure::usage(format!("the account {} is disabled; enable it first", account.email)));
        }
        // Both mails lead to the site.
        context.check_public_url().await?;
        let new = corrections::new_address(&context.db, &account, &self.new).await?;
        let mailer = Mailer::new(&context.settings, context.db.clone()).map_err(Failure::usage)?;
        let with = (&context.db, &context.settings, &mailer);
        let work = corrections::change_address(with, &account, &new, self.confirmed);
        let subject = format!("{} to {new}", account.email);
        context.logged("accounts change-address", (Some(account.id), &subject), work).await?;
        if json {
            return print_account(context, &account).await;
        }
        print(&format!("The address of the account {} is now {new}.", account.email));
        eprint(if self.confirmed {
            "Both addresses are notified by mail."
        } else {
            "Both addresses are notified by mail; the mail to the new one has a link to confirm it."
        });
        Ok(())
    }
}

/// Prints the account as it is now.
async fn print_account(context: &Context, account: &AccountDetails) -> Result<(), Failure> {
    print_json(&context.account(&account.id.to_string()).await?)
}
