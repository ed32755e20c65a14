//! What commands work with: the settings and the database of a server, which may be running.

use std::cell::Cell;

use uuid::Uuid;

use super::{
    config::{Config, load},
    failure::Failure,
    log::log,
    output::{all_printed, eprint},
};
use crate::{
    auth::store::accounts::AccountDetails,
    cli::operators::{self, Operator, Subject, served},
    db::{Clock, Db, OpenError, moving},
    features::accounts::admin as accounts,
    http::problem::Problem,
    settings::{Settings, Sources},
    text::sentence,
};

/// What a command works with.
pub(super) struct Context {
    pub(super) settings: Settings,
    pub(super) db: Db,
    sources: Sources,
    introduced: Cell<bool>,
}

impl Context {
    /// The account with the address or the ID `who`.
    pub(super) async fn account(&self, who: &str) -> Result<AccountDetails, Failure> {
        accounts::find(&self.db, who).await.map_err(|problem| match problem {
            Problem::NotFound => Failure::usage(format!("no account has the address or ID {who:?}")),
            problem => problem.into(),
        })
    }

    /// The ID of the account `who`, if one is given.
    pub(super) async fn account_id(&self, who: Option<&str>) -> Result<Option<Uuid>, Failure> {
        match who {
            Some(who) => Ok(Some(self.account(who).await?.id)),
            None => Ok(None),
        }
    }

    /// Prints to stderr which database and settings file are used, once.
    pub(super) fn introduce(&self) {
        if !self.introduced.replace(true) {
            eprint(&self.sources.to_string());
        }
    }

    /// Checks that the settings have the public URL with which the server was last started. Without the server's own
    /// settings, a link would lead nowhere.
    pub(super) async fn check_public_url(&self) -> Result<(), Failure> {
        let ours = self.settings.origin();
        let reason = match served::last(&self.db).await? {
            Some(last) if last == ours => return Ok(()),
            Some(last) => format!("the server was last started as {last}"),
            None => "this version of the server has not been started with this database".into(),
        };
        Err(Failure::usage(format!(
            "{reason}, but with these settings the link would lead to {ours}. Run this command in the server's folder \
             and with its environment, or set server.public_url; nothing was changed"
        )))
    }

    /// Does `work`, with an entry in the operator log that is written before: nothing is changed without one.
    pub(super) async fn logged<T, E: Into<Failure>>(
        &self,
        action: &'static str,
        (id, name): (Option<Uuid>, &str),
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        self.logged_as(action, (id, name), work, |_| None).await
    }

    /// The same, if the ID of the subject is known only from the result of `work`.
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

    /// Does `work`, which only reads, with an entry in the operator log if one can be written.
    pub(super) async fn logged_if_possible<T>(
        &self,
        action: &'static str,
        name: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let subject = Subject { id: None, name: name.into() };
        let entry = operators::begin(&self.db, &Operator::here(), action, subject).await;
        if let Err(problem) = &entry {
            eprint(&format!("There is no entry of this in the operators' log, which cannot be written: {problem}"));
        }
        let result = work.await;
        if let Ok(entry) = entry {
            operators::end(&self.db, entry, result.is_ok(), None).await;
        }
        result
    }
}

/// Opens the database, does `work`, and closes the database, which waits for running writes. One line on stderr says
/// which database it was, for an operator who runs the command in another folder than the server's.
pub(super) fn with_database(
    config: &Config,
    work: impl AsyncFnOnce(&Context) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (settings, sources) = load(config)?;
    log("warn");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
    runtime.block_on(async {
        let db = Db::open_existing(&settings.database.url, Clock::default()).await;
        let db = db.map_err(|error| Failure::machine(explain(&error, &sources)))?;
        if let Some(moved) = moving::refusal(&db).await.map_err(Failure::machine)? {
            db.close().await;
            return Err(Failure::usage(format!("{moved}. {sources}")));
        }
        let context = Context { settings, db, sources, introduced: Cell::new(false) };
        let result = work(&context).await.and_then(|()| all_printed());
        context.db.close().await;
        match result {
            Ok(()) => {
                context.introduce();
                Ok(())
            }
            Err(failure) if context.introduced.get() => Err(failure),
            Err(Failure(code, message)) => Err(Failure(code, format!("{} {}", sentence(&message), context.sources))),
        }
    })
}

fn explain(error: &OpenError, sources: &Sources) -> String {
    match error {
        OpenError::Missing(_) => format!(
            "there is no database at {}. `vestibule serve` or `vestibule migrate` creates it. Run this command in the \
             server's folder and with its environment, or set DATABASE_URL, or name the server's settings file with \
             --config. Settings file: {}",
            sources.database(),
            sources.file()
        ),
        error => format!("{error}. {sources}"),
    }
}
