//! Browser sessions in the data export.

use serde_json::{Value, json};
use uuid::Uuid;

use super::service;
use crate::{
    auth::browser_session::BrowserSession,
    db::Db,
    http::export::{Document, ExportError},
};

/// Adds the browser sessions.
///
/// # Errors
/// [`ExportError`]
pub(super) async fn export(db: &Db, account: Uuid, document: &mut Document) -> Result<(), ExportError> {
    let sessions = service::list(db, account).await?;
    document.member("browser_sessions", &sessions.iter().map(exported).collect::<Vec<_>>()).await
}

fn exported(session: &BrowserSession) -> Value {
    json!({
        "id": session.id,
        "user_agent": session.user_agent,
        "address": session.address,
        "last_seen_at": session.last_seen_at,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "bound_at": session.bound_at,
    })
}
