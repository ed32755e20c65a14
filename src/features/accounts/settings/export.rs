//! Everything we keep about a person, for them to take along, as a stream: a page of it is in memory at a time, and no
//! connection to the database is held while the browser reads.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use uuid::Uuid;

use crate::{
    auth::{Account, activity},
    db::Db,
    features::{
        browser_sessions,
        notes::{self, service::Filter},
        tokens,
    },
    http::problem::Problem,
};

/// How many events are read at once.
const EVENTS: i64 = 500;

type Piece = Result<Bytes, Problem>;

/// One JSON document. What is wrong from the beginning is an error; what goes wrong later ends the download before its end,
/// so that nobody takes it for the whole.
///
/// # Errors
/// The database's.
pub(super) async fn everything(db: &Db, account: Account) -> Result<Body, Problem> {
    let (sender, mut receiver) = channel(1);
    let db = db.clone();
    tokio::spawn(async move {
        let mut document = Document { sender, begun: false };
        if let Err(Ended::By(problem)) = write(&db, &account, &mut document).await {
            tracing::warn!(%problem, account = %account.id, "an export was cut short");
            let _ = document.sender.send(Err(problem)).await;
        }
    });
    // The first piece comes after the first query.
    let first = receiver.recv().await.ok_or_else(|| Problem::Internal("an export without a beginning".into()))??;
    Ok(Body::new(Pieces { first: Some(first), receiver }))
}

/// Add a line for each resource of yours.
async fn write(db: &Db, account: &Account, document: &mut Document) -> Result<(), Ended> {
    let (listed, id) = (tokens::service::list(db, account.id).await?, account.id);
    document.member("exported_at", &db.now()).await?;
    document.member("account", account).await?;
    document.member("tokens", &listed).await?;
    document
        .member(
            "browser_sessions",
            &browser_sessions::service::list(db, id).await?.iter().map(sign_in).collect::<Vec<_>>(),
        )
        .await?;
    notes(db, id, document).await?;
    events(db, id, document).await?;
    document.end().await
}

async fn notes(db: &Db, account: Uuid, document: &mut Document) -> Result<(), Ended> {
    let mut list = document.list("notes").await?;
    let mut cursor = None;
    loop {
        let page = notes::service::list(db, account, Filter { limit: Some(100), cursor, q: None }).await?;
        list.items(&page.items).await?;
        cursor = page.next_cursor;
        if cursor.is_none() {
            return list.end().await;
        }
    }
}

async fn events(db: &Db, account: Uuid, document: &mut Document) -> Result<(), Ended> {
    let mut list = document.list("activity").await?;
    let mut before = None;
    loop {
        let page = activity::service::older(db, account, before, EVENTS).await?;
        before = page.last().map(|event| event.id);
        list.items(&page.iter().map(event).collect::<Vec<_>>()).await?;
        if before.is_none() {
            return list.end().await;
        }
    }
}

fn sign_in(sign_in: &crate::auth::browser_session::BrowserSession) -> Value {
    json!({
        "id": sign_in.id,
        "user_agent": sign_in.user_agent,
        "address": sign_in.address,
        "last_seen_at": sign_in.last_seen_at,
        "created_at": sign_in.created_at,
        "expires_at": sign_in.expires_at,
    })
}

fn event(event: &activity::Event) -> Value {
    json!({
        "at": event.at,
        "event": event.kind.as_str(),
        "credential": event.credential,
        "credential_id": event.credential_id,
        "subject_id": event.subject_id,
        "subject": event.subject,
        "address": event.address,
        "browser": event.browser,
    })
}

/// Why an export ends early.
enum Ended {
    /// Something went wrong.
    By(Problem),
    /// Nobody reads it any more.
    Unread,
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self::By(problem)
    }
}

/// A JSON object that is written member by member.
struct Document {
    sender: Sender<Piece>,
    begun: bool,
}

impl Document {
    async fn send(&self, text: String) -> Result<(), Ended> {
        self.sender.send(Ok(text.into())).await.map_err(|_| Ended::Unread)
    }

    fn name(&mut self, name: &str) -> String {
        let before = if std::mem::replace(&mut self.begun, true) { ',' } else { '{' };
        format!("{before}\"{name}\":")
    }

    async fn member(&mut self, name: &str, value: &impl Serialize) -> Result<(), Ended> {
        let text = self.name(name) + &json_of(value)?;
        self.send(text).await
    }

    async fn list(&mut self, name: &str) -> Result<List<'_>, Ended> {
        let text = self.name(name) + "[";
        self.send(text).await?;
        Ok(List { document: self, begun: false })
    }

    async fn end(&self) -> Result<(), Ended> {
        self.send("}".into()).await
    }
}

/// A JSON array that is written page by page.
struct List<'a> {
    document: &'a Document,
    begun: bool,
}

impl List<'_> {
    async fn items(&mut self, items: &[impl Serialize + Sync]) -> Result<(), Ended> {
        let mut text = String::new();
        for item in items {
            if std::mem::replace(&mut self.begun, true) {
                text.push(',');
            }
            text += &json_of(item)?;
        }
        self.document.send(text).await
    }

    async fn end(self) -> Result<(), Ended> {
        self.document.send("]".into()).await
    }
}

fn json_of(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::Internal(error.to_string()))
}

/// What the browser reads: a piece at a time, the next of which is made when this one is read.
struct Pieces {
    first: Option<Bytes>,
    receiver: Receiver<Piece>,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Problem;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Problem>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.receiver.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
