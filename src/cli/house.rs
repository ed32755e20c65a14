//! The house as commands find it: its settings and its database, beside a server that runs or without one.

use std::cell::Cell;

use uuid::Uuid;

use super::{Config, Failure, load, log::log, output::remark};
use crate::{
    auth::store::accounts::AccountDetails,
    cli::operators::{self, Operator, Subject},
    db::{Clock, Db, OpenError},
    features::accounts::admin as accounts,
    http::problem::Problem,
    settings::{Settings, Sources},
};

/// What a command works with.
pub(super) struct House {
    pub(super) settings: Settings,
    pub(super) db: Db,
    sources: Sources,
    said: Cell<bool>,
}

impl House {
    /// The account with the address or the id `who`.
    pub(super) async fn account(&self, who: &str) -> Result<AccountDetails, Failure> {
        accounts::find(&self.db, who).await.map_err(|problem| match problem {
            Problem::NotFound => Failure::asked(format!("no account has the address or the id {who:?}")),
            problem => problem.into(),
        })
    }

    /// Says which database and which settings these are, once.
    pub(super) fn introduce(&self) {
        if !self.said.replace(true) {
            remark(&self.sources.to_string());
        }
    }

    /// Does `work` under a line of the operators' log, which is written before: nothing is done that is not in it.
    pub(super) async fn logged<T, E: Into<Failure>>(
        &self,
        action: &'static str,
        (id, name): (Option<Uuid>, &str),
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        self.logged_as(action, (id, name), work, |_| None).await
    }

    /// The same, where only what is done tells to what it was done.
    pub(super) async fn logged_as<T, E: Into<Failure>>(
        &self,
        action: &'static str,
        (id, name): (Option<Uuid>, &str),
        work: impl Future<Output = Result<T, E>>,
        subject: impl FnOnce(&T) -> Option<Uuid>,
    ) -> Result<T, Failure> {
        let entry = operators::begin(&self.db, &Operator::here(), action, Subject { id, name: name.into() }).await?;
        let result = work.await;
        let subject = result.as_ref().ok().and_then(subject);
        operators::end(&self.db, entry, result.is_ok(), subject).await;
        result.map_err(E::into)
    }
}

/// Does `work` over the open database, then closes it, so that nothing is lost that was still being written. Which
/// database that was is said on stderr, in one line: whoever runs it in another folder sees that it was another.
pub(super) fn within(config: &Config, work: impl AsyncFnOnce(&House) -> Result<(), Failure>) -> Result<(), Failure> {
    let (settings, sources) = load(config)?;
    log("warn");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
    runtime.block_on(async {
        let db = Db::open_existing(&settings.database.url, Clock::default()).await;
        let db = db.map_err(|error| Failure::machine(explained(&error, &sources)))?;
        let house = House { settings, db, sources, said: Cell::new(false) };
        let result = work(&house).await;
        house.db.close().await;
        match result {
            Ok(()) => {
                house.introduce();
                Ok(())
            }
            Err(failure) if house.said.get() => Err(failure),
            Err(Failure(code, why)) => Err(Failure(code, format!("{}. {}", why.trim_end_matches('.'), house.sources))),
        }
    })
}

fn explained(error: &OpenError, sources: &Sources) -> String {
    match error {
        OpenError::Missing(_) => format!(
            "no server has made a database at {}. `vestibule serve` makes one. Run this in the server's folder and with \
             its environment, or name its database with DATABASE_URL, or its settings with --config. Settings file: {}",
            sources.database(),
            sources.file()
        ),
        error => format!("{error}. {sources}"),
    }
}
