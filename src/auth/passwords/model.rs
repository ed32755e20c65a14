//! How good a password is.

use serde::{Deserialize, Serialize};

/// What there is to say to whoever chooses a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// zxcvbn's, from 0, found in a thousand guesses, to 4, not found in ten thousand million.
    pub score: u8,
    /// Why it is refused, if it is.
    pub objection: Option<String>,
    /// What would make it better. Empty where nothing has to.
    pub advice: String,
}

impl Verdict {
    /// The score in a word.
    pub fn word(&self) -> &'static str {
        match self.score {
            0 => "Very weak",
            1 => "Weak",
            2 => "Fair",
            3 => "Good",
            _ => "Strong",
        }
    }
}
