//! A sign-in as its owner sees it.

use uuid::Uuid;

use crate::timestamp::Timestamp;

/// One signed-in browser.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// `UUIDv7`; the session points to it.
    pub id: Uuid,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When its owner signed in.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}
