//! Reading a request: axum's extractors with our errors.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::http::{
    conditional::Condition,
    problem::{FieldError, Problem},
};

/// The largest body a route takes unless it says otherwise (S37).
pub const BODY_LIMIT: usize = 64 * 1024;

/// For routes that take a note: 20,000 characters of any script, even as a URL-encoded form.
pub const LONG_BODY_LIMIT: usize = 256 * 1024;

/// How deep JSON may be nested: nothing we take is deeper than a few levels (S37).
pub const DEPTH_LIMIT: usize = 16;

/// A JSON body, labelled as such.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if essence(request.headers()) != "application/json" {
            return Err(Problem::UnsupportedMediaType);
        }
        let bytes = read(request, state).await?;
        if depth(&bytes) > DEPTH_LIMIT {
            return Err(Problem::InvalidBody(format!("The JSON is nested deeper than {DEPTH_LIMIT} levels.")));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(explain)?;
        deserializer.end().map_err(|error| Problem::InvalidBody(format!("Not JSON: {error}.")))?;
        Ok(Self(value))
    }
}

/// How deep `json` is nested at its deepest, whether or not it is JSON.
pub fn depth(json: &[u8]) -> usize {
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

/// JSON that does not parse is 400; JSON that does not fit is 422 and names the member.
fn explain(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let (path, inner) = (error.path().to_string(), error.inner());
    if !inner.is_data() {
        return Problem::InvalidBody(format!("Not JSON: {inner}."));
    }
    let message = inner.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let field = match path.as_str() {
        "." if message.starts_with("missing field") || message.starts_with("unknown field") => quoted,
        "." => "body",
        path => path,
    };
    Problem::Validation(vec![FieldError::new(field, format!("{message}."))])
}

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A form as a page posts it: names and values in their order, so that a page can show again what was typed.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// What is in the body of a form.
    pub fn parse(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), normalized(&value)));
        Self(pairs.collect())
    }

    /// The value of `name`, empty if it was not sent.
    pub fn text(&self, name: &str) -> String {
        self.all(name).next().unwrap_or_default().to_owned()
    }

    /// Every value of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Every name with its value, in the order they came.
    pub fn pairs(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// Whether the box `name` was ticked.
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

/// Forms send line breaks as CRLF whatever was typed (HTML, "form data set"); everybody else writes LF.
fn normalized(value: &str) -> String {
    value.replace("\r\n", "\n")
}

/// The query, by our errors.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            let field = error.path().to_string();
            Problem::Validation(vec![FieldError::new(field, format!("{}.", error.into_inner()))])
        })
    }
}

/// An id in the path. What is no id names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::NotFound)?;
        text.parse().map(Self).map_err(|_| Problem::NotFound)
    }
}

/// Whether `If-None-Match` does not name `etag`: whether to answer in full (RFC 9110 section 13.1.2).
pub fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    !Condition::read(headers, &header::IF_NONE_MATCH).names_weakly(etag)
}

/// The body, up to the limit of the route.
///
/// # Errors
/// [`Problem::BodyTooLarge`]; [`Problem::InvalidBody`] where it did not arrive whole.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::BodyTooLarge,
        _ => Problem::InvalidBody("The body did not arrive whole.".into()),
    })
}

/// The media type without its parameters, in lower case (RFC 9110 section 8.3.1).
pub fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::depth;

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
}
