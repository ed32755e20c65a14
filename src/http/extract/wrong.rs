//! What is wrong with a value, in our own words: serde's speak of Rust.

use serde_json::{Value, json};

use crate::http::problem::{FieldCode, FieldError};

/// The most errors that one answer names.
pub(super) const ERRORS_MAX: usize = 20;

/// The most characters of a name that a client made up.
const NAME_MAX: usize = 100;

/// `name`, cut if it is very long.
pub(super) fn short(name: &str) -> String {
    name.chars().take(NAME_MAX).collect()
}

/// What serde expected of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Text,
    Boolean,
    Number,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    List,
    Object,
    Uuid,
    Time,
    /// One of these names.
    Choice(Vec<String>),
    Other,
}

impl Expected {
    /// Reads it from serde's `message`. What a client sent stands before the last comma, and what is expected after it,
    /// in words of the type.
    pub(super) fn of(message: &str) -> Self {
        let words = message.rsplit_once(", expected ").map_or(message, |(_, words)| words);
        if message.starts_with("unknown variant") {
            return Self::Choice(quoted(words));
        }
        match words {
            "a string" | "string" | "a character" => Self::Text,
            "a boolean" => Self::Boolean,
            "f32" | "f64" => Self::Number,
            "u8" => Self::Integer(0, u8::MAX.into()),
            "u16" => Self::Integer(0, u16::MAX.into()),
            "u32" => Self::Integer(0, u32::MAX.into()),
            "u64" | "usize" => Self::Integer(0, i64::MAX),
            "i8" => Self::Integer(i8::MIN.into(), i8::MAX.into()),
            "i16" => Self::Integer(i16::MIN.into(), i16::MAX.into()),
            "i32" => Self::Integer(i32::MIN.into(), i32::MAX.into()),
            "i64" | "isize" => Self::Integer(i64::MIN, i64::MAX),
            words if words.contains("UUID") => Self::Uuid,
            words if words.contains("RFC 3339") => Self::Time,
            words if words.contains("sequence") || words.contains("array") || words.contains("tuple") => Self::List,
            words if words.contains("struct") || words.contains("map") || words == "an object" => Self::Object,
            // From text, in a query.
            words if words.contains("`true` or `false`") => Self::Boolean,
            words if words.contains("float") => Self::Number,
            words if words.contains("digit") || words.contains("integer") || words.contains("number too") => {
                Self::Integer(i64::MIN, i64::MAX)
            }
            _ => Self::Other,
        }
    }

    /// What is wrong with `field`, which holds `value`.
    pub(super) fn error(&self, field: String, value: &Value) -> FieldError {
        let message = match self {
            Self::Text => "This must be a string.".into(),
            Self::Boolean => "This must be true or false.".into(),
            Self::Number => "This must be a number.".into(),
            Self::Integer(min, max) if is_whole(value) => {
                let message = match (*min, *max) {
                    (i64::MIN, _) | (_, i64::MAX) => "This number is too small or too large.".into(),
                    _ => format!("This must be a number from {min} to {max}."),
                };
                return FieldError::out_of_range(field, message, *min, *max);
            }
            Self::Integer(..) => "This must be a whole number.".into(),
            Self::List => "This must be a list.".into(),
            Self::Object => "This must be an object.".into(),
            Self::Uuid => "This must be a UUID, such as 019526de-6c00-71f0-a1b2-c3d4e5f60718.".into(),
            Self::Time => "This must be a time of RFC 3339, such as 2026-01-31T12:00:00Z.".into(),
            Self::Choice(names) => format!("This must be one of these: {}.", names.join(", ")),
            Self::Other => "This value is not valid.".into(),
        };
        let code = match self {
            Self::Choice(_) if value.is_string() => FieldCode::InvalidChoice,
            Self::Uuid | Self::Time | Self::Other if value.is_string() => FieldCode::Invalid,
            _ => FieldCode::InvalidType,
        };
        FieldError::new(field, message).code(code)
    }

    /// A value that would have been taken in its place.
    pub(super) fn placeholder(&self) -> Value {
        match self {
            Self::Text => json!(""),
            Self::Boolean => json!(false),
            Self::Number | Self::Integer(..) => json!(0),
            Self::List => json!([]),
            Self::Object => json!({}),
            Self::Uuid => json!("00000000-0000-0000-0000-000000000000"),
            Self::Time => json!("2000-01-01T00:00:00Z"),
            Self::Choice(names) => json!(names.first()),
            Self::Other => Value::Null,
        }
    }
}

fn is_whole(value: &Value) -> bool {
    let digits = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match value {
        Value::Number(number) => digits(&number.to_string()),
        Value::String(text) => digits(text),
        _ => false,
    }
}

/// The names in backticks.
pub(super) fn quoted(words: &str) -> Vec<String> {
    words.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A member or a parameter that is missing.
pub(super) fn missing(field: String) -> FieldError {
    FieldError::required(field, "This is required.")
}

/// A member or a parameter that is there more than once.
pub(super) fn repeated(field: &str) -> FieldError {
    FieldError::new(short(field), "This is there more than once.")
}

/// A member or a parameter of a name that there is not; `what` is which of the two, and `known` the names there are.
pub(super) fn unknown(field: String, what: &str, known: &[String]) -> FieldError {
    let known = if known.is_empty() { "There is none here".into() } else { format!("There are: {}", known.join(", ")) };
    FieldError::new(field, format!("There is no {what} of this name. {known}.")).code(FieldCode::Unknown)
}
