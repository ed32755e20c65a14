//! Conditional requests (RFC 9110 section 13): what a client knows of a resource already, and what it insists on.
//!
//! A single thing has a strong tag, its version: that is what `If-Match` compares, byte by byte. A list has a weak one, made
//! of what it says, so a compressed answer is the same list and a client that knows it gets 304 (section 8.8.3.3).

use std::fmt::Write;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::http::problem::Problem;

/// What `If-Match` or `If-None-Match` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// `*`: whatever there is.
    Any,
    /// One of these. What is no tag matches nothing, so the list may be empty.
    Tags(Vec<Tag>),
}

/// An entity tag as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    weak: bool,
    text: String,
}

impl Condition {
    /// Reads the header `name`, which may come in several lines.
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> Self {
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default().trim()).collect();
        match lines.as_slice() {
            [] => Self::None,
            ["*"] => Self::Any,
            lines => Self::Tags(lines.iter().flat_map(|line| tags(line)).collect()),
        }
    }

    /// Whether it names `tag`, a strong one, by the strong comparison: a weak tag equals none.
    pub fn names_strongly(&self, tag: &str) -> bool {
        self.compare(|given| !given.weak && given.text == tag)
    }

    /// Whether it names `tag` by the weak comparison: both may be weak.
    pub fn names_weakly(&self, tag: &str) -> bool {
        self.compare(|given| given.text == tag)
    }

    fn compare(&self, equal: impl Fn(&Tag) -> bool) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(equal),
        }
    }
}

/// The tags of one line, each with its quotes; from what is none on, nothing.
fn tags(line: &str) -> Vec<Tag> {
    let (mut tags, mut rest) = (Vec::new(), line);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
        let Some((text, after)) = quoted.strip_prefix('"').and_then(|open| open.split_once('"')) else { return tags };
        tags.push(Tag { weak, text: format!("\"{text}\"") });
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return tags;
        }
    }
}

/// 304 with the `tag` that the client knows already.
pub fn not_modified(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// Answers with a list, or with 304 where the client has it.
///
/// # Errors
/// [`Problem::Internal`] where it cannot be written as JSON.
pub fn list(headers: &HeaderMap, list: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(list).map_err(|error| Problem::Internal(error.to_string()))?;
    let digest = Sha256::digest(&body);
    let hash = digest[..16].iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    let tag = format!("\"{hash}\"");
    let weak = format!("W/{tag}");
    if Condition::read(headers, &header::IF_NONE_MATCH).names_weakly(&tag) {
        return Ok(not_modified(&weak));
    }
    let json = HeaderValue::from_static("application/json");
    let mut response = (StatusCode::OK, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    if let Ok(tag) = HeaderValue::from_str(&weak) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Condition {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, HeaderValue::from_str(line).unwrap());
        }
        Condition::read(&headers, &header::IF_MATCH)
    }

    #[test]
    fn lists_of_tags_are_read_as_they_are_written() {
        assert_eq!(read(&[]), Condition::None);
        assert_eq!(read(&["*"]), Condition::Any);
        assert_eq!(read(&[" * "]), Condition::Any);
        let names = |lines: &[&str], tag: &str| read(lines).names_weakly(tag);
        assert!(names(&["\"1\""], "\"1\""));
        assert!(names(&["\"1\", \"2\""], "\"2\""));
        assert!(names(&["\"1\",\"2\" ,W/\"3\""], "\"3\""));
        assert!(names(&["\"1\"", "\"2\""], "\"2\""), "two lines are one list");
        assert!(names(&["\"a,b\", \"2\""], "\"a,b\""), "a comma inside is no end");
        assert!(names(&[", ,\"1\""], "\"1\""), "empty elements are nothing (RFC 9110 section 5.6.1)");
        for nothing in ["", "1", "\"", "\"1", "w/\"1\"", "W/ \"1\"", "*, \"2\"", "'1'"] {
            assert!(!names(&[nothing], "\"1\""), "{nothing}");
        }
        assert!(!names(&["\"1\" \"2\""], "\"2\""), "a comma is missing");
    }

    #[test]
    fn a_weak_tag_equals_none_strongly() {
        assert!(read(&["\"1\""]).names_strongly("\"1\""));
        assert!(!read(&["W/\"1\""]).names_strongly("\"1\""));
        assert!(read(&["W/\"1\", \"1\""]).names_strongly("\"1\""));
        assert!(read(&["*"]).names_strongly("\"1\""));
        assert!(!read(&[]).names_strongly("\"1\""));
    }
}
