//! What is wrong with a field of a form, or a member of a JSON body.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Params;

/// What is wrong with a field, in one word that never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldCode {
    /// It is missing or empty.
    Required,
    /// It has another JSON type than it should have.
    InvalidType,
    /// It does not have the form that it should have, in any way that has no code of its own.
    Invalid,
    /// It is none of the values there are, or names something that does not exist.
    InvalidChoice,
    /// It has too few characters or items.
    TooShort,
    /// It has too many characters or items.
    TooLong,
    /// The number or the time is too small or too large.
    OutOfRange,
    /// There is no member or query parameter of this name.
    Unknown,
    /// Somebody uses it already.
    Taken,
    /// It excludes another field that was sent as well.
    Exclusive,
    /// It is not the value that was asked for again, such as the current password.
    Incorrect,
    /// The password is too easy to guess.
    Weak,
    /// The password is known from a breach of another site.
    Breached,
}

impl FieldCode {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::Required,
        Self::InvalidType,
        Self::Invalid,
        Self::InvalidChoice,
        Self::TooShort,
        Self::TooLong,
        Self::OutOfRange,
        Self::Unknown,
        Self::Taken,
        Self::Exclusive,
        Self::Incorrect,
        Self::Weak,
        Self::Breached,
    ];

    /// The code as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::InvalidType => "invalid_type",
            Self::Invalid => "invalid",
            Self::InvalidChoice => "invalid_choice",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::OutOfRange => "out_of_range",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::Exclusive => "exclusive",
            Self::Incorrect => "incorrect",
            Self::Weak => "weak",
            Self::Breached => "breached",
        }
    }
}

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The name of the field, the query parameter or the member of the JSON body. A member inside of another is named
    /// by its path, such as `scopes[1]`.
    pub field: String,
    /// What is wrong, in one stable word. docs/errors.md lists them; later versions may add some.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub code: Cow<'static, str>,
    /// For people: what is wrong, and what would be right.
    pub message: String,
    /// The numbers in the message, such as `max` and `actual`, for a message of your own.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = std::collections::BTreeMap<String, i64>))]
    pub params: Params,
}

impl FieldError {
    /// `message` about `field`, with the code [`FieldCode::Invalid`].
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: FieldCode::Invalid.as_str().into(),
            message: message.into(),
            params: Params::default(),
        }
    }

    /// `message` about `field`, which is missing or empty.
    pub fn required(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(field, message).code(FieldCode::Required)
    }

    /// `message` about `field`, which has `actual` characters or items, and may have `max`.
    pub fn too_long(field: impl Into<String>, message: impl Into<String>, max: usize, actual: usize) -> Self {
        Self::new(field, message).code(FieldCode::TooLong).param("max", max).param("actual", actual)
    }

    /// `message` about `field`, which is a number below `min` or above `max`.
    pub fn out_of_range(field: impl Into<String>, message: impl Into<String>, min: i64, max: i64) -> Self {
        Self::new(field, message).code(FieldCode::OutOfRange).param("min", min).param("max", max)
    }

    /// `message` about `field`, which is not the value that was asked for again.
    pub fn incorrect(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(field, message).code(FieldCode::Incorrect)
    }

    /// With this code.
    #[must_use]
    pub fn code(mut self, code: FieldCode) -> Self {
        self.code = code.as_str().into();
        self
    }

    /// With the number `value`, as `name`.
    #[must_use]
    pub fn param(mut self, name: &'static str, value: impl TryInto<i64>) -> Self {
        self.params.push(name, value.try_into().unwrap_or(i64::MAX));
        self
    }
}
