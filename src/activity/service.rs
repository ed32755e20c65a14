//! Recording what happens, and reading it.

use time::Duration;
use uuid::Uuid;

use super::{Event, Kind, Means, store};
use crate::{accounts::Stamp, client::Client, db::Db, problem::Problem};

/// How many events a page shows.
const SHOWN: i64 = 50;

/// Who does something: on behalf of which account, through what, and from where.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account: Uuid,
    /// What let them in.
    pub means: Means,
    /// What is at the other end.
    pub client: Client,
    /// The account's stamp when they were let in. Credentials made for them depend on it still being that one (S59).
    pub stamp: Option<Stamp>,
}

impl Actor {
    /// Somebody who has just given, or not given, the password of `account`.
    pub fn by_password(account: Uuid, client: &Client) -> Self {
        Self { account, means: Means::Password, client: client.clone(), stamp: None }
    }

    /// Those who run the house, doing something to `account`.
    pub fn operator(account: Uuid) -> Self {
        Self { account, means: Means::Operator, client: Client::default(), stamp: None }
    }

    /// Records that they did `kind`, to the sign-in or token `subject`, which is called so.
    ///
    /// It is written after the request, which neither waits for it nor fails with it; the log has it at once.
    pub fn did(&self, db: &Db, kind: Kind, subject: Option<(Uuid, &str)>) {
        let event = Event {
            id: Uuid::now_v7(),
            at: db.now(),
            kind,
            credential: self.means.as_str().into(),
            credential_id: self.means.id(),
            subject_id: subject.map(|(id, _)| id),
            subject: subject.map(|(_, name)| name.into()).unwrap_or_default(),
            address: self.client.address(),
            browser: match self.means {
                Means::Operator => "the command line".into(),
                _ => self.client.browser(),
            },
        };
        log(self.account, &event);
        let (ours, account) = (db.clone(), self.account);
        db.later(async move {
            if let Err(error) = store::insert(&ours, account, event).await {
                tracing::error!(%error, %account, event = kind.as_str(), "event not kept");
            }
        });
    }
}

/// Names that people typed stay out: the ids say as much.
fn log(account: Uuid, event: &Event) {
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(
                event = event.kind.as_str(),
                %account,
                credential = event.credential,
                credential_id = event.credential_id.map(tracing::field::display),
                subject = event.subject_id.map(tracing::field::display),
                address = event.address,
                browser = event.browser,
            )
        };
    }
    if event.kind == Kind::SignInFailed { log!(warn) } else { log!(info) }
}

/// The newest of what happened to the account, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<Event>, Problem> {
    Ok(store::list(db, account, SHOWN).await?)
}

/// All that is kept of what happened to the account, the newest first.
///
/// # Errors
/// The database's.
pub async fn all(db: &Db, account: Uuid) -> Result<Vec<Event>, Problem> {
    Ok(store::list(db, account, i64::MAX).await?)
}

/// Deletes up to `batch` events that are older than `days` and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now() + -Duration::days(days.into()), batch).await
}
