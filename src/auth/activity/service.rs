//! Recording what happens, and reading it.

use time::Duration;
use uuid::Uuid;

use super::{ActorCredential, Event, Kind, Page, store};
use crate::{
    auth::Stamp,
    db::Db,
    http::{client::Client, problem::Problem},
};

/// How many events a list holds.
const SHOWN: i64 = 50;
/// How many are read at once to make a page, and how many at most.
const STEP: i64 = 250;
const LOOKED_AT: i64 = 5_000;

/// Who does something: on behalf of which account, through what, and from where.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account: Uuid,
    /// What let them in.
    pub means: ActorCredential,
    /// What is at the other end.
    pub client: Client,
    /// The account's stamp when they were let in. Credentials made for them depend on it still being that one (S59).
    pub stamp: Option<Stamp>,
}

impl Actor {
    /// Somebody who has just given, or not given, the password of `account`.
    pub fn by_password(account: Uuid, client: &Client) -> Self {
        Self { account, means: ActorCredential::Password, client: client.clone(), stamp: None }
    }

    /// Those who run the house, doing something to `account`.
    pub fn operator(account: Uuid) -> Self {
        Self { account, means: ActorCredential::Operator, client: Client::default(), stamp: None }
    }

    /// Records that they did `kind`, to the sign-in or token `subject`, which is called so.
    ///
    /// It is written after the request, which neither waits for it nor fails with it; the log has it at once. None is
    /// dropped.
    pub fn record(&self, db: &Db, kind: Kind, subject: Option<(Uuid, &str)>) {
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
                ActorCredential::Operator => "the command line".into(),
                _ => self.client.browser(),
            },
        };
        log(self.account, &event);
        store::insert(db, self.account, &event);
    }
}

/// Names that people typed stay out: the ids say as much.
fn log(account: Uuid, event: &Event) {
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(
                event = event.kind.as_str(),
                id = %event.id,
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
    older(db, account, None, SHOWN).await
}

/// The newest `limit` of what happened before the event `before`, or until now, the newest first.
///
/// # Errors
/// The database's.
pub async fn older(db: &Db, account: Uuid, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, Problem> {
    db.write_behind.wait_written().await;
    Ok(store::list(db, account, before, limit).await?)
}

/// A page of what happened before the event `before`, or until now. What is the same again and again is one row, so that
/// nobody pushes anything off the page by failing often; a page looks at 5,000 events at most.
///
/// # Errors
/// The database's.
pub async fn page(db: &Db, account: Uuid, before: Option<Uuid>) -> Result<Page, Problem> {
    let (mut page, mut before) = (Page::default(), before);
    for _ in 0..LOOKED_AT / STEP {
        let events = older(db, account, before, STEP).await?;
        let last = i64::try_from(events.len()).is_ok_and(|found| found < STEP);
        before = events.last().map(|event| event.id);
        if !events.into_iter().all(|event| page.take(event)) {
            return Ok(page);
        }
        if last {
            page.older = None;
            return Ok(page);
        }
    }
    Ok(page)
}

/// Deletes up to `batch` events that are older than `days` and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now() + -Duration::days(days.into()), batch).await
}
