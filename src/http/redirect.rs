//! Redirects, and which paths they may lead to.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// 303: what was posted is done, look over there.
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

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn next_stays_on_this_site() {
        for good in ["/", "/notes", "/notes?q=a%20b#x", "/a//b"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "notes",
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
