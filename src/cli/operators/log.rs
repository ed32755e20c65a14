//! The operator log: what was done on the command line, and by whom. It is separate from the activity of accounts,
//! which is deleted with the account (S41).

use uuid::Uuid;

use super::{
    Operator,
    entry::{Between, Entry},
    operator::plain,
    store,
};
use crate::{db::Db, http::problem::Problem};

/// What a command changes.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The ID of the account, the browser session or the token, if it is one of them.
    pub id: Option<Uuid>,
    /// Its name, such as the account's address.
    pub name: String,
}

/// Adds an entry for what `operator` is about to do, and returns its ID. Commands change nothing without one.
///
/// # Errors
/// If the database fails.
pub async fn begin(db: &Db, operator: &Operator, action: &'static str, subject: Subject) -> Result<Uuid, Problem> {
    let id = Uuid::now_v7();
    let entry = Entry {
        id,
        at: db.now(),
        operator: operator.name.clone(),
        host: operator.host.clone(),
        action: action.into(),
        subject_id: subject.id,
        // For an account that is about to be created, this is what the operator typed.
        subject: plain(&subject.name, 300),
        outcome: String::new(),
    };
    store::insert(db, entry).await?;
    Ok(id)
}

/// Adds the outcome to the entry `id`, and the ID of the subject if only the result told it.
pub async fn end(db: &Db, id: Uuid, done: bool, subject: Option<Uuid>) {
    let outcome = if done { "done" } else { "failed" };
    if let Err(error) = store::end(db, id, outcome, subject).await {
        tracing::error!(%error, entry = %id, outcome, "the outcome cannot be added to the operator log");
    }
}

/// The newest `limit` entries, the newest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, limit: u32) -> Result<Vec<Entry>, Problem> {
    list_between(db, Between::default(), limit).await
}

/// The newest `limit` entries of those that `between` leaves, the newest first.
///
/// # Errors
/// If the database fails.
pub async fn list_between(db: &Db, between: Between, limit: u32) -> Result<Vec<Entry>, Problem> {
    Ok(store::list(db, between, limit.into()).await?)
}
