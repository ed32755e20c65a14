//! A signed-in browser.

use serde::Serialize;
use uuid::Uuid;

use crate::{http::client::browser_name, timestamp::Timestamp};

/// A signed-in browser, as its owner sees it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct BrowserSession {
    /// `UUIDv7`. The session record points to it.
    pub id: Uuid,
    /// The `User-Agent` of the browser.
    pub user_agent: String,
    /// The address it was last seen from; empty if unknown.
    pub address: String,
    /// Whether "Keep me signed in" was chosen.
    pub remembered: bool,
    /// When the owner signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it expires, unless it is used again.
    pub expires_at: Timestamp,
    /// When it expires, even if it is used.
    pub ends_at: Timestamp,
    /// Since when the session is bound to a key of the device, if it is.
    pub bound_at: Option<Timestamp>,
}

impl BrowserSession {
    /// A readable name of the browser, such as "Firefox on Windows".
    pub fn browser(&self) -> String {
        browser_name(&self.user_agent)
    }
}

/// A signed-in browser and its owner, for operators.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct BrowserSessionWithOwner {
    /// The signed-in browser.
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub session: BrowserSession,
    /// The account it is signed in to.
    pub account_id: Uuid,
    /// The account's email address.
    pub email: String,
}
