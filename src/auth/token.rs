//! A token as its owner sees it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Scopes;
use crate::timestamp::Timestamp;

/// A token's metadata. The token itself is not among it: it is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::token)))]
pub struct Token {
    /// Names it in `DELETE tokens/{id}`.
    pub id: Uuid,
    /// Its owner's name for it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The origins whose pages it works from; from anywhere, where there is none.
    pub origins: Vec<String>,
    /// How it came about.
    pub issued_by: IssuedBy,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, unless it is renewed.
    pub expires_at: Timestamp,
    /// When it stops working in any case.
    pub ends_at: Timestamp,
    /// Each use lets it go on for so many days, up to `ends_at`; nothing where it is not renewed.
    pub renew_days: Option<u32>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The address it was last used from, if that is known.
    pub last_used_from: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it still works `now`.
    pub fn works(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

/// How a token came about. What an authorization server would give to somebody else's client is a kind of its own, to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum IssuedBy {
    /// Its owner made it, signed in.
    Person,
    /// `POST login` gave it for a password.
    Login,
    /// Another token made it.
    Token,
}

impl IssuedBy {
    /// The name, on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Login => "login",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for IssuedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a later version wrote is at least no login.
impl From<&str> for IssuedBy {
    fn from(name: &str) -> Self {
        match name {
            "login" => Self::Login,
            "token" => Self::Token,
            _ => Self::Person,
        }
    }
}
