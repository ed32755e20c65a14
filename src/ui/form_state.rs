//! The state of a form: what was typed, and what is wrong with it.

use serde::{Deserialize, Serialize};

use super::FieldError;

/// The values and errors with which a form is rendered again after it was refused. Never contains a password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    /// The names and values of the fields, as typed.
    pub values: Vec<(String, String)>,
    /// The error messages of fields.
    pub errors: Vec<FieldError>,
    /// A message for the form as a whole.
    pub notice: Option<String>,
}

impl FormState {
    /// The form with `value` in the field `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.push((name.into(), value.into()));
        self
    }

    /// The value of the field `name`, or empty.
    pub fn value(&self, name: &str) -> String {
        let found = self.values.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The error message of the field `name`.
    pub fn error(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.clone())
    }
}
