//! A token's metadata, as its owner sees it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Scopes;
use crate::timestamp::Timestamp;

/// A token's metadata. The token itself is shown only once, when it is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::token)))]
pub struct Token {
    /// The id of the token, for `DELETE tokens/{id}`.
    pub id: Uuid,
    /// The name its owner gave it.
    pub name: String,
    /// The scopes of the token.
    pub scopes: Scopes,
    /// The origins whose pages can use it. If empty, it works everywhere.
    pub origins: Vec<String>,
    /// How it was created.
    pub issued_by: IssuedBy,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires, unless it is renewed.
    pub expires_at: Timestamp,
    /// When it expires, even if it is renewed, by use or by `POST token/renew`.
    pub ends_at: Timestamp,
    /// How many days each use extends it by, up to `ends_at`; `null` if use does not extend it.
    pub renew_days: Option<u32>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The address it was last used from, if known.
    pub last_used_from: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The thumbprint (RFC 7638) of the key that it is bound to; `null` if it works for whoever has it.
    pub key_thumbprint: Option<String>,
}

impl Token {
    /// Whether it is active: neither revoked nor expired.
    pub fn works(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }

    /// The scheme of `Authorization` that it is sent with: `DPoP` if it is bound to a key (RFC 9449 section 5), `Bearer`
    /// otherwise.
    pub fn token_type(&self) -> TokenType {
        if self.key_thumbprint.is_some() { TokenType::DPoP } else { TokenType::Bearer }
    }
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum TokenType {
    /// `Authorization: Bearer <token>` (RFC 6750).
    Bearer,
    /// `Authorization: DPoP <token>`, with a proof of its key in the `DPoP` header (RFC 9449).
    DPoP,
}

impl TokenType {
    /// The name of the scheme.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::DPoP => "DPoP",
        }
    }
}

/// How a token was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum IssuedBy {
    /// By its owner, on the tokens page or with a session cookie.
    Person,
    /// By `POST login`, with a password.
    Login,
    /// By another token.
    Token,
    /// For an application that its owner authorized, at the token endpoint (RFC 6749).
    Client,
}

impl IssuedBy {
    /// The name in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Login => "login",
            Self::Token => "token",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for IssuedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Unknown names, written by a later version, are treated as [`IssuedBy::Person`].
impl From<&str> for IssuedBy {
    fn from(name: &str) -> Self {
        match name {
            "login" => Self::Login,
            "token" => Self::Token,
            "client" => Self::Client,
            _ => Self::Person,
        }
    }
}
