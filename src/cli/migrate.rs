//! `vestibule migrate`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{
    config::{Config, load},
    failure::Failure,
    log::log,
    operators::{self, Operator, Subject},
    output::{print, print_json, print_table},
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
    /// Not on a database that is open: opening it applies the migrations.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let (settings, sources) = load(config)?;
        log("warn");
        let url = &settings.database.url;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
        runtime.block_on(async {
            let found = upgrade::look(url).await;
            let Found::Pending(pending) = found.map_err(|error| Failure::machine(format!("{error}. {sources}")))?
            else {
                let place = shown(url);
                return Err(Failure::machine(format!(
                    "there is no database of a server at {place}. `vestibule serve` creates it. {sources}"
                )));
            };
            if !self.check && !pending.is_empty() {
                apply(url, pending.len()).await?;
            }
            self.report(url, &pending)
        })
    }

    fn report(&self, url: &str, pending: &[Pending]) -> Result<(), Failure> {
        let place = shown(url);
        if self.json {
            let backup_advised = self.check && !pending.is_empty();
            let applied = !self.check;
            print_json(&json!({"migrations": pending, "applied": applied, "backup_advised": backup_advised}))?;
        } else if pending.is_empty() {
            print(&format!("{place} is up to date."));
        } else {
            let rows = pending.iter().map(|Pending { version, name, tables, rewrites, .. }| {
                let listed = |names: &[String]| if names.is_empty() { "-".into() } else { names.join(", ") };
                [format!("{version:04}"), name.clone(), listed(tables), listed(rewrites)]
            });
            print_table(["VERSION", "MIGRATION", "CREATES OR CHANGES", "WRITES ROWS OF"], rows.collect());
            print(&self.advice(&place, pending));
        }
        if self.check && !pending.is_empty() {
            let count = pending.len();
            return Err(Failure(ExitCode::from(PENDING), format!("{count} migrations are to be applied to {place}")));
        }
        Ok(())
    }

    fn advice(&self, place: &str, pending: &[Pending]) -> String {
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

async fn apply(url: &str, count: usize) -> Result<(), Failure> {
    if let Some(moved) = moving::held(url).await.map_err(Failure::machine)? {
        return Err(Failure::usage(moved));
    }
    let db = Db::open_existing(url, Clock::default()).await.map_err(Failure::machine)?;
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
