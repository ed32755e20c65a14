//! Reading a request: extractors like those of axum, with our errors and limits.

mod json;
mod query;
mod wrong;

use std::{error::Error, iter::successors};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use uuid::Uuid;

pub(crate) use self::json::not_json_at;
pub use self::{
    json::Body,
    query::{KnownNames, Query, UnvalidatedQuery, unknown_params},
};
use crate::http::{
    body_timeout::BodyTimeout,
    problem::{FieldError, Problem},
};

/// The largest request body, in bytes, of a route that sets no limit of its own (S37).
pub const BODY_LIMIT: usize = 64 * 1024;

/// The largest request body, in bytes, of routes that take long texts: 20,000 characters of any script, even as a
/// URL-encoded form. Every server function and every form is read up to it.
pub const LARGE_BODY_LIMIT: usize = 256 * 1024;

/// How deep JSON may be nested. No body that we read is deeper than a few levels (S37).
const DEPTH_LIMIT: usize = 16;

/// A JSON body or a query string whose members have rules of their own, such as a length.
///
/// ```ignore
/// async fn create(body: Unvalidated<CreateBody>) -> Result<Response, Problem> {
///     let CreateBody { title, body } = body.validate(|new| service::check(Some(&new.title), Some(&new.body)))?;
/// ```
///
/// So the answer names all that is wrong at once: members of a wrong type, and those that a rule refuses.
#[derive(Debug)]
pub struct Unvalidated<T> {
    /// What was sent, with placeholders for what is wrong; `None` if nothing fits.
    value: Option<T>,
    errors: Vec<FieldError>,
}

impl<T> Unvalidated<T> {
    /// The same, as another type.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Unvalidated<U> {
        Unvalidated { value: self.value.map(convert), errors: self.errors }
    }

    /// What was sent, if it has the right types and `rules` find nothing wrong with it. Rules may look at a value with
    /// placeholders; what they say about these is left out.
    ///
    /// # Errors
    /// [`Problem::Validation`] with everything that is wrong.
    pub fn validate(self, rules: impl FnOnce(&T) -> Vec<FieldError>) -> Result<T, Problem> {
        let Self { value, mut errors } = self;
        let Some(value) = value else { return Err(Problem::Validation(errors)) };
        let found = rules(&value);
        let is_new = |error: &FieldError| errors.iter().all(|typed| member(typed) != member(error));
        let found: Vec<_> = found.into_iter().filter(is_new).collect();
        errors.extend(found);
        Problem::unless(errors, value)
    }
}

/// The member of the body that `error` is about.
fn member(error: &FieldError) -> &str {
    error.field.split(['.', '[']).next().unwrap_or_default()
}

/// Refuses JSON that is nested deeper than any body we read.
///
/// # Errors
/// [`Problem::InvalidBody`]
pub fn check_depth(json: &[u8]) -> Result<(), Problem> {
    if depth(json) <= DEPTH_LIMIT {
        return Ok(());
    }
    Err(Problem::InvalidBody(format!("The JSON is nested deeper than {DEPTH_LIMIT} levels.")))
}

/// The number of levels at the deepest point of `json`, which need not be valid.
fn depth(json: &[u8]) -> usize {
    let (mut deepest, mut level, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' if !in_string => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A form as a page posts it: names and values in their order, so that the page can show again what was typed.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses the URL-encoded body of a form.
    pub fn parse(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), normalized(&value)));
        Self(pairs.collect())
    }

    /// The first value of `name`, empty if there is none.
    pub fn text(&self, name: &str) -> String {
        self.all(name).next().unwrap_or_default().to_owned()
    }

    /// Every value of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Every name with its value, in the order of the body.
    pub fn pairs(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// Whether the checkbox `name` was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if essence(request.headers()) != FORM {
            return Err(Problem::UnsupportedMediaType);
        }
        Ok(Self::parse(&read(request, state).await?))
    }
}

/// Browsers send line breaks in forms as CRLF (HTML, "form data set"). We store LF.
fn normalized(value: &str) -> String {
    value.replace("\r\n", "\n")
}

/// An id in the path. Text that is no UUID is 404.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::NotFound)?;
        text.parse().map(Self).map_err(|_| Problem::NotFound)
    }
}

/// Reads the body, up to the limit of the route.
///
/// # Errors
/// [`Problem::BodyTooLarge`]; [`Problem::RequestTimeout`] if it did not arrive in time; [`Problem::InvalidBody`] if it
/// did not arrive in full.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        let mut causes = successors(Some(&rejection as &(dyn Error + 'static)), |&error| error.source());
        if causes.any(<dyn Error>::is::<BodyTimeout>) {
            return Problem::RequestTimeout;
        }
        match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::BodyTooLarge,
            _ => Problem::InvalidBody("The request body did not arrive in full.".into()),
        }
    })
}

/// The media type of the body without its parameters, in lower case (RFC 9110 section 8.3.1).
pub fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        for (json, expected) in [
            ("", 0),
            ("7", 0),
            ("[]", 1),
            ("{\"a\": [1, [2]], \"b\": {}}", 3),
            (r#"{"a": "[[[["}"#, 1),
            (r#"{"a": "\"[[[["}"#, 1),
            (r#"{"a": "\\", "b": [[]]}"#, 3),
            ("]]]][", 1),
        ] {
            assert_eq!(depth(json.as_bytes()), expected, "{json}");
        }
        assert_eq!(depth("[".repeat(50_000).as_bytes()), 50_000);
    }

    /// A body that fails.
    struct Failing<E>(Option<E>);

    impl<E: Unpin> hyper::body::Body for Failing<E> {
        type Data = Bytes;
        type Error = E;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, E>>> {
            Poll::Ready(self.0.take().map(Err))
        }
    }

    #[tokio::test]
    async fn a_body_that_comes_too_late_is_another_error_than_one_that_ends_early() {
        async fn problem(error: impl Into<Box<dyn Error + Send + Sync>>) -> Problem {
            let body = axum::body::Body::new(Failing(Some(error.into())));
            read(Request::new(body), &()).await.unwrap_err()
        }
        assert!(matches!(problem(BodyTimeout).await, Problem::RequestTimeout));
        assert!(matches!(problem("reset").await, Problem::InvalidBody(_)));
    }
}
