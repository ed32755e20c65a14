//! The house as commands find it: its settings and its database, beside a server that runs or without one.

use std::path::Path;

use super::{Failure, load, log::log};
use crate::{
    accounts::operators::{self, Known},
    db::{Clock, Db},
    problem::Problem,
    settings::Settings,
};

/// What a command works with.
pub(super) struct House {
    pub(super) settings: Settings,
    pub(super) db: Db,
}

impl House {
    /// The account with the address or the id `who`.
    pub(super) async fn account(&self, who: &str) -> Result<Known, Failure> {
        operators::find(&self.db, who).await.map_err(|problem| match problem {
            Problem::NotFound => Failure::asked(format!("no account has the address or the id {who:?}")),
            problem => problem.into(),
        })
    }
}

/// Does `work` over the open database, then closes it, so that nothing is lost that was still being written.
pub(super) fn within(config: &Path, work: impl AsyncFnOnce(&House) -> Result<(), Failure>) -> Result<(), Failure> {
    let settings = load(config)?;
    log("warn");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
    runtime.block_on(async {
        let db = Db::open(&settings.database.url, Clock::default()).await.map_err(Failure::machine)?;
        let house = House { settings, db };
        let result = work(&house).await;
        house.db.close().await;
        result
    })
}
