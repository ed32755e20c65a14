//! Settings that are a flag, or one word in place of it, such as `false`, `"operators"` or `true`.

use serde::Deserialize;

/// What was written. The environment has text in place of the flag.
#[derive(Debug, Deserialize)]
#[serde(from = "Written")]
pub(super) enum FlagOrWord {
    /// `true` or `false`.
    Flag(bool),
    /// Anything else.
    Word(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Flag(bool),
    Text(String),
}

impl From<Written> for FlagOrWord {
    fn from(written: Written) -> Self {
        match written {
            Written::Flag(flag) => Self::Flag(flag),
            Written::Text(text) => text.parse().map_or(Self::Word(text), Self::Flag),
        }
    }
}
