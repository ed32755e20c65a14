//! `vestibule clients`

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    context::Context,
    failure::Failure,
    output::{Limit, eprint, print, print_json, print_table},
    prompt::confirm,
};
use crate::{
    app::FEATURES,
    feature::site,
    features::oauth::admin::{self, NewClient},
    http::problem::Problem,
};

/// Commands for applications.
#[derive(Debug, Args)]
pub(super) struct Clients {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register an application, which then asks people for access; prints its client ID, and its secret once
    Add(Add),
    /// List the registered applications, the newest first
    List(List),
    /// Delete a registered application and everything that people let it do
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Add {
    /// The name that people see
    name: String,
    /// Where people return to; may be given several times
    #[arg(long, value_name = "URI", required_unless_present = "device")]
    redirect_uri: Vec<String>,
    /// A scope that it may ask for; may be given several times. Without it, whatever the site offers
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// The letter beside its name
    #[arg(long, default_value = "", hide_default_value = true)]
    letter: String,
    /// Give it tokens only that are bound to a key (`dpop_bound_access_tokens`)
    #[arg(long)]
    dpop_bound: bool,
    /// Create a secret, for an application that runs on a server
    #[arg(long)]
    confidential: bool,
    /// Let it sign people in on devices without a browser, by a code that they enter elsewhere (RFC 8628)
    #[arg(long)]
    device: bool,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    limit: Limit,
}

#[derive(Debug, Args)]
struct Remove {
    /// Its client ID
    id: String,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Clients {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            Command::Add(add) => add.run(context, self.json).await,
            Command::List(list) => list.run(context, self.json).await,
            Command::Remove(remove) => remove.run(context, self.json).await,
        }
    }
}

impl Add {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let Self { name, redirect_uri, confidential, device, scope, letter, dpop_bound } = self;
        let declared = site(FEATURES, &context.settings).scopes;
        let new = NewClient {
            name: name.clone(),
            redirect_uris: redirect_uri,
            is_confidential: confidential,
            device_grant: device,
            scopes: if scope.is_empty() { admin::scopes(&declared) } else { scope },
            letter,
            requires_key: dpop_bound,
        };
        let work = admin::add(&context.db, &declared, new);
        let (client, secret) = context.logged("clients add", (None, &name), work).await?;
        if json {
            let secret = secret.as_ref().map(crate::secret::Secret::reveal);
            return print_json(&json!({"client_id": client.id, "client_secret": secret, "name": client.name}));
        }
        print(&format!("client_id     {}", client.id));
        if let Some(secret) = secret {
            print(&format!("client_secret {}", secret.reveal()));
            eprint("The secret is not stored, and not shown again.");
        }
        Ok(())
    }
}

impl List {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let mut clients = admin::list(&context.db, self.limit.to_read()).await?;
        self.limit.cut(&mut clients, "The newest are shown. To see more, raise --limit.");
        if json {
            return print_json(&clients);
        }
        if clients.is_empty() {
            print("There are no registered applications. Those of the settings are in oauth.clients.");
            return Ok(());
        }
        let rows = clients.into_iter().map(|client| {
            let owner = client.account_id.map_or_else(|| "operator".into(), |id| id.to_string());
            let kind = if client.is_confidential { "confidential" } else { "public" };
            let kind = if client.requires_key { format!("{kind}, bound to a key") } else { kind.into() };
            let scopes = if client.scopes.is_empty() { "all".into() } else { client.scopes.join(" ") };
            let uris = client.redirect_uris.join(" ");
            [client.name, kind, scopes, uris, owner, client.created_at.to_minute(), client.id]
        });
        print_table(["NAME", "KIND", "SCOPES", "REDIRECT URIS", "OWNER", "CREATED", "CLIENT ID"], rows.collect());
        Ok(())
    }
}

impl Remove {
    async fn run(self, context: &Context, json: bool) -> Result<(), Failure> {
        let id = self.id;
        let missing = |problem| match problem {
            Problem::NotFound => Failure::usage(format!("there is no application {id}")),
            problem => Failure::from(problem),
        };
        let name = admin::name(&context.db, &id).await.map_err(missing)?;
        let what = format!("this deletes the application {name} and everything that people let it do");
        confirm(context, self.yes, &what, &id)?;
        let work = async { admin::remove(&context.db, &id).await.map_err(missing) };
        let name = context.logged("clients remove", (None, &id), work).await?;
        if json {
            return print_json(&json!({"removed": id, "name": name}));
        }
        print(&format!("Deleted the application {name}."));
        Ok(())
    }
}
