//! `vestibule accounts create`

use clap::Args;

use crate::{
    auth::passwords::Hasher,
    cli::{
        Failure,
        ask::new_password,
        house::House,
        output::{print_json, say},
    },
    features::accounts::{admin, service::SignUp},
};

/// What a new account needs.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The address to sign in with
    email: String,
    /// What to call the owner; what stands before the @ if left out
    #[arg(long)]
    name: Option<String>,
    /// Take the address for confirmed: you know that it is theirs
    #[arg(long)]
    confirmed: bool,
}

impl Create {
    pub(super) async fn run(self, house: &House, json: bool) -> Result<(), Failure> {
        let name = self.name.unwrap_or_else(|| self.email.split('@').next().unwrap_or_default().to_owned());
        let hasher = Hasher::new(&house.settings.passwords).map_err(Failure::settings)?;
        let form = SignUp { name, email: self.email, password: new_password()? };
        let email = form.email.clone();
        let work = admin::create(&house.db, &hasher, form, self.confirmed);
        let account = house.logged_as("accounts create", (None, &email), work, |account| Some(account.id)).await?;
        if json {
            return print_json(&account);
        }
        say(&format!("{} has an account.", account.email));
        Ok(())
    }
}
