//! `[factors]`: second factors.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{findings::Findings, flag::FlagOrWord};
use crate::text::email_address::{is_address, normalized};

/// `[factors]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Factors {
    /// Who has to set up a second factor or a passkey.
    pub required: Required,
    /// The addresses of the accounts that operators use, for `required = "operators"`.
    pub operators: Vec<String>,
    /// How long the removal of an account's second factors by an operator can be stopped by its owner, in hours.
    pub reset_hours: u32,
}

impl Default for Factors {
    fn default() -> Self {
        Self { required: Required::Nobody, operators: Vec::new(), reset_hours: 24 }
    }
}

/// Who has to set up a second factor or a passkey: `false`, `"operators"` or `true`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Required {
    /// Nobody has to.
    #[default]
    Nobody,
    /// The accounts in `factors.operators`.
    Operators,
    /// Every account.
    Everybody,
}

impl Serialize for Required {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nobody => serializer.serialize_bool(false),
            Self::Operators => serializer.serialize_str("operators"),
            Self::Everybody => serializer.serialize_bool(true),
        }
    }
}

impl<'de> Deserialize<'de> for Required {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match FlagOrWord::deserialize(deserializer)? {
            FlagOrWord::Flag(false) => Ok(Self::Nobody),
            FlagOrWord::Flag(true) => Ok(Self::Everybody),
            FlagOrWord::Word(word) if word == "operators" => Ok(Self::Operators),
            FlagOrWord::Word(_) => Err(D::Error::custom("must be false, \"operators\" or true")),
        }
    }
}

impl Factors {
    /// Whether the account with the address `email` has to have a second factor or a passkey.
    pub fn requires(&self, email: &str) -> bool {
        match self.required {
            Required::Nobody => false,
            Required::Operators => self.names_operator(email),
            Required::Everybody => true,
        }
    }

    /// Whether the account with the address `email` is one that operators use.
    pub fn names_operator(&self, email: &str) -> bool {
        self.operators.iter().any(|named| normalized(named) == normalized(email))
    }

    /// `named` says whether another setting is about the operators.
    pub(super) fn check(&self, named: bool, found: &mut Findings) {
        let reason = "the owner of the account needs time to read the mail about it, and somebody waits for it";
        found.range("factors.reset_hours", self.reset_hours, 1..=720, reason);
        found.error_if(
            self.required == Required::Operators && self.operators.is_empty(),
            "factors.operators",
            "is empty, so factors.required = \"operators\" requires nothing of anybody; list the email addresses of the \
             operators' accounts",
        );
        for address in self.operators.iter().filter(|named| !is_address(named)) {
            found.error("factors.operators", format!("{address:?} is not an email address, so it names no account"));
        }
        found.advice_if(
            self.required == Required::Nobody && !named && !self.operators.is_empty(),
            "factors.operators",
            "names accounts, but factors.required = false requires nothing of them",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl FnOnce(&mut Factors)) -> Vec<&'static str> {
        let (mut settings, mut found) = (Factors::default(), Findings::default());
        change(&mut settings);
        settings.check(false, &mut found);
        found.sorted().into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn operators_are_known_by_their_addresses() {
        let mut settings = Factors { operators: vec!["Root@Example.org".into()], ..Factors::default() };
        assert!(!settings.requires("root@example.org"));
        settings.required = Required::Operators;
        assert!(settings.requires("root@example.org") && !settings.requires("ada@example.org"));
        settings.required = Required::Everybody;
        assert!(settings.requires("ada@example.org"));
    }

    #[test]
    fn what_would_require_nothing_is_found() {
        assert!(found(|_| {}).is_empty());
        assert_eq!(found(|settings| settings.required = Required::Operators), ["factors.operators"]);
        assert_eq!(found(|settings| settings.operators = vec!["root".into()]), ["factors.operators"; 2]);
        let named = |settings: &mut Factors| {
            (settings.required, settings.operators) = (Required::Operators, vec!["root@example.org".into()]);
        };
        assert!(found(named).is_empty());
    }

    #[test]
    fn it_is_a_flag_or_a_word() {
        for (text, required) in [
            ("false", Required::Nobody),
            ("true", Required::Everybody),
            ("\"operators\"", Required::Operators),
            ("\"true\"", Required::Everybody),
        ] {
            assert_eq!(serde_json::from_str::<Required>(text).unwrap(), required);
        }
        assert!(serde_json::from_str::<Required>("\"all\"").is_err());
        assert_eq!(serde_json::to_string(&Required::Operators).unwrap(), "\"operators\"");
    }
}
