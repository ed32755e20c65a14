//! The operators' log: what was done on the command line, by whom. It is kept apart from the accounts' own activity,
//! which goes with the account (S41).

use serde::Serialize;
use uuid::Uuid;

use super::{Operator, operator::plain, store};
use crate::{db::Db, http::problem::Problem, timestamp::Timestamp};

/// One thing that was done.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Entry {
    /// `UUIDv7`.
    pub id: Uuid,
    /// When it began.
    pub at: Timestamp,
    /// The user of the operating system.
    pub operator: String,
    /// The machine.
    pub host: String,
    /// The command, such as `accounts delete`.
    pub action: String,
    /// What it was done to, if that is one thing.
    pub subject_id: Option<Uuid>,
    /// What to call that, such as the account's address.
    pub subject: String,
    /// `done` or `failed`; empty where it is being done, or was cut off.
    pub outcome: String,
}

/// What something is done to.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The account, the browser session or the token, if it is one.
    pub id: Option<Uuid>,
    /// What to call it.
    pub name: String,
}

/// Writes down what `operator` is about to do. Without this line nothing is done.
///
/// # Errors
/// The database's.
pub async fn begin(db: &Db, operator: &Operator, action: &'static str, subject: Subject) -> Result<Uuid, Problem> {
    let id = Uuid::now_v7();
    let entry = Entry {
        id,
        at: db.now(),
        operator: operator.name.clone(),
        host: operator.host.clone(),
        action: action.into(),
        subject_id: subject.id,
        // An account that is not made yet is called what was typed.
        subject: plain(&subject.name, 300),
        outcome: String::new(),
    };
    store::insert(db, entry).await?;
    Ok(id)
}

/// Writes down what became of the entry `id`, and to what it was done where only that told.
pub async fn end(db: &Db, id: Uuid, done: bool, subject: Option<Uuid>) {
    let outcome = if done { "done" } else { "failed" };
    if let Err(error) = store::end(db, id, outcome, subject).await {
        tracing::error!(%error, entry = %id, outcome, "the operators' log does not say what became of it");
    }
}

/// The newest `limit` entries, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, limit: u32) -> Result<Vec<Entry>, Problem> {
    Ok(store::list(db, limit.into()).await?)
}
