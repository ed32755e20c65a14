//! The fields of a form that the sign-in form carries along.

use crate::{auth::sign_in::ANSWER_FIELD, ui::FOR_ACCOUNT};

/// The field of the sign-in form that holds where the form was posted to.
pub(super) const TO: &str = "unsent_to";
/// The prefix of the carried fields' names in the sign-in form.
pub(super) const PREFIX: &str = "unsent-";
/// Fields that are not filled in by people.
const UNSEEN: [&str; 3] = ["version", "next", FOR_ACCOUNT];

/// Whether the field holds a password, or what somebody has confirmed with in place of one.
pub(super) fn is_secret(name: &str) -> bool {
    name.contains("password") || name == "current" || name == ANSWER_FIELD || name.starts_with("again-")
}

/// Whether a person wrote `value`. A checked box has the value "on".
pub(super) fn is_seen(name: &str, value: &str) -> bool {
    !UNSEEN.contains(&name) && !value.is_empty() && value != "on"
}
