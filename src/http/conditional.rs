//! Conditional requests (RFC 9110 section 13): what version of a resource a client has, and which one it wants to
//! change.
//!
//! A single resource has a strong tag, its version. A list has a weak tag, a hash of its content, because a compressed
//! response is the same list: a client that has it gets 304 (section 8.8.3.3).
//!
//! A proxy that compresses a response makes its tag weak. It is still the tag of one version, and of no other, so the
//! tags of requests are compared without their `W/`, in `If-Match` as well.

use std::hash::{DefaultHasher, Hasher};

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::http::problem::Problem;

/// Room for most lists, in bytes, so that they are written without moving.
const EXPECTED: usize = 8 * 1024;

/// A version that no resource has: they begin with 1.
const NO_VERSION: i64 = 0;

/// `If-Match` and `If-None-Match` of a request.
#[derive(Clone, Debug)]
pub struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

impl Conditions {
    /// The conditions among `headers`.
    ///
    /// # Errors
    /// [`Problem::InvalidBody`] for what is no entity tag, such as one without quotes.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let (if_match, if_none_match) = (Tags::of(headers, &header::IF_MATCH)?, not_wanted(headers)?);
        Ok(Self { if_match, if_none_match })
    }

    /// The version that a change requires of the resource; `None` if any will do. Of several tags, the one that the
    /// resource has, or a version that it never has. `version` finds that out, and is asked only if it matters.
    ///
    /// # Errors
    /// [`Problem::PreconditionFailed`] if `If-None-Match` names the version; those of `version`.
    pub async fn required_version(
        &self,
        version: impl Future<Output = Result<i64, Problem>>,
    ) -> Result<Option<i64>, Problem> {
        let wanted = match &self.if_match {
            None | Some(Tags::Any) => None,
            Some(Tags::These(tags)) => Some(tags.as_slice()),
        };
        match (wanted, &self.if_none_match) {
            // `If-Match: *` only asks for the resource to exist, and a change of a missing one is 404.
            (None, None) => Ok(None),
            (Some([only]), None) => Ok(Some(version_of(only))),
            (wanted, unwanted) => {
                let version = version.await?;
                let tag = version_tag(version);
                if unwanted.as_ref().is_some_and(|tags| tags.name(&tag)) {
                    return Err(Problem::PreconditionFailed(version));
                }
                let is_wanted = wanted.is_none_or(|tags| is_among(tags, &tag));
                Ok(Some(if is_wanted { version } else { NO_VERSION }))
            }
        }
    }

    /// Whether the client has the version `tag`, so that 304 is enough (section 13.1.2).
    pub fn is_known(&self, tag: &str) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.name(tag))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

fn not_wanted(headers: &HeaderMap) -> Result<Option<Tags>, Problem> {
    Tags::of(headers, &header::IF_NONE_MATCH)
}

/// What a header names: any version, or some, each by the inside of its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<Vec<u8>>),
}

impl Tags {
    /// The tags in all lines of the header `name`, which are one list.
    fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Problem> {
        let mut lines = headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii()).peekable();
        let Some(first) = lines.peek() else { return Ok(None) };
        let is_any = *first == b"*";
        let tags = lines.try_fold(Vec::new(), |mut tags, line| {
            read(line, &mut tags)?;
            Some(tags)
        });
        match tags {
            Some(tags) if !tags.is_empty() => Ok(Some(Self::These(tags))),
            Some(_) if is_any => Ok(Some(Self::Any)),
            _ => Err(unreadable(name)),
        }
    }

    fn name(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => is_among(tags, tag),
        }
    }
}

fn unreadable(name: &HeaderName) -> Problem {
    let name = if name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
    Problem::InvalidBody(format!(
        "{name} takes entity tags, which have quotes: send `{name}: \"3\"` for version 3, the `ETag` as you got it, or \
         `{name}: *`."
    ))
}

/// Adds the tags of a line to `tags` (sections 8.8.3 and 5.6.1); `None` if it holds anything else. A `*` beside tags
/// names no version.
fn read(mut line: &[u8], tags: &mut Vec<Vec<u8>>) -> Option<()> {
    loop {
        while let [b',' | b' ' | b'\t', rest @ ..] = line {
            line = rest;
        }
        if line.is_empty() {
            return Some(());
        }
        let rest = if let [b'*', rest @ ..] = line {
            rest
        } else {
            let quoted = line.strip_prefix(b"W/").unwrap_or(line).strip_prefix(b"\"")?;
            let (tag, rest) = quoted.split_at(quoted.iter().position(|byte| *byte == b'"')?);
            tags.push(tag.iter().all(|byte| matches!(byte, 0x21..=0x7e | 0x80..)).then(|| tag.to_vec())?);
            rest.strip_prefix(b"\"")?
        };
        line = rest.trim_ascii_start();
        if !matches!(line, [] | [b',', ..]) {
            return None;
        }
    }
}

fn is_among(tags: &[Vec<u8>], tag: &str) -> bool {
    let inside = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').as_bytes();
    tags.iter().any(|named| named == inside)
}

/// The version whose tag has this inside, or [`NO_VERSION`].
fn version_of(inside: &[u8]) -> i64 {
    let version = std::str::from_utf8(inside).ok().and_then(|text| text.parse().ok()).unwrap_or(NO_VERSION);
    if version > NO_VERSION && version.to_string().as_bytes() == inside { version } else { NO_VERSION }
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
/// [`Problem::InvalidBody`] if `If-None-Match` holds anything but tags; [`Problem::Internal`] if the list cannot be
/// written as JSON.
pub fn list(headers: &HeaderMap, list: &impl Serialize) -> Result<Response, Problem> {
    let known = not_wanted(headers)?;
    let mut body = Vec::with_capacity(EXPECTED);
    serde_json::to_writer(&mut body, list).map_err(|error| Problem::Internal(error.to_string()))?;
    let tag = format!("W/{}", hashed(&body));
    if known.is_some_and(|known| known.name(&tag)) {
        return Ok(not_modified(&tag));
    }
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::ETAG, tag)], [(header::CONTENT_TYPE, json)], body).into_response())
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    fn with(name: &HeaderName, lines: &[&str]) -> Result<Conditions, Problem> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Conditions::of(&headers)
    }

    /// What a change requires of a resource that has `version`, and whether that was looked up.
    async fn required(conditions: &Conditions, version: i64) -> (Result<Option<i64>, &'static str>, bool) {
        let mut asked = false;
        let found = async {
            asked = true;
            Ok(version)
        };
        (conditions.required_version(found).await.map_err(|problem| problem.code()), asked)
    }

    async fn wants(lines: &[&str], version: i64) -> bool {
        let required = with(&header::IF_MATCH, lines).unwrap().required_version(ready(Ok(version))).await.unwrap();
        required.is_none_or(|required| required == version)
    }

    fn knows(lines: &[&str], tag: &str) -> bool {
        with(&header::IF_NONE_MATCH, lines).unwrap().is_known(tag)
    }

    #[tokio::test]
    async fn lists_of_tags_are_read_as_they_are_written() {
        assert!(!knows(&[], "\"1\"") && wants(&[], 1).await);
        for (lines, version) in [
            (&["*"][..], 1),
            (&[" * "], 1),
            (&["\"1\""], 1),
            (&["W/\"1\""], 1),
            (&["\"1\", \"2\""], 2),
            (&["W/\"3\" ,\"1\",\"2\""], 2),
            (&["\"1\", W/\"2\""], 2),
            (&["\"1\"", "\"2\""], 2),
            (&["\"a,b\", \"2\""], 2),
            (&["\"é\", \"2\""], 2),
            (&[", ,\"1\""], 1),
            (&["\"4\", *"], 4),
        ] {
            let tag = version_tag(version);
            assert!(wants(lines, version).await && knows(lines, &tag), "{lines:?}");
            assert!(knows(lines, &format!("W/{tag}")), "{lines:?}");
            let any = lines[0].trim() == "*";
            assert_eq!((wants(lines, 9).await, knows(lines, "\"9\"")), (any, any), "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused_with_how_to_write_it() {
        for line in [
            "",
            ",",
            "1",
            "3, \"1\"",
            "\"",
            "\"1",
            "1\"",
            "w/\"1\"",
            "W/ \"1\"",
            "W/1",
            "'1'",
            "\"1 \"",
            "\"1\t\", \"2\"",
            "\"1\" \"2\"",
            "\"1\"\"2\"",
            "\"\"1\"\"",
            "**",
            "nonsense",
        ] {
            for (name, words) in
                [(&header::IF_MATCH, "`If-Match: \"3\"`"), (&header::IF_NONE_MATCH, "`If-None-Match: *`")]
            {
                let problem = with(name, &[line]).unwrap_err();
                assert_eq!(problem.code(), "invalid_body", "{line}");
                assert!(problem.detail().contains(words), "{}", problem.detail());
            }
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

    #[tokio::test]
    async fn a_change_depends_on_the_version_it_names() {
        let if_match = |line| with(&header::IF_MATCH, &[line]).unwrap();
        assert_eq!(required(&with(&header::IF_MATCH, &[]).unwrap(), 2).await, (Ok(None), false));
        assert_eq!(required(&if_match("*"), 2).await, (Ok(None), false));
        // One version needs no look-up, which the change does itself.
        for (line, version) in [("\"2\"", 2), ("W/\"7\"", 7), ("\"9223372036854775807\"", i64::MAX)] {
            assert_eq!(required(&if_match(line), 2).await, (Ok(Some(version)), false), "{line}");
        }
        for never_ours in
            ["\"\"", "\"x\"", "\"0\"", "\"-1\"", "\"+2\"", "\"02\"", "\"2.0\"", "\"99999999999999999999\""]
        {
            assert_eq!(required(&if_match(never_ours), 2).await, (Ok(Some(NO_VERSION)), false), "{never_ours}");
        }
        assert_eq!(required(&if_match("\"1\", \"2\""), 2).await, (Ok(Some(2)), true));
        assert_eq!(required(&if_match("\"1\", \"3\""), 2).await, (Ok(Some(NO_VERSION)), true));
        for unwanted in ["*", "\"2\"", "W/\"2\""] {
            let conditions = with(&header::IF_NONE_MATCH, &[unwanted]).unwrap();
            assert_eq!(required(&conditions, 2).await, (Err("precondition_failed"), true), "{unwanted}");
        }
        let unwanted = with(&header::IF_NONE_MATCH, &["\"9\""]).unwrap();
        assert_eq!(required(&unwanted, 2).await, (Ok(Some(2)), true));
    }
}
