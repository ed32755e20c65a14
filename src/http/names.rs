//! The names that people give to accounts, tokens, applications and passkeys.

use super::problem::FieldError;
use crate::text::{is_blank, turns_direction};

/// The longest name, in characters.
pub const NAME_MAX: usize = 100;

/// What is wrong with `name`, the value of the field `name` without the blanks around it; `None` if it is accepted.
pub fn name_error(name: &str) -> Option<FieldError> {
    let (message, length) = ("Enter a name of 1 to 100 characters.", name.chars().count());
    if is_blank(name) {
        return Some(FieldError::required("name", message));
    }
    if length > NAME_MAX {
        return Some(FieldError::too_long("name", message, NAME_MAX, length));
    }
    if name.contains(char::is_control) {
        return Some(FieldError::new("name", "Remove the control characters, such as line breaks and tabs."));
    }
    let message = "Remove the characters that change the direction of the text.";
    turns_direction(name).then(|| FieldError::new("name", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_seen_and_stay_where_they_stand() {
        for good in ["Ada", "שרה\u{200f}", "می\u{200c}خواهم", "👩\u{200d}💻", "é"] {
            assert_eq!(name_error(good), None, "{good:?}");
        }
        assert!(name_error("a\nb").is_some_and(|error| error.message.contains("control characters")));
        let long = "a".repeat(NAME_MAX + 1);
        for bad in ["", "\u{200b}", "\u{3164}", "\u{2800} \u{2800}", "a\nb", "\u{202e}adA", "a\u{2066}b", &long] {
            assert!(name_error(bad).is_some(), "{bad:?}");
        }
    }
}
