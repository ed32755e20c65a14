//! `vestibule move`

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use super::{
    backup::quiet,
    config::{Config, load},
    failure::Failure,
    log::log,
    operators::{self, Operator, Subject},
    output::{eprint, print, print_json, print_table},
};
use crate::{
    db::{
        Clock, Db,
        backup::{self, Place},
        moving::{self, Mark, Summary, Target},
        upgrade::{self, Found},
    },
    settings::{check_database_url, without_credentials as shown},
};

/// Where the settings may have the database.
const DATABASE: [&str; 4] =
    ["DATABASE_URL", "DATABASE_URL_FILE", "VESTIBULE_DATABASE__URL", "VESTIBULE_DATABASE__URL_FILE"];
/// How often a long copy says how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

/// Options of `move`.
#[derive(Debug, Args)]
pub(super) struct Move {
    /// The empty database to move to: postgres://… or sqlite:…; PostgreSQL's password may be in PGPASSWORD
    #[arg(long, value_name = "URL", required_unless_present = "undo")]
    to: Option<String>,
    /// The database to move; that of the settings if left out
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    #[command(flatten)]
    how: How,
    /// Let the source take writes again, which a move has stopped
    #[arg(long, conflicts_with_all = ["to", "dry_run", "restart"])]
    undo: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How to move.
#[derive(Debug, Args)]
struct How {
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete what an interrupted move has copied, and begin again
    #[arg(long)]
    restart: bool,
}

impl Move {
    /// Not on a database that is open: a source that is held is not opened by any other command.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let source = match &self.from {
            Some(url) => checked(config, "--from", url)?,
            None => known("database.url", load(config)?.0.database.url)?,
        };
        let target = self.to.as_deref().map(|url| checked(config, "--to", url)).transpose()?;
        log("warn");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
        runtime.block_on(async {
            let Found::Pending(pending) = upgrade::look(&source).await.map_err(Failure::machine)? else {
                return Err(Failure::machine(format!("there is no database of a server at {}", shown(&source))));
            };
            let Some(target) = target else { return self.undo(&source).await };
            if !pending.is_empty() {
                return Err(Failure::usage(format!(
                    "{} is of an earlier version. Run `vestibule migrate` first; nothing was changed",
                    shown(&source)
                )));
            }
            self.to(&source, &target).await
        })
    }

    async fn undo(self, source: &str) -> Result<(), Failure> {
        let Some(mark) = moving::release(source).await.map_err(Failure::machine)? else {
            return Err(Failure::usage(format!("{} was not moved", shown(source))));
        };
        log_undo(source, &mark).await.map_err(|failure| {
            Failure::machine(format!(
                "{} takes writes again, but there is no entry of this in its operators' log: {}",
                shown(source),
                failure.1
            ))
        })?;
        if self.json {
            return print_json(&json!({"undone": mark}));
        }
        print(&format!(
            "{} can be used again. It has nothing of what was written to {} since.",
            shown(source),
            mark.other
        ));
        Ok(())
    }

    async fn to(self, source: &str, target: &str) -> Result<(), Failure> {
        if source == target {
            return Err(Failure::usage("the source and the target are the same database"));
        }
        let (counts, held) = moving::counts(source).await.map_err(Failure::machine)?;
        let found = self.look(target).await?;
        let goes_on = begun(source, target, held.as_ref(), &found, self.how.restart)?;
        if self.how.dry_run {
            return self.report_plan(source, target, &counts, goes_on);
        }
        nobody_uses(source).await?;
        let db = Db::open(target, Clock::default()).await.map_err(Failure::machine)?;
        db.close().await;
        if self.how.restart && matches!(found, Target::Begun(_)) {
            moving::empty(target).await.map_err(Failure::machine)?;
        }
        moving::fits(source, target).await.map_err(Failure::usage)?;
        let mark = hold(source, target, held.as_ref()).await?;
        let last = Cell::new(Instant::now());
        let said = move |table: &str, rows: u64, all: bool| {
            if all || last.get().elapsed() > PROGRESS {
                last.set(Instant::now());
                eprint(&format!("{table}: {rows} rows{}", if all { "" } else { " …" }));
            }
        };
        let now = Clock::default().now();
        let moved = moving::run((source, target), &mark, now, &said).await.map_err(|error| {
            Failure::machine(format!(
                "{error}. {} is as it was, and takes no writes. Run the same command again to go on, with --restart to \
                 begin again, or give up by `vestibule move --undo`",
                shown(source)
            ))
        })?;
        if let Some(entry) = mark.entry {
            let db = Db::open_existing(target, Clock::default()).await.map_err(Failure::machine)?;
            operators::end(&db, entry, true, None).await;
            db.close().await;
        }
        self.report(source, target, &moved)
    }

    /// What the target has. A file that is missing is not created.
    async fn look(&self, target: &str) -> Result<Target, Failure> {
        if let Place::File(file) = Place::of(target).map_err(Failure::usage)?
            && file.metadata().map_or(true, |found| found.len() == 0)
        {
            return Ok(Target::Empty);
        }
        moving::look(target).await.map_err(Failure::machine)
    }

    fn report_plan(&self, source: &str, target: &str, counts: &[(String, i64)], goes_on: bool) -> Result<(), Failure> {
        let (source, target) = (shown(source), shown(target));
        if self.json {
            let tables: Vec<_> = counts.iter().map(|(table, rows)| json!({"table": table, "rows": rows})).collect();
            return print_json(&json!({"from": source, "to": target, "goes_on": goes_on, "tables": tables}));
        }
        let rows = counts.iter().map(|(table, rows)| [table.clone(), rows.to_string()]);
        print_table(["TABLE", "ROWS"], rows.collect());
        let how = if goes_on { "The interrupted move would go on" } else { "These rows would be copied" };
        print(&format!("{how}, from {source} to {target}. Nothing was changed."));
        Ok(())
    }

    fn report(&self, source: &str, target: &str, moved: &[Summary]) -> Result<(), Failure> {
        let (source, target) = (shown(source), shown(target));
        if self.json {
            return print_json(&json!({"from": source, "to": target, "tables": moved}));
        }
        let rows = moved.iter().map(|Summary { table, rows, sha256 }| {
            [table.clone(), rows.to_string(), sha256.chars().take(16).collect()]
        });
        print_table(["TABLE", "ROWS", "SHA-256"], rows.collect());
        print(&format!(
            "Everything was moved to {target}, and is the same there. Set DATABASE_URL to it and start the server. \
             {source} is kept as it was, and takes no writes."
        ));
        Ok(())
    }
}

/// `url`, which is the value of `name`, if it is of one of the two databases. Any other would be asked as if it were
/// PostgreSQL.
fn known(name: &str, url: String) -> Result<String, Failure> {
    check_database_url(&url).map_err(|message| Failure::usage(format!("{name}: {message}")))?;
    Ok(url)
}

/// `url`, the value of `option`, checked as the server would check it as its database.
fn checked(config: &Config, option: &str, url: &str) -> Result<String, Failure> {
    let url = known(option, url.into())?;
    let mut environment = config.environment.clone();
    environment.retain(|name, _| !DATABASE.contains(&&**name));
    environment.insert(DATABASE[0].into(), url);
    let (settings, _) = load(&Config { file: config.file.clone(), environment })?;
    Ok(settings.database.url)
}

/// Whether a move that was interrupted goes on, or why there can be none.
fn begun(source: &str, target: &str, held: Option<&Mark>, found: &Target, restart: bool) -> Result<bool, Failure> {
    let same = matches!((held, found), (Some(mark), Target::Begun(begun)) if mark.id == begun.id);
    if let Some(mark) = held.filter(|mark| mark.other != shown(target) || mark.complete && !same) {
        let (source, other) = (shown(source), &mark.other);
        let begins = if mark.complete { "was moved to" } else { "is being moved to" };
        return Err(Failure::usage(format!(
            "{source} {begins} {other}. To use it again, run `vestibule move --undo`; nothing was changed"
        )));
    }
    match found {
        Target::Empty => Ok(false),
        Target::Begun(_) if restart || same => Ok(same && !restart),
        Target::Begun(mark) => Err(Failure::usage(format!(
            "the target has part of another move, from {}. Add --restart to delete it; nothing was changed",
            mark.other
        ))),
        Target::Full(tables) => Err(Failure::usage(format!(
            "the target is not empty: {} have rows. Name an empty database; nothing was changed",
            tables.join(", ")
        ))),
    }
}

async fn nobody_uses(source: &str) -> Result<(), Failure> {
    let who = match Place::of(source).map_err(Failure::usage)? {
        Place::File(file) => {
            if !backup::is_in_use(file).await.map_err(Failure::machine)? {
                return Ok(());
            }
            "another process, such as a server, uses".to_owned()
        }
        Place::Postgres(url) => match quiet(&url).await?.others {
            0 => return Ok(()),
            1 => "another client, such as a server or psql, is connected to".to_owned(),
            others => format!("{others} other clients, such as a server or psql, are connected to"),
        },
    };
    Err(Failure::usage(format!("{who} {}. Stop all that use it first; nothing was changed", shown(source))))
}

/// Adds an entry to the operator log of `source`, which takes none until it is released.
async fn log_undo(source: &str, mark: &Mark) -> Result<(), Failure> {
    let db = Db::open_existing(source, Clock::default()).await.map_err(Failure::machine)?;
    let subject = Subject { id: None, name: mark.other.clone() };
    let entry = operators::begin(&db, &Operator::here(), "move --undo", subject).await;
    if let Ok(entry) = entry {
        operators::end(&db, entry, true, None).await;
    }
    db.close().await;
    entry.map(drop).map_err(Failure::from)
}

/// Begins the move, or goes on with it. A server that started meanwhile has read that it may.
async fn hold(source: &str, target: &str, held: Option<&Mark>) -> Result<Mark, Failure> {
    if let Some(mark) = held {
        return Ok(mark.clone());
    }
    let db = Db::open_existing(source, Clock::default()).await.map_err(Failure::machine)?;
    let subject = Subject { id: None, name: shown(target) };
    let entry = operators::begin(&db, &Operator::here(), "move", subject).await;
    db.close().await;
    let mark = moving::hold(source, target, Some(entry?), Clock::default().now()).await.map_err(Failure::machine)?;
    if let Err(used) = nobody_uses(source).await {
        moving::release(source).await.map_err(Failure::machine)?;
        return Err(used);
    }
    Ok(mark)
}
