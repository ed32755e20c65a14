//! Redirects, and which paths they may lead to.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::problem::Problem;

/// A redirect to `path` after a form was handled (303).
pub fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => see_other("/"),
    }
}

/// `next`, if it is a path on this site; home otherwise (S29).
///
/// Browsers drop tabs and line breaks from a URL and read `\` as `/`, so a path with any of them is refused, as is one
/// that begins with two slashes, which names a host.
pub fn local_path(next: &str) -> &str {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain { next } else { "/" }
}

/// Redirects to `path` after revoking something. Revoking it twice is not an error.
///
/// # Errors
/// Any problem other than [`Problem::NotFound`].
pub fn revoked(result: Result<(), Problem>, path: &str) -> Result<Response, Problem> {
    match result {
        Ok(()) | Err(Problem::NotFound) => Ok(see_other(path)),
        Err(problem) => Err(problem),
    }
}

/// `?next=`: the page the visitor was on the way to.
#[derive(Debug, Default, Deserialize)]
pub struct ReturnTo {
    /// Its path and query, as sent by the browser: not checked yet.
    #[serde(default)]
    pub next: String,
}

impl ReturnTo {
    /// The address that an app expects the visitor to sign in with: the `login_hint` in the query of `next`.
    pub fn login_hint(&self) -> String {
        let query = self.next.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let hint = pairs.find(|(name, _)| name == "login_hint").map(|(_, hint)| hint.into_owned()).unwrap_or_default();
        if hint.len() <= 254 && !hint.contains(char::is_control) { hint } else { String::new() }
    }

    /// The path to redirect to: `next` if it is a path on this site, or else `home`.
    pub fn or<'a>(&'a self, home: &'a str) -> &'a str {
        match local_path(&self.next) {
            "/" => home,
            next => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn next_stays_on_this_site() {
        for good in ["/", "/things", "/things?q=a%20b#x", "/a//b"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "things",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "javascript:alert(1)",
            "/é",
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }
}
