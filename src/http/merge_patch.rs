//! Members of a JSON merge patch (RFC 7396) that may be null.

use serde::{Deserialize, Deserializer};

/// A member of the body of a `PATCH` that may be null. Where it is left out the value stays; `null` removes it.
///
/// A member that is never null is an `Option` instead. Declare this one with `#[serde(default)]` and
/// `#[schema(value_type = Option<T>)]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Left out: the value stays.
    #[default]
    Keep,
    /// Given: the new value, or none.
    Set(Option<T>),
}

impl<T> Patch<T> {
    /// Whether the member was given.
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// The new value; `None` also if the member was left out.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => value,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        discount: Patch<i64>,
    }

    #[test]
    fn null_is_not_the_same_as_left_out() {
        for (json, expected) in [
            ("{}", Patch::Keep),
            (r#"{"discount": null}"#, Patch::Set(None)),
            (r#"{"discount": 5}"#, Patch::Set(Some(5))),
        ] {
            let Body { discount } = serde_json::from_str(json).unwrap();
            assert_eq!(discount, expected, "{json}");
            assert_eq!((discount.is_given(), discount.into_value()), (json != "{}", expected.into_value()), "{json}");
        }
        assert!(serde_json::from_str::<Body>(r#"{"discount": "5"}"#).is_err());
    }
}
