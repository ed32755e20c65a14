//! Scopes: what a token may do (RFC 6749 section 3.3).
//!
//! A feature declares its scopes with [`scope!`](crate::auth::scope!) where they are meant, and lists them in its
//! `FEATURE`.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// A scope, as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeInfo {
    /// The name on the wire, such as `account:read`.
    pub name: &'static str,
    /// What it allows, for people.
    pub meaning: &'static str,
    /// Whether a login gives it only if it is asked for by name.
    pub sensitive: bool,
}

/// The name of a scope. Which names there are is checked where a token is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(utoipa::ToSchema),
    schema(description = "The name of a scope.", examples("account:read"))
)]
#[serde(transparent)]
pub struct Scope(pub String);

/// A set of scopes; as text, separated by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(utoipa::ToSchema),
    schema(value_type = Vec<Scope>, description = "Scopes, in alphabetical order, none twice.")
)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// What a login gives that does not say which scopes it wants: every scope that is declared and not sensitive.
    pub fn of_login(declared: &[ScopeInfo]) -> Self {
        declared.iter().filter(|scope| !scope.sensitive).map(|scope| scope.name).collect()
    }

    /// Whether the scope `name` is among them.
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|held| held == name)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of each, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|scope| scope.0.as_str())
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(|name| Scope(name.into())).collect())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().collect();
        f.write_str(&names.join(" "))
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        text.split_whitespace().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_gives_what_is_sensitive_to_nobody() {
        let declared = [("a:read", false), ("a:manage", true)];
        let declared = declared.map(|(name, sensitive)| ScopeInfo { name, meaning: "", sensitive });
        assert_eq!(Scopes::of_login(&declared).to_string(), "a:read");
    }

    #[test]
    fn scopes_round_trip_as_text_and_json() {
        let scopes: Scopes = ["b:write", "a:read"].into_iter().collect();
        assert_eq!(scopes.to_string(), "a:read b:write");
        assert_eq!(Scopes::from(scopes.to_string()), scopes);
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["a:read","b:write"]"#);
        assert!(scopes.contains("a:read") && !scopes.contains("a:"));
    }
}
