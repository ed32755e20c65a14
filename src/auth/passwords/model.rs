//! The strength of a password.

use serde::{Deserialize, Serialize};

/// How hard a password is to guess, and whether it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordStrength {
    /// The zxcvbn score: from 0 (guessed in a thousand attempts) to 4 (not guessed in ten billion).
    pub score: u8,
    /// Why the password is rejected; `None` if it is accepted.
    pub rejection: Option<String>,
    /// How to make it stronger; empty if it is strong enough.
    pub feedback: String,
}

impl PasswordStrength {
    /// The score as a word, such as "Fair".
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
