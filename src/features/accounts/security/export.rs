//! Trusted browsers in the data export.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::known_devices::{self, TrustedDevice},
    db::Db,
    http::export::{Document, ExportError},
};

/// Adds the browsers in which the account asks for no second factor.
///
/// # Errors
/// [`ExportError`]
pub(crate) async fn export(db: &Db, account: Uuid, document: &mut Document) -> Result<(), ExportError> {
    let trusted = known_devices::trusted(db, account).await?;
    document.member("trusted_browsers", &trusted.iter().map(exported).collect::<Vec<_>>()).await
}

fn exported(device: &TrustedDevice) -> Value {
    json!({
        "id": device.id,
        "user_agent": device.user_agent,
        "created_at": device.created_at,
        "expires_at": device.expires_at,
    })
}
