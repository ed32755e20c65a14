//! A message that a page shows once, after the redirect that follows a post (a flash message).
//!
//! It is in a cookie that lasts a minute, that scripts cannot read, that requests from other sites do not carry, that
//! other hosts cannot set (6265bis), and that the page removes when it shows the message. So it is in no URL and no
//! database, and every instance can show it. The cookie is not trusted: a new token is looked up before it is shown.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::http::{cookie, redirect::see_other};

const ON_HTTPS: &str = "__Host-Http-shown-once";
/// Safari refuses `Secure` on `http://localhost`, and `__Host-` demands it.
const ON_HTTP: &str = "shown-once";
/// How long the cookie lasts, in seconds.
const SECONDS: u32 = 60;

/// A message to show once. It may be a secret, so its `Debug` does not show the text.
#[derive(Clone)]
pub struct ShownOnce {
    kind: String,
    text: String,
}

impl std::fmt::Debug for ShownOnce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownOnce").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl ShownOnce {
    /// `text` for the page that shows messages of `kind`.
    pub fn new(kind: &str, text: &str) -> Self {
        Self { kind: kind.into(), text: text.into() }
    }

    /// The message in the cookies of a request.
    pub(crate) fn brought(headers: &HeaderMap, secure: bool) -> Option<Self> {
        let mut ours = cookie::values(headers, name(secure));
        let value = ours.next().filter(|_| ours.next().is_none())?;
        let (kind, text) = std::str::from_utf8(value).ok()?.split_once('.')?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        Some(Self { kind: kind.into(), text })
    }

    /// The text, if the message is of `kind`.
    pub fn text(&self, kind: &str) -> Option<&str> {
        (self.kind == kind).then_some(self.text.as_str())
    }

    /// A redirect (303) to the page at `path`, which shows it.
    pub fn at(self, path: &str) -> Response {
        let mut response = see_other(path);
        response.extensions_mut().insert(Cookie::Set(self));
        response
    }
}

/// What to do with the cookie.
#[derive(Clone, Debug)]
enum Cookie {
    Set(ShownOnce),
    Removed,
}

/// Marks `response` as showing the message, so that the cookie is removed.
pub fn shown(mut response: Response) -> Response {
    response.extensions_mut().insert(Cookie::Removed);
    response
}

fn name(secure: bool) -> &'static str {
    if secure { ON_HTTPS } else { ON_HTTP }
}

/// Sets or removes the cookie, as the page asked for.
pub(crate) fn write_cookie(mut response: Response, secure: bool) -> Response {
    let (value, seconds) = match response.extensions_mut().remove::<Cookie>() {
        Some(Cookie::Set(ShownOnce { kind, text })) => (format!("{kind}.{}", URL_SAFE_NO_PAD.encode(text)), SECONDS),
        Some(Cookie::Removed) => (String::new(), 0),
        None => return response,
    };
    let attribute = if secure { "; Secure" } else { "" };
    let line = format!("{}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{attribute}", name(secure));
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: Response) -> String {
        let lines: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(lines.len(), 1);
        lines[0].to_str().unwrap().to_owned()
    }

    #[test]
    fn it_goes_to_the_browser_and_comes_back() {
        for (secure, start, end) in [
            (true, "__Host-Http-shown-once=", "; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure"),
            (false, "shown-once=", "; Max-Age=60; Path=/; HttpOnly; SameSite=Strict"),
        ] {
            let text = "ada@bücher.example; Path=/evil\r\n";
            let line = written(write_cookie(ShownOnce::new("sent", text).at("/forgot"), secure));
            assert!(line.starts_with(start) && line.ends_with(end), "{line}");
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, line.split(';').next().unwrap().parse().unwrap());
            let brought = ShownOnce::brought(&headers, secure).unwrap();
            assert_eq!((brought.text("sent"), brought.text("token")), (Some(text), None));
            assert!(ShownOnce::brought(&headers, !secure).is_none());
            headers.append(header::COOKIE, format!("{start}sent.YQ").parse().unwrap());
            assert!(ShownOnce::brought(&headers, secure).is_none(), "of two, neither counts");
        }
    }

    #[test]
    fn it_is_removed_as_it_was_set() {
        let line = written(write_cookie(shown(see_other("/")), true));
        assert_eq!(line, "__Host-Http-shown-once=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure");
    }

    #[test]
    fn debug_tells_nothing() {
        assert!(!format!("{:?}", ShownOnce::new("token", "vst_secret")).contains("secret"));
    }
}
