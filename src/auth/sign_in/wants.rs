//! What a sign-in asks for.

use serde::{Deserialize, Serialize};

use crate::{
    auth::{Scope, ScopeInfo, Scopes},
    http::problem::Problem,
};

/// What somebody who signs in asks for. A pending sign-in keeps it, so that a later step cannot ask for more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Wants {
    /// Whether to stay signed in for longer.
    #[serde(default)]
    pub remember: bool,
    /// The name of the token, at the token door.
    #[serde(default)]
    pub name: Option<String>,
    /// The scopes of the token, at the token door.
    #[serde(default)]
    pub scopes: Scopes,
    /// The thumbprint of the key that the token is to be bound to, at the token door.
    #[serde(default)]
    pub key_thumbprint: Option<String>,
}

impl Wants {
    /// In a browser.
    pub fn in_browser(remember: bool) -> Self {
        Self { remember, ..Self::default() }
    }

    /// At the token door. Whoever names no `scopes` gets those of `declared` that are not sensitive.
    pub fn of_token(
        remember: bool,
        name: Option<String>,
        scopes: Option<Vec<Scope>>,
        declared: &[ScopeInfo],
        key_thumbprint: Option<String>,
    ) -> Self {
        let scopes = scopes.map_or_else(|| Scopes::of_login(declared), |named| named.into_iter().collect());
        Self { remember, name, scopes, key_thumbprint }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`Problem::Internal`]
    pub fn to_text(&self) -> Result<String, Problem> {
        serde_json::to_string(self).map_err(|error| Problem::Internal(error.to_string()))
    }

    /// What cannot be read asks for the least.
    pub fn of_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_kept_and_nothing_more() {
        let wants = Wants {
            remember: true,
            name: Some("phone".into()),
            scopes: ["account:read"].into_iter().collect(),
            key_thumbprint: Some("thumbprint".into()),
        };
        let kept = Wants::of_text(&wants.to_text().unwrap());
        assert!(kept.remember);
        assert_eq!((kept.name.as_deref(), kept.key_thumbprint.as_deref()), (Some("phone"), Some("thumbprint")));
        assert_eq!(kept.scopes.iter().collect::<Vec<_>>(), ["account:read"]);
        assert!(!Wants::of_text("of a later version").remember);
    }

    #[test]
    fn a_token_gets_the_scopes_that_are_named_or_those_that_are_not_sensitive() {
        let info = |name, sensitive| ScopeInfo { name, meaning: "", sensitive };
        let declared = [info("account:read", false), info("account:export", true)];
        let of = |named: Option<&str>| {
            let named = named.map(|name| vec![Scope(name.into())]);
            Wants::of_token(true, None, named, &declared, None).scopes.to_string()
        };
        assert_eq!((of(None), of(Some("account:export"))), ("account:read".into(), "account:export".into()));
    }
}
