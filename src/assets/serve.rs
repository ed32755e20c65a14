//! Serving a file.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Assets;

/// On a response: that it is a file of the site.
#[derive(Clone, Copy, Debug)]
pub struct ServedFile;

/// The response with the file at `path`, or `None` if there is no such file, so that the caller can send its own 404.
pub async fn serve(assets: &Assets, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let path = path.strip_prefix('/')?;
    let (plain, hashed) = assets.resolve(path);
    let file = assets.read(plain, &accepted(headers)).await?;

    let mut response = Body::from(file.bytes.into_owned()).into_response();
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(plain).first_or_octet_stream();
    let charset = if kind.type_() == "text" && kind.get_param("charset").is_none() { "; charset=utf-8" } else { "" };
    if let Ok(kind) = HeaderValue::from_str(&format!("{kind}{charset}")) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = file.encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response.extensions_mut().insert(ServedFile);
    Some(response)
}

/// The encodings of our files that the client accepts, the smaller one first (RFC 9110 section 12.5.3).
fn accepted(headers: &HeaderMap) -> Vec<&'static str> {
    let offered = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |encoding: &&'static str| {
        offered.split(',').any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding))
                && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    ["br", "gzip"].into_iter().filter(takes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            accepted(&headers)
        };
        assert_eq!(read("gzip, deflate, br;q=1.0"), ["br", "gzip"]);
        assert_eq!(read("gzip;q=0.5, br;q=0"), ["gzip"]);
        assert!(read("identity").is_empty());
    }
}
