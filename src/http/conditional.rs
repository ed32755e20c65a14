//! Conditional requests (RFC 9110 section 13): what version of a resource a client has, and which one it wants to
//! change.
//!
//! A single resource has a strong tag, its version, which `If-Match` compares byte by byte. A list has a weak tag, a
//! hash of its content, because a compressed response is the same list: a client that has it gets 304 (section
//! 8.8.3.3).

use std::{
    convert::Infallible,
    hash::{DefaultHasher, Hasher},
};

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::headers::{ETag, Header, IfMatch, IfNoneMatch};
use serde::Serialize;

use crate::http::problem::Problem;

/// Room for most lists, in bytes, so that they are written without moving.
const EXPECTED: usize = 8 * 1024;

/// `If-Match` and `If-None-Match` of a request. Text that is no entity tag matches nothing.
#[derive(Clone, Debug)]
pub struct Conditions {
    if_match: Option<IfMatch>,
    if_none_match: Option<IfNoneMatch>,
}

impl Conditions {
    /// The conditions among `headers`.
    pub fn of(headers: &HeaderMap) -> Self {
        Self { if_match: read(headers), if_none_match: read(headers) }
    }

    /// The version that a change requires of the resource; `None` if any will do. Of several tags, the one that the
    /// resource has. `version` finds that out, and is asked only if it matters.
    ///
    /// # Errors
    /// [`Problem::PreconditionFailed`] if the resource does not meet the conditions; those of `version`.
    pub async fn required_version(
        &self,
        version: impl Future<Output = Result<i64, Problem>>,
    ) -> Result<Option<i64>, Problem> {
        if !self.need_version() {
            return Ok(None);
        }
        let version = version.await?;
        self.check(&version_tag(version))?;
        Ok(Some(version))
    }

    /// Whether a change depends on the version of the resource. `If-Match: *` does not: it only asks for the resource
    /// to exist, and a change of a missing one is 404.
    fn need_version(&self) -> bool {
        self.if_none_match.is_some() || self.if_match.as_ref().is_some_and(|wanted| !wanted.is_any())
    }

    /// Checks both conditions of a change against `tag`, the strong tag of the resource. A weak tag in `If-Match`
    /// matches none (section 13.1.1).
    ///
    /// # Errors
    /// [`Problem::PreconditionFailed`]
    fn check(&self, tag: &str) -> Result<(), Problem> {
        let tag = tag.parse::<ETag>().map_err(|_| Problem::PreconditionFailed)?;
        let wanted = self.if_match.as_ref().is_none_or(|wanted| wanted.precondition_passes(&tag));
        let unwanted = self.if_none_match.as_ref().is_some_and(|unwanted| !unwanted.precondition_passes(&tag));
        if wanted && !unwanted { Ok(()) } else { Err(Problem::PreconditionFailed) }
    }

    /// Whether the client has the version `tag`, so that 304 is enough (section 13.1.2). A tag that a proxy made weak
    /// is still the same version.
    pub fn is_known(&self, tag: &str) -> bool {
        let Some(known) = &self.if_none_match else { return false };
        tag.parse().is_ok_and(|tag| !known.precondition_passes(&tag))
    }
}

/// The header `H`, which may have several lines. `headers` takes blanks around a line for a part of it, but they are
/// not (RFC 9110 section 5.5).
fn read<H: Header>(headers: &HeaderMap) -> Option<H> {
    let lines = headers.get_all(H::name()).iter().map(|line| line.as_bytes().trim_ascii());
    let lines: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    if lines.is_empty() { None } else { H::decode(&mut lines.iter()).ok() }
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// The strong tag of a resource's `version`.
pub fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// A single resource as JSON, with the tag of its `version`.
pub fn versioned(version: i64, resource: impl Serialize) -> Response {
    ([(header::ETAG, version_tag(version))], Json(resource)).into_response()
}

/// A strong tag for `content`, a hash of it: two of 64 bits with different beginnings. It need not resist an attacker:
/// whoever can choose the content can see it.
pub fn hashed(content: &[u8]) -> String {
    let half = |first: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(first);
        hasher.write(content);
        hasher.finish()
    };
    format!("\"{:016x}{:016x}\"", half(0), half(1))
}

/// 304 with the `tag` of the version that the client has.
pub fn not_modified(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// A list as JSON with a weak tag, or 304 if the client has it.
///
/// # Errors
/// [`Problem::Internal`] if the list cannot be written as JSON.
pub fn list(headers: &HeaderMap, list: &impl Serialize) -> Result<Response, Problem> {
    let mut body = Vec::with_capacity(EXPECTED);
    serde_json::to_writer(&mut body, list).map_err(|error| Problem::Internal(error.to_string()))?;
    let tag = format!("W/{}", hashed(&body));
    if Conditions::of(headers).is_known(&tag) {
        return Ok(not_modified(&tag));
    }
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::ETAG, tag)], [(header::CONTENT_TYPE, json)], body).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn with(name: &HeaderName, lines: &[&str]) -> Conditions {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Conditions::of(&headers)
    }

    fn wants(lines: &[&str], tag: &str) -> bool {
        with(&header::IF_MATCH, lines).check(tag).is_ok()
    }

    fn knows(lines: &[&str], tag: &str) -> bool {
        with(&header::IF_NONE_MATCH, lines).is_known(tag)
    }

    #[test]
    fn lists_of_tags_are_read_as_they_are_written() {
        assert!(!knows(&[], "\"1\"") && wants(&[], "\"1\""));
        for named in [wants, knows] {
            assert!(named(&["*"], "\"1\"") && named(&[" * "], "\"1\""));
            assert!(named(&["\"1\""], "\"1\""));
            assert!(named(&["\"1\", \"2\""], "\"2\""));
            assert!(named(&["W/\"3\" ,\"1\",\"2\""], "\"2\""));
            assert!(named(&["\"1\"", "\"2\""], "\"2\""), "two lines are one list");
            assert!(named(&["\"a,b\", \"2\""], "\"a,b\""), "a comma inside is no end");
            assert!(named(&[", ,\"1\""], "\"1\""), "empty elements are nothing (RFC 9110 section 5.6.1)");
            for nothing in ["", "1", "\"", "\"1", "w/\"1\"", "W/ \"1\"", "*, \"2\"", "'1'", "\"1 \"", "\"1\t\", \"é\""]
            {
                assert!(!named(&[nothing], "\"1\""), "{nothing}");
            }
            assert!(!named(&["\"1\" \"2\""], "\"2\""), "a comma is missing");
        }
    }

    #[test]
    fn equal_content_has_one_tag_and_other_content_another() {
        let contents = [&b""[..], b"a", b"b", b"ab", b"ba", b"a\0", b"\0a", &[7; 4_096], &[7; 4_097]];
        for (place, content) in contents.iter().enumerate() {
            let tag = hashed(content);
            assert!(tag.len() == 34 && tag.trim_matches('"').bytes().all(|byte| byte.is_ascii_hexdigit()), "{tag}");
            assert_eq!(tag, hashed(content));
            assert!(contents[..place].iter().all(|other| hashed(other) != tag), "{tag}");
            assert_ne!(tag[1..17], tag[17..33], "128 bits");
        }
    }

    #[test]
    fn a_weak_tag_equals_none_strongly() {
        assert!(!wants(&["W/\"1\""], "\"1\""));
        assert!(wants(&["W/\"1\", \"1\""], "\"1\""));
        assert!(knows(&["W/\"1\""], "\"1\"") && knows(&["\"1\""], "W/\"1\""));
    }

    #[test]
    fn a_change_depends_on_the_version_it_names() {
        assert!(!with(&header::IF_MATCH, &[]).need_version());
        assert!(!with(&header::IF_MATCH, &["*"]).need_version());
        for named in ["\"1\"", "W/\"1\"", "nonsense", ""] {
            assert!(with(&header::IF_MATCH, &[named]).need_version(), "{named}");
        }
        for unwanted in ["*", "\"1\""] {
            let conditions = with(&header::IF_NONE_MATCH, &[unwanted]);
            assert!(conditions.need_version() && conditions.check("\"1\"").is_err(), "{unwanted}");
        }
        assert!(with(&header::IF_NONE_MATCH, &["\"9\""]).check("\"1\"").is_ok());
    }
}
