//! Notes in the data export.

use uuid::Uuid;

use super::service::{self, Filter};
use crate::{
    db::Db,
    http::export::{Document, ExportError},
};

/// Adds the notes, the newest first.
///
/// # Errors
/// [`ExportError`]
pub(super) async fn export(db: &Db, account: Uuid, document: &mut Document) -> Result<(), ExportError> {
    let mut list = document.list("notes").await?;
    let mut cursor = None;
    loop {
        let page = service::list(db, account, Filter { limit: Some(100), cursor, ..Filter::default() }).await?;
        list.items(&page.items).await?;
        cursor = page.next_cursor;
        if cursor.is_none() {
            return list.end().await;
        }
    }
}
