//! Recording and reading activity.

use time::Duration;
use uuid::Uuid;

use super::{ActorCredential, Event, Kind, Page, RECORDED, store};
use crate::{
    auth::Stamp,
    db::Db,
    http::{client::Client, problem::Problem},
};

/// The number of events in a list.
const SHOWN: i64 = 50;
/// How many events one query reads for a page, and how many a page reads at most.
const STEP: i64 = 250;
const LOOKED_AT: i64 = 5_000;

/// Who does something: the account, the credential and the client.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account: Uuid,
    /// The credential.
    pub means: ActorCredential,
    /// The client.
    pub client: Client,
    /// The account's stamp when the credential was verified. New credentials require that it is unchanged (S59).
    pub stamp: Option<Stamp>,
}

impl Actor {
    /// Somebody who just gave the password of `account`, or tried to.
    pub fn by_password(account: Uuid, client: &Client) -> Self {
        Self { account, means: ActorCredential::Password, client: client.clone(), stamp: None }
    }

    /// Somebody who just used a passkey of `account`, or tried to.
    pub fn by_passkey(account: Uuid, client: &Client) -> Self {
        Self { account, means: ActorCredential::Passkey, client: client.clone(), stamp: None }
    }

    /// Somebody who just used a code that was sent by mail to `account`.
    pub fn by_email_code(account: Uuid, client: &Client) -> Self {
        Self { account, means: ActorCredential::EmailCode, client: client.clone(), stamp: None }
    }

    /// An operator who does something to `account`.
    pub fn operator(account: Uuid) -> Self {
        Self { account, means: ActorCredential::Operator, client: Client::default(), stamp: None }
    }

    /// Records an event of this `kind`. `subject` is the browser session or token it is about, with its id and display
    /// name.
    ///
    /// It is logged at once and written to the database in the background: the request neither waits for it nor fails
    /// with it. No event is dropped.
    pub fn record(&self, db: &Db, kind: Kind, subject: Option<(Uuid, &str)>) {
        self.write(db, kind, subject.map(|(id, _)| id), subject.map(|(_, name)| name).unwrap_or_default());
    }

    /// The same, about something that has a name and no id, such as an authenticator app.
    pub fn record_named(&self, db: &Db, kind: Kind, subject: &str) {
        self.write(db, kind, None, subject);
    }

    fn write(&self, db: &Db, kind: Kind, subject_id: Option<Uuid>, subject: &str) {
        let event = Event {
            id: Uuid::now_v7(),
            at: db.now(),
            kind,
            credential: self.means.as_str().into(),
            credential_id: self.means.id(),
            subject_id,
            subject: subject.into(),
            address: self.client.address(),
            browser: match self.means {
                ActorCredential::Operator => "the command line".into(),
                _ => self.client.browser(),
            },
        };
        RECORDED.count(kind as usize);
        log(self.account, &event);
        store::insert(db, self.account, &event);
    }
}

/// Logs an event. Names that people typed are left out; the ids are enough.
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
    if matches!(event.kind, Kind::SignInFailed | Kind::PasskeyRefused | Kind::PasskeyCounterWentBack) {
        log!(warn);
    } else {
        log!(info);
    }
}

/// The newest events of the account, newest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<Event>, Problem> {
    older(db, account, None, SHOWN).await
}

/// The newest `limit` events before the event `before`, or until now; newest first.
///
/// # Errors
/// If the database fails.
pub async fn older(db: &Db, account: Uuid, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, Problem> {
    db.write_behind.wait_written().await;
    Ok(store::list(db, account, before, limit).await?)
}

/// A page of the activity before the event `before`, or until now. Repeated events are one row, so that many failed
/// sign-ins cannot push other events off the page. A page reads at most 5,000 events.
///
/// # Errors
/// If the database fails.
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

/// Deletes up to `batch` events that are older than `days` and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, days: u32, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now() + -Duration::days(days.into()), batch).await
}
