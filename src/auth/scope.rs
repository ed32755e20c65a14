//! What a token may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One permission (RFC 6749 section 3.3). A handler names the one it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Scope {
    /// See who the account is.
    #[serde(rename = "account:read")]
    AccountRead,
    /// Read notes.
    #[serde(rename = "notes:read")]
    NotesRead,
    /// Make, change and delete notes.
    #[serde(rename = "notes:write")]
    NotesWrite,
    /// Make, list and revoke the account's tokens.
    #[serde(rename = "tokens:manage")]
    TokensManage,
}

impl Scope {
    /// Every scope there is, in the order people read them.
    pub const ALL: [Self; 4] = [Self::AccountRead, Self::NotesRead, Self::NotesWrite, Self::TokensManage];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountRead => "account:read",
            Self::NotesRead => "notes:read",
            Self::NotesWrite => "notes:write",
            Self::TokensManage => "tokens:manage",
        }
    }

    /// For people: what it allows.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::AccountRead => "See your name and e-mail address",
            Self::NotesRead => "Read your notes",
            Self::NotesWrite => "Write, change and delete your notes",
            Self::TokensManage => "Make, list and revoke your tokens",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no scope.
#[derive(Debug, thiserror::Error)]
#[error("there is no scope {0:?}")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| UnknownScope(text.into()))
    }
}

/// A set of scopes; as text, space-separated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether `scope` is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

/// Names that are no longer scopes fall away: a token never gains by a change of ours.
impl From<String> for Scopes {
    fn from(text: String) -> Self {
        text.split_whitespace().filter_map(|name| name.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_round_trip_as_text_and_json() {
        let scopes: Scopes = [Scope::NotesWrite, Scope::NotesRead].into_iter().collect();
        assert_eq!(scopes.to_string(), "notes:read notes:write");
        assert_eq!(Scopes::from(scopes.to_string()), scopes);
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["notes:read","notes:write"]"#);
        assert_eq!(Scopes::from("notes:read everything".to_owned()).to_string(), "notes:read");
    }
}
