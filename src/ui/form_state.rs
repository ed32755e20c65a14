//! A form as it goes back to the person who filled it in.

use serde::{Deserialize, Serialize};

use super::FieldError;

/// What was typed, what is wrong with it, and what to say above it all. Never holds a password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    /// Names and values, as typed.
    pub values: Vec<(String, String)>,
    /// What is wrong with which field.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole.
    pub notice: Option<String>,
}

impl FormState {
    /// With `value` in the field `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.push((name.into(), value.into()));
        self
    }

    /// What was typed into `name`.
    pub fn value(&self, name: &str) -> String {
        let found = self.values.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// What is wrong with `name`.
    pub fn error(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.clone())
    }
}
