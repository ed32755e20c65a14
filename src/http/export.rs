//! A person's data export: one JSON document as a stream. A page of it is in memory at a time, and no connection to the
//! database is held while the browser reads.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame};
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use uuid::Uuid;

use super::problem::Problem;
use crate::db::Db;

/// What a feature adds to the export of an account: members of the document.
pub type Export = for<'a> fn(&'a Db, Uuid, &'a mut Document) -> Writing<'a>;

/// A part of an export being written.
pub type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), ExportError>> + Send + 'a>>;

type Piece = Result<Bytes, Problem>;

/// The export of `account`, beginning with `head`. An error of the first query is returned; a later one ends the
/// download before its end, so that nobody takes it for the whole.
///
/// # Errors
/// If the database fails.
pub async fn stream<H: Serialize>(
    db: &Db,
    account: Uuid,
    head: &[(&str, H)],
    exports: Vec<Export>,
) -> Result<Body, Problem> {
    let (sender, mut receiver) = channel(1);
    let mut document = Document { sender, begun: false, head: String::new() };
    for (name, value) in head {
        document.head(name, value)?;
    }
    let db = db.clone();
    tokio::spawn(async move {
        if let Err(ExportError::Failed(problem)) = write(&db, account, &mut document, exports).await {
            tracing::warn!(%problem, %account, "export cut short");
            let _ = document.sender.send(Err(problem)).await;
        }
    });
    // The first piece is sent after the first query, so early failures become an error response.
    let first = receiver.recv().await.ok_or_else(|| Problem::Internal("export ended before it began".into()))??;
    Ok(Body::new(Pieces { first: Some(first), receiver }))
}

async fn write(db: &Db, account: Uuid, document: &mut Document, exports: Vec<Export>) -> Result<(), ExportError> {
    for export in exports {
        export(db, account, document).await?;
    }
    document.end().await
}

/// Why an export ended early.
pub enum ExportError {
    /// A failure.
    Failed(Problem),
    /// The client disconnected.
    Disconnected,
}

impl From<Problem> for ExportError {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

/// A JSON object that is written member by member.
pub struct Document {
    sender: Sender<Piece>,
    begun: bool,
    /// Written, and not sent before the first query has succeeded.
    head: String,
}

impl Document {
    async fn send(&mut self, text: String) -> Result<(), ExportError> {
        let text = std::mem::take(&mut self.head) + &text;
        self.sender.send(Ok(text.into())).await.map_err(|_| ExportError::Disconnected)
    }

    /// Adds a member that is sent with the first one that takes a query.
    fn head(&mut self, name: &str, value: &impl Serialize) -> Result<(), Problem> {
        let text = self.name(name) + &json_of(value)?;
        self.head += &text;
        Ok(())
    }

    fn name(&mut self, name: &str) -> String {
        let before = if std::mem::replace(&mut self.begun, true) { ',' } else { '{' };
        format!("{before}\"{name}\":")
    }

    /// Adds a member.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn member(&mut self, name: &str, value: &(impl Serialize + Sync)) -> Result<(), ExportError> {
        let text = self.name(name) + &json_of(value)?;
        self.send(text).await
    }

    /// Begins a member that is an array, to be written page by page.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn list(&mut self, name: &str) -> Result<List<'_>, ExportError> {
        let text = self.name(name) + "[";
        self.send(text).await?;
        Ok(List { document: self, begun: false })
    }

    async fn end(&mut self) -> Result<(), ExportError> {
        self.send("}".into()).await
    }
}

/// A JSON array that is written page by page.
pub struct List<'a> {
    document: &'a mut Document,
    begun: bool,
}

impl List<'_> {
    /// Adds a page of items.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn items(&mut self, items: &[impl Serialize + Sync]) -> Result<(), ExportError> {
        let mut text = String::new();
        for item in items {
            if std::mem::replace(&mut self.begun, true) {
                text.push(',');
            }
            text += &json_of(item)?;
        }
        self.document.send(text).await
    }

    /// Ends the array.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn end(self) -> Result<(), ExportError> {
        self.document.send("]".into()).await
    }
}

fn json_of(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::Internal(error.to_string()))
}

/// The response body. The next piece is produced when the client has read this one.
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
