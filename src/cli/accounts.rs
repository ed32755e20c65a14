//! `vestibule accounts`

use std::net::IpAddr;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::{
    account_changes::{self, ChangeAddress, Rename},
    account_state,
    context::Context,
    failure::Failure,
    ids::id,
    network_limits,
    output::{Limit, eprint, print, print_json, print_table},
    prompt::{confirm, new_password},
};
use crate::{
    auth::{passwords::Hasher, store::accounts::AccountDetails},
    features::accounts::{admin, factor_reset, service::SignUp},
    mail::Mailer,
};

/// Commands for accounts.
#[derive(Debug, Args)]
pub(super) struct Accounts {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List accounts, the oldest first
    List(List),
    /// Show an account and whether its owner can sign in, or what has to wait that comes from a network address
    Show(Whose),
    /// Forgive the failed attempts to sign in to an account and the mails requested for it, or what was counted of a network address
    Unlock(Whose),
    /// Create an account; the password is read from a prompt, or from the first line of stdin
    Create(Create),
    /// Mark the address of an account as confirmed, if you know that it is the owner's
    Confirm(Account),
    /// Give an account another name
    Rename(Rename),
    /// Change the address of an account; both addresses are notified by mail
    ChangeAddress(ChangeAddress),
    /// Disable an account: its browsers are signed out, its tokens are rejected
    Disable(Account),
    /// Enable a disabled account
    Enable(Account),
    /// Delete an account and all of its data
    Delete(Delete),
    /// Create a link with which the owner of an account chooses a new password
    ResetLink(Account),
    /// Remove all second factors of an account after a waiting time, in which its owner can stop it
    ResetFactors(Account),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    limit: Limit,
    /// Continue after the account with this ID
    #[arg(long, value_name = "ID", value_parser = id)]
    after: Option<Uuid>,
}

#[derive(Debug, Args)]
struct Create {
    /// The address to sign in with
    email: String,
    /// The owner's name; the part of the address before the @ if left out
    #[arg(long)]
    name: Option<String>,
    /// Mark the address as confirmed, if you know that it is the owner's
    #[arg(long)]
    confirmed: bool,
}

#[derive(Debug, Args)]
struct Delete {
    #[command(flatten)]
    account: Account,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// An account, or a network address.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// The account's address or ID
    account: Option<String>,
    /// A network address: what comes from it, for whatever account
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
}

#[derive(Debug, Args)]
struct Account {
    /// Its address or ID
    account: String,
}

impl Accounts {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let json = self.json;
        match self.command {
            Command::List(list) => list.run(context, json).await,
            Command::Show(whose) => match whose.address {
                Some(address) => network_limits::show(context, address, json).await,
                None => account_state::show(context, &whose.account.unwrap_or_default(), json).await,
            },
            Command::Unlock(whose) => match whose.address {
                Some(address) => network_limits::unlock(context, address, json).await,
                None => account_state::unlock(context, &whose.account.unwrap_or_default(), json).await,
            },
            Command::Create(create) => create.run(context, json).await,
            Command::Confirm(account) => account_changes::confirm(context, &account.account, json).await,
            Command::Rename(rename) => rename.run(context, json).await,
            Command::ChangeAddress(change) => change.run(context, json).await,
            Command::Disable(account) => account.set_enabled(context, false, json).await,
            Command::Enable(account) => account.set_enabled(context, true, json).await,
            Command::Delete(delete) => delete.run(context, json).await,
            Command::ResetLink(account) => account.reset_link(context, json).await,
            Command::ResetFactors(account) => account.reset_factors(context, json).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let after = self.after.unwrap_or_default();
        let mut accounts = admin::list(&context.db, after, self.limit.to_read()).await?;
        self.limit.cut(&mut accounts, "To see more, raise --limit, or add --after with the last ID.");
        if json {
            return print_json(&accounts);
        }
        if accounts.is_empty() {
            print("There are no accounts.");
            return Ok(());
        }
        let rows = accounts.into_iter().map(|account| {
            let state = state(&account).to_owned();
            [account.email, account.name, state, account.created_at.to_minute(), account.id.to_string()]
        });
        print_table(["EMAIL", "NAME", "STATE", "CREATED", "ID"], rows.collect());
        Ok(())
    }
}

fn state(account: &AccountDetails) -> &'static str {
    match (account.disabled_at, account.email_verified_at) {
        (Some(_), _) => "disabled",
        (None, Some(_)) => "confirmed",
        (None, None) => "unconfirmed",
    }
}

impl Create {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let name = self.name.unwrap_or_else(|| self.email.split('@').next().unwrap_or_default().to_owned());
        let hasher = Hasher::new(&context.settings.passwords).map_err(Failure::usage)?;
        let form = SignUp { name, email: self.email, password: new_password()? };
        let email = form.email.clone();
        let work = admin::create(&context.db, &hasher, form, self.confirmed);
        let account = context.logged_as("accounts create", (None, &email), work, |account| Some(account.id)).await?;
        if json {
            return print_json(&account);
        }
        print(&format!("Created the account {}.", account.email));
        Ok(())
    }
}

impl Delete {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account(&self.account.account).await?;
        let what = format!("this deletes the account {} and all of its data, and cannot be undone", account.email);
        confirm(context, self.yes, &what, &account.email)?;
        let work = admin::delete(&context.db, account.id);
        context.logged("accounts delete", (Some(account.id), &account.email), work).await?;
        if json {
            return print_json(&json!({"deleted": account.id}));
        }
        print(&format!("Deleted the account {}.", account.email));
        Ok(())
    }
}

impl Account {
    async fn set_enabled(&self, context: &Context, enable: bool, json: bool) -> Result<(), Failure> {
        let AccountDetails { id, email, .. } = context.account(&self.account).await?;
        let action = if enable { "accounts enable" } else { "accounts disable" };
        let work =
            async { if enable { admin::enable(&context.db, id).await } else { admin::disable(&context.db, id).await } };
        let changed = context.logged(action, (Some(id), &email), work).await?;
        if json {
            return print_json(&context.account(&id.to_string()).await?);
        }
        print(&match (enable, changed) {
            (true, true) => format!("{email} has been enabled and can sign in again."),
            (true, false) => format!("{email} was not disabled."),
            (false, true) => format!("{email} has been disabled and signed out everywhere."),
            (false, false) => format!("{email} was already disabled."),
        });
        Ok(())
    }

    async fn reset_link(&self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account(&self.account).await?;
        if account.disabled_at.is_some() {
            return Err(Failure::usage(format!("the account {} is disabled; enable it first", account.email)));
        }
        // Before the link is created, because a new link replaces the previous one.
        context.check_public_url().await?;
        let work = admin::reset_link(&context.db, &context.settings, account.id);
        let link = context.logged("accounts reset-link", (Some(account.id), &account.email), work).await?;
        let minutes = context.settings.accounts.reset_minutes;
        if json {
            return print_json(&json!({"account_id": account.id, "link": link, "minutes": minutes}));
        }
        print(link.as_str());
        eprint(&format!(
            "The link works once, for {minutes} minutes. It gives access to the account {}.",
            account.email
        ));
        Ok(())
    }
}

impl Account {
    async fn reset_factors(&self, context: &Context, json: bool) -> Result<(), Failure> {
        let AccountDetails { id, email, disabled_at, .. } = context.account(&self.account).await?;
        if disabled_at.is_some() {
            return Err(Failure::usage(format!("the account {email} is disabled; enable it first")));
        }
        // The owner gets a link that stops it.
        context.check_public_url().await?;
        let mailer = Mailer::new(&context.settings, context.db.clone()).map_err(Failure::usage)?;
        let sign_ins = account_state::sign_ins(context, &mailer);
        if !sign_ins.has_second(id).await? {
            return Err(Failure::usage(format!("the account {email} has no second factor")));
        }
        let with = (&context.db, &context.settings, &mailer);
        let work = factor_reset::service::ask(with, &sign_ins, (id, &email));
        let due_at = context.logged("accounts reset-factors", (Some(id), &email), work).await?;
        if json {
            return print_json(&json!({"account_id": id, "due_at": due_at}));
        }
        print(&format!("The second factors of {email} will be removed at {}.", due_at.to_minute()));
        eprint("Its owner was mailed, and can stop it until then. The server removes them when it runs.");
        Ok(())
    }
}
