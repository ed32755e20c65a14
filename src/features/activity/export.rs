//! The activity in the data export.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::activity::{Event, service},
    db::Db,
    http::export::{Document, ExportError},
};

/// How many activity events one query reads.
const EVENTS: i64 = 500;

/// Adds the events, the newest first.
///
/// # Errors
/// [`ExportError`]
pub(super) async fn export(db: &Db, account: Uuid, document: &mut Document) -> Result<(), ExportError> {
    let mut list = document.list("activity").await?;
    let mut before = None;
    loop {
        let page = service::older(db, account, before, EVENTS).await?;
        before = page.last().map(|event| event.id);
        list.items(&page.iter().map(event).collect::<Vec<_>>()).await?;
        if before.is_none() {
            return list.end().await;
        }
    }
}

fn event(event: &Event) -> Value {
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
