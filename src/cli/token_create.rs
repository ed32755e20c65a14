//! `vestibule tokens create`

use clap::Args;

use super::{
    context::Context,
    failure::Failure,
    output::{eprint, print, print_json},
};
use crate::{
    app::FEATURES,
    auth::{Scope, Scopes, activity::Actor},
    feature::enabled,
    features::tokens::service::{self, Expiry, Issued, NewToken, scope_errors},
    http::problem::Problem,
};

/// Options of `tokens create`.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The account's address or ID
    account: String,
    /// What the owner sees it as
    #[arg(long)]
    name: String,
    /// A scope, such as account:read; repeat it for more
    #[arg(long = "scope", required = true, value_name = "SCOPE")]
    scopes: Vec<String>,
    /// In how many days it expires
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Extend it with each use, up to the maximum lifetime
    #[arg(long)]
    renew: bool,
    /// Only pages of this origin can use it; repeat it for more
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
}

impl Create {
    /// Creates a token as its owner could, and prints it: it is shown this once.
    pub(super) async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let account = context.account(&self.account).await?;
        if account.disabled_at.is_some() {
            return Err(Failure::usage(format!("{} is disabled, so a token would be refused", account.email)));
        }
        let declared: Vec<_> =
            enabled(FEATURES, &context.settings).flat_map(|feature| feature.scopes).copied().collect();
        let scopes: Vec<_> = self.scopes.into_iter().map(Scope).collect();
        Problem::unless(scope_errors(&declared, &scopes), ())?;
        let new = NewToken {
            name: self.name,
            scopes: scopes.into_iter().collect::<Scopes>(),
            expiry: Expiry::Days(self.days),
            renew: self.renew,
            origins: self.origins,
            key_thumbprint: None,
        };
        let actor = Actor::operator(account.id);
        let work = service::create(&context.db, &context.settings.tokens, &actor, None, new);
        let subject = (Some(account.id), account.email.as_str());
        let Issued { secret, token } = context.logged("tokens create", subject, work).await?;
        if json {
            let mut document = serde_json::to_value(&token).map_err(Failure::machine)?;
            document["token"] = secret.reveal().into();
            return print_json(&document);
        }
        print(secret.reveal());
        let expires = token.expires_at.to_minute();
        eprint(&format!("It is not shown again. It expires {expires}, and its owner sees it as {:?}.", token.name));
        Ok(())
    }
}
