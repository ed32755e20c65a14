//! JSON merge patches (RFC 7396), the bodies of `PATCH` (RFC 5789): the members that are given change, the others stay.

use std::future::{Ready, ready};

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::http::{
    extract::{Unvalidated, essence},
    problem::Problem,
};

/// The header that lists what a resource takes as the body of `PATCH` (RFC 5789 section 3.1).
pub(crate) static ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// A merge patch, which most clients label as plain JSON.
static MEDIA_TYPES: HeaderValue = HeaderValue::from_static("application/merge-patch+json, application/json");

/// A JSON object of `Content-Type: application/merge-patch+json` or `application/json`, up to the limit of the route.
#[derive(Debug)]
pub struct MergePatch<T>(pub Unvalidated<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for MergePatch<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        if essence(request.headers()) == "application/merge-patch+json" {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Unvalidated::from_request(request, state).await.map(Self)
    }
}

/// Adds `Accept-Patch` to what a resource with `PATCH` answers: to reads of it, and where the method or the media type
/// was wrong. A layer of its routes: `routes!(…).layer(map_response(accept_patch))`.
pub fn accept_patch(mut response: Response) -> Ready<Response> {
    let status = response.status();
    let is_read = status == StatusCode::OK || status == StatusCode::NOT_MODIFIED;
    if is_read || matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE) {
        response.headers_mut().insert(ACCEPT_PATCH.clone(), MEDIA_TYPES.clone());
    }
    ready(response)
}

/// Reads a member that is never null: `#[serde(default, deserialize_with = "not_null")]` on an `Option`, which is
/// `None` if the member was left out.
///
/// # Errors
/// If the value is null, or of another type.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Whether a member that is never null leaves the value `is` as it is.
pub fn keeps<T: PartialEq>(to: Option<&T>, is: &T) -> bool {
    to.is_none_or(|to| to == is)
}

/// A member of the body of a `PATCH` that may be null. Where it is left out the value stays; `null` removes it.
///
/// A member that is never null is an `Option` with [`not_null`] instead. Declare this one with `#[serde(default)]` and
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

    /// Whether the value `is` stays as it is.
    pub fn keeps(&self, is: Option<&T>) -> bool
    where
        T: PartialEq,
    {
        match self {
            Self::Keep => true,
            Self::Set(to) => to.as_ref() == is,
        }
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
    struct Change {
        #[serde(default)]
        discount: Patch<i64>,
        #[serde(default, deserialize_with = "not_null")]
        amount: Option<i64>,
    }

    #[test]
    fn null_is_not_the_same_as_left_out() {
        for (json, expected) in [
            ("{}", Patch::Keep),
            (r#"{"discount": null}"#, Patch::Set(None)),
            (r#"{"discount": 5}"#, Patch::Set(Some(5))),
        ] {
            let Change { discount, .. } = serde_json::from_str(json).unwrap();
            assert_eq!(discount, expected, "{json}");
            assert!(discount.keeps(expected.into_value().as_ref()), "{json}");
            assert_eq!((discount.keeps(Some(&7)), discount.keeps(None)), (json == "{}", !json.contains('5')), "{json}");
            assert_eq!((discount.is_given(), discount.into_value()), (json != "{}", expected.into_value()), "{json}");
        }
        assert!(serde_json::from_str::<Change>(r#"{"discount": "5"}"#).is_err());
    }

    #[test]
    fn a_member_that_is_never_null_is_left_out_or_given() {
        assert!(keeps(None, &5) && keeps(Some(&5), &5) && !keeps(Some(&7), &5));
        let read = |json| serde_json::from_str::<Change>(json).map(|change| change.amount).ok();
        assert_eq!(
            (read("{}"), read(r#"{"amount": 5}"#), read(r#"{"amount": null}"#)),
            (Some(None), Some(Some(5)), None)
        );
    }
}
