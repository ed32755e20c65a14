//! `vestibule backup`, `vestibule restore` and `vestibule restored`

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::json;

use super::{
    config::{Config, load},
    context::Context,
    failure::Failure,
    log::log,
    operators::{self, Operator, Subject},
    output::{eprint, print, print_json},
    prompt::confirm,
    sqlite_lock,
};
use crate::{
    app::restored::{Ended, restored},
    db::{
        Clock, Db,
        backup::{self, Place},
        dump,
        dump_restore::Held,
    },
    settings::Settings,
};

/// How often a restore looks whether servers have gone.
const LOOKS: u32 = 10;

/// Options of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write, which must not exist
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let Settings { database, backup, .. } = &context.settings;
        let place = Place::of(&database.url).map_err(Failure::usage)?;
        let (bin, now) = (backup.postgres_bin.clone(), context.db.now());
        let name = self.file.display().to_string();
        let work = async { backup::make(place, self.file.clone(), bin, now).await.map_err(Failure::machine) };
        let bytes = context.logged_if_possible("backup", &name, work).await?;
        if self.json {
            return print_json(&json!({"file": name, "bytes": bytes}));
        }
        print(&format!("The backup {name} was made and checked: {bytes} bytes."));
        Ok(())
    }
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// Replace the database that is there, which is kept aside
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keep: Keep,
}

/// What goes on working.
#[derive(Debug, Args)]
struct Keep {
    /// Do not end recovery codes: nobody has used one since the backup
    #[arg(long)]
    keep_recovery_codes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    /// Not on a database that is open: there may be none, and it is replaced.
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let (settings, sources) = load(config)?;
        log("warn");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
        runtime.block_on(async {
            let place = Place::of(&settings.database.url).map_err(Failure::usage)?;
            let (bin, file) = (settings.backup.postgres_bin.clone(), self.file.clone());
            backup::verify(place.clone(), file, bin).await.map_err(Failure::usage)?;
            let (kept, ended) = match place {
                Place::File(target) => self.sqlite(&settings.database.url, target).await?,
                Place::Postgres(url) => self.postgres(&url, &settings).await?,
            };
            eprint(&sources.to_string());
            if let Some(kept) = &kept {
                eprint(&format!("What was there before is kept as {kept}. Delete it once everything is well."));
            }
            report(&ended, self.keep.json)
        })
    }

    fn must_be_forced(&self, what: &str) -> Result<(), Failure> {
        if self.force {
            return Ok(());
        }
        Err(Failure::usage(format!("{what}. Add --force to replace it; it is kept aside. Nothing was changed")))
    }

    /// The copy is made ready before it gets the name by which a server finds it.
    async fn sqlite(&self, url: &str, target: PathBuf) -> Result<(Option<String>, Ended), Failure> {
        let used = || {
            let target = target.display();
            Failure::usage(format!("a server uses {target}. Stop it first; nothing was changed"))
        };
        // A server whose file was moved away has its lock all the same, and none can start in the middle of this.
        let _lock = sqlite_lock::take(url, Duration::ZERO).await.map_err(|_| used())?;
        if target.metadata().is_ok_and(|found| found.len() > 0) {
            if backup::is_in_use(target.clone()).await.map_err(Failure::machine)? {
                return Err(used());
            }
            self.must_be_forced(&format!("there is a database at {}", target.display()))?;
        }
        let staged = backup::stage(self.file.clone(), target.clone()).await.map_err(Failure::machine)?;
        let work = async {
            let ended = self.finish(&format!("sqlite:{}", staged.display())).await?;
            let now = Clock::default().now();
            let kept = backup::replace(staged.clone(), target, now).await.map_err(Failure::machine)?;
            Ok((kept.map(|file| file.display().to_string()), ended))
        };
        let result = work.await;
        if result.is_err() {
            backup::discard(&staged);
        }
        result
    }

    /// The restored tables have the mark of a copy from the moment at which a server can find them.
    async fn postgres(&self, url: &str, settings: &Settings) -> Result<(Option<String>, Ended), Failure> {
        let held = hold(url).await?;
        let dump::Found { tables, others } = *held.found();
        if others > 0 {
            return Err(Failure::usage(format!(
                "{others} others are connected to the database. Stop all servers first; nothing was changed"
            )));
        }
        if tables {
            self.must_be_forced("the database has the tables of a server")?;
        }
        let (bin, now) = (settings.backup.postgres_bin.clone(), Clock::default().now());
        let kept = held.restore(self.file.clone(), bin, now).await.map_err(Failure::machine)?;
        let kept = kept.map(|schema| format!("the schema {schema}"));
        match self.finish(url).await {
            Ok(ended) => Ok((kept, ended)),
            Err(Failure(code, why)) => Err(Failure(code, unfinished(&why, kept.as_deref()))),
        }
    }

    /// Brings the restored database up to date, and ends what must not come back.
    async fn finish(&self, url: &str) -> Result<Ended, Failure> {
        let db = Db::open_existing(url, Clock::default()).await.map_err(Failure::machine)?;
        let subject = Subject { id: None, name: self.file.display().to_string() };
        let entry = operators::begin(&db, &Operator::here(), "restore", subject).await;
        let result = match entry {
            Ok(entry) => {
                let ended = restored(&db, self.keep.keep_recovery_codes).await;
                operators::end(&db, entry, ended.is_ok(), None).await;
                ended
            }
            Err(problem) => Err(problem),
        };
        db.close().await;
        Ok(result?)
    }
}

/// What is said if the backup is restored, and nothing more.
fn unfinished(why: &str, kept: Option<&str>) -> String {
    let why = why.trim_end_matches('.');
    let kept = kept.map(|kept| format!(" What was there before is kept as {kept}.")).unwrap_or_default();
    format!(
        "the backup was restored, but what must not come back was not ended: {why}. No server starts on it until you \
         run `vestibule restored`.{kept}"
    )
}

/// [`quiet`], with the database held: what starts from now on waits.
async fn hold(url: &str) -> Result<Held, Failure> {
    let mut held = Held::take(url).await.map_err(Failure::machine)?;
    for _ in 0..LOOKS {
        if held.found().others == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        held.again().await.map_err(Failure::machine)?;
    }
    Ok(held)
}

/// What the database at `url` has. PostgreSQL takes a moment to notice that a server has stopped, which is waited for.
pub(super) async fn quiet(url: &str) -> Result<dump::Found, Failure> {
    let mut found = dump::look(url).await.map_err(Failure::machine)?;
    for _ in 0..LOOKS {
        if found.others == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        found = dump::look(url).await.map_err(Failure::machine)?;
    }
    Ok(found)
}

/// Options of `restored`.
#[derive(Debug, Args)]
pub(super) struct Restored {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    keep: Keep,
}

impl Restored {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let what = "this signs everybody out, revokes all tokens, and invalidates all links and codes";
        confirm(context, self.yes, what, "restored")?;
        let work = restored(&context.db, self.keep.keep_recovery_codes);
        let ended = context.logged("restored", (None, "everybody"), work).await?;
        report(&ended, self.keep.json)
    }
}

fn report(ended: &Ended, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(ended);
    }
    let Ended { browsers, tokens, links, short_lived, recovery_codes, mails } = ended;
    print(&format!(
        "The database is ready. Ended: browser sessions {browsers}, tokens {tokens}, links in mails {links}, recovery \
         codes {recovery_codes}, mails that waited {mails}, other codes and sign-ins {short_lived}."
    ));
    eprint("Passwords, addresses and accounts are those of the backup: see docs/backup.md for what to do about them.");
    Ok(())
}
