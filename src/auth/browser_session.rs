//! A sign-in as its owner sees it.

use serde::Serialize;
use uuid::Uuid;

use crate::{http::client::browser_name, timestamp::Timestamp};

/// One signed-in browser.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BrowserSession {
    /// `UUIDv7`; the session points to it.
    pub id: Uuid,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Where it was last seen from, empty if that is not known.
    pub address: String,
    /// Whether "keep me signed in" was chosen.
    pub remembered: bool,
    /// When its owner signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used again.
    pub expires_at: Timestamp,
    /// When it ends whether or not it is used.
    pub ends_at: Timestamp,
}

impl BrowserSession {
    /// The browser in words, such as "Firefox on Windows".
    pub fn browser(&self) -> String {
        browser_name(&self.user_agent)
    }
}

/// A signed-in browser and whose it is, for operators.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct BrowserSessionWithOwner {
    /// Of the sign-in.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// Their address.
    pub email: String,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Where it was last seen from, empty if that is not known.
    pub address: String,
    /// Whether "keep me signed in" was chosen.
    pub remembered: bool,
    /// When its owner signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used again.
    pub expires_at: Timestamp,
    /// When it ends whether or not it is used.
    pub ends_at: Timestamp,
}

impl BrowserSessionWithOwner {
    /// The browser in words, such as "Firefox on Windows".
    pub fn browser(&self) -> String {
        browser_name(&self.user_agent)
    }
}
