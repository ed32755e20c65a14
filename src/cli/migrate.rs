//! `vestibule migrate`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{
    config::{Config, load},
    failure::Failure,
    log::log,
    operators::{self, Operator, Subject},
    output::{eprint, print, print_json, print_table},
};
use crate::{
    db::{
        Clock, Db, moving,
        upgrade::{self, Found, Pending},
    },
    settings::without_credentials as shown,
};

/// The exit code of `--check` if there is something to do.
const PENDING: u8 = 3;

/// Options of `migrate`.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Say what would be done, and change nothing. The exit code is 3 if there is something to do
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    /// Not on a database that is open: opening it applies the migrations. It creates a database where there is none, as
    /// the start of a server does, so that it can be a step of the first deployment as well.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let (settings, sources) = load(config)?;
        log("warn");
        let url = &settings.database.url;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
        runtime.block_on(async {
            let found = upgrade::look(url).await;
            let (pending, new) = match found.map_err(|error| Failure::machine(format!("{error}. {sources}")))? {
                Found::Pending(pending) => (pending, false),
                Found::None => (upgrade::all(url), true),
            };
            if new {
                // Whoever meant another database sees it.
                eprint(&sources.to_string());
            }
            if !self.check && !pending.is_empty() {
                apply(url, pending.len(), new).await?;
            }
            self.report(url, &pending, new)
        })
    }

    fn report(&self, url: &str, pending: &[Pending], new: bool) -> Result<(), Failure> {
        let place = shown(url);
        if self.json {
            let backup_advised = self.check && !new && !pending.is_empty();
            let applied = !self.check;
            print_json(&json!({
                "migrations": pending, "applied": applied, "backup_advised": backup_advised, "new_database": new,
            }))?;
        } else if pending.is_empty() {
            print(&format!("{place} is up to date."));
        } else {
            let rows = pending.iter().map(|Pending { version, name, tables, rewrites, .. }| {
                let listed = |names: &[String]| if names.is_empty() { "-".into() } else { names.join(", ") };
                [format!("{version:04}"), name.clone(), listed(tables), listed(rewrites)]
            });
            print_table(["VERSION", "MIGRATION", "CREATES OR CHANGES", "WRITES ROWS OF"], rows.collect());
            print(&self.advice(&place, pending, new));
        }
        if self.check && !pending.is_empty() {
            if new {
                return Err(Failure(ExitCode::from(PENDING), format!("the database {place} is to be created")));
            }
            let count = pending.len();
            return Err(Failure(ExitCode::from(PENDING), format!("{count} migrations are to be applied to {place}")));
        }
        Ok(())
    }

    fn advice(&self, place: &str, pending: &[Pending], new: bool) -> String {
        if new && self.check {
            return format!(
                "There is no database of a server at {place}. `vestibule migrate` creates it, and so does the start of \
                 the server."
            );
        }
        if new {
            return format!("The database {place} was created, with {} migrations.", pending.len());
        }
        if !self.check {
            return format!("{} migrations were applied to {place}.", pending.len());
        }
        let long = if pending.iter().any(|migration| !migration.rewrites.is_empty()) {
            "Writing the rows of a large table takes time, in which the server cannot run. "
        } else {
            ""
        };
        format!(
            "{long}Make a backup with the version that runs now: once a migration was applied, that version refuses \
             the database. `vestibule migrate` applies them, and so does the start of the server."
        )
    }
}

async fn apply(url: &str, count: usize, new: bool) -> Result<(), Failure> {
    let db = if new {
        Db::open(url, Clock::default()).await
    } else {
        if let Some(moved) = moving::held(url).await.map_err(Failure::machine)? {
            return Err(Failure::usage(moved));
        }
        Db::open_existing(url, Clock::default()).await
    };
    let db = db.map_err(Failure::machine)?;
    let result = async {
        let subject = Subject { id: None, name: format!("{count} migrations") };
        let entry = operators::begin(&db, &Operator::here(), "migrate", subject).await?;
        operators::end(&db, entry, true, None).await;
        Ok(())
    };
    let result = result.await;
    db.close().await;
    result
}
